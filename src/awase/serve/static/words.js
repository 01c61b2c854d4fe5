// The words of the page, in the reader's language. English stands in the HTML; Japanese is put in its place here.

const japanese = {
  skip: "結果へ移動", docs: "API", title: "コレクションを検索", key: "このサーバーにはキーが必要です", useKey: "使う",
  query: "検索語", ask: "何をお探しですか", go: "検索", where: "絞り込み", number: "件数", more: "すべて表示",
  bm25: "同じ語", denseName: "ベクトル", dense: "近い意味", hybridName: "ハイブリッド", hybrid: "両方",
  items: " 件", noModel: "モデルなし（BM25 のみ）", dims: " 次元", fields: "項目：", nothing: "見つかりませんでした",
  empty: "検索語を入力してください。",
  place: (n) => `${n} 位`, milliseconds: " ms", offline: "サーバーに接続できません。動いているか確認して、もう一度検索してください。",
  wrongKey: "このキーは使えません。もう一度入力してください。", found: (n) => `${n} 件見つかりました`,
};

const english = {
  items: " items", noModel: "no model: BM25 only", dims: " dimensions", fields: "fields: ", nothing: "Nothing was found.",
  empty: "Enter something to look for.",
  place: (n) => `#${n}`, milliseconds: " ms", offline: "The server cannot be reached. Check that it runs, then search again.",
  denseName: "vectors", hybridName: "hybrid", wrongKey: "This key does not work. Enter it again.", found: (n) => `${n} results`,
};

const isJapanese = navigator.language.startsWith("ja");

export const words = isJapanese ? japanese : english;

export function translate(root) {
  if (!isJapanese) return;
  document.documentElement.lang = "ja";
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = japanese[element.dataset.t];
  for (const element of root.querySelectorAll("[data-t-placeholder]")) {
    element.placeholder = japanese[element.dataset.tPlaceholder];
  }
}
