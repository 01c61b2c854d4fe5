// The explorer: one query, three searches side by side. Everything that came from the server is put in as text, never as HTML.
import { translate, words } from "./words.js";

const SHOWN_CHARACTERS = 400;
const byId = (id) => document.getElementById(id);
const sections = [...document.querySelectorAll("[data-mode]")];
const names = { bm25: "BM25", dense: words.denseName, hybrid: words.hybridName };
let key = "";
let running = new AbortController();

class Problem extends Error {}

async function ask(path, body, signal) {
  const headers = key ? { "x-api-key": key } : {};
  const options = body ? { method: "POST", body: JSON.stringify(body), headers: { ...headers, "content-type": "application/json" } } : { headers };
  let answer;
  try {
    answer = await fetch(path, { ...options, signal });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(words.offline);
  }
  const value = await answer.json().catch(() => ({}));
  if (answer.ok) return value;
  if (answer.status === 401) askForKey();
  throw new Problem(answer.status === 401 && key ? words.wrongKey : (value.error?.message ?? `HTTP ${answer.status}`));
}

function askForKey() {
  byId("key-form").hidden = false;
  byId("key").focus();
}

function complain(problem) {
  if (problem.name === "AbortError") return;
  byId("problem").textContent = problem.message;
  byId("problem").hidden = byId("key-form").hidden === false && !key;
}

async function describe() {
  const info = await ask("/v1/info");
  const count = new Intl.NumberFormat().format;
  const model = info.dim ? `${info.model}, ${count(info.dim)}${words.dims}` : words.noModel;
  byId("facts").textContent = `${count(info.items)}${words.items} · ${model}`;
  byId("fields").textContent = info.fields.length ? words.fields + info.fields.join(", ") : "";
  byId("where").placeholder = info.fields.length ? `${named(info.fields[0])} != null` : 'id = "..."';
  for (const section of sections) section.hidden = !info.dim && section.dataset.mode !== "bm25";
}

async function search(submitted = false) {
  const query = byId("q").value.trim();
  running.abort();
  running = new AbortController();
  byId("problem").hidden = true;
  byId("results").hidden = !query;
  document.title = query ? `${query} · Awase` : "Awase";
  if (!query && submitted) complain(new Problem(words.empty));
  if (!query) return;
  const { signal } = running;
  const where = byId("where").value.trim();
  const asked = { query, k: Number(byId("k").value), ...(where && { where }) };
  const shown = sections.filter((section) => !section.hidden);
  for (const section of shown) section.setAttribute("aria-busy", "true");
  try {
    const answers = await Promise.all(shown.map((section) => ask("/v1/search", { ...asked, mode: section.dataset.mode }, signal)));
    const ranks = ranksOf(answers);
    answers.forEach((answer, i) => show(shown[i], answer, ranks));
    suggest(answers.flatMap((answer) => answer.results));
    byId("said").textContent = words.found(Math.max(...answers.map((answer) => answer.results.length)));
  } catch (problem) {
    if (!signal.aborted) byId("results").hidden = true;
    complain(problem);
  } finally {
    if (!signal.aborted) for (const section of shown) section.removeAttribute("aria-busy");
  }
}

/** A field as filters write it. */
function named(field) {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(field) ? field : JSON.stringify(field);
}

/** An example of a filter, out of what was found. */
function suggest(results) {
  for (const { metadata } of results) {
    const entry = Object.entries(metadata).find(([, value]) => typeof value === "number" || (typeof value === "string" && value.length < 30));
    if (!entry) continue;
    byId("where").placeholder = `${named(entry[0])} = ${JSON.stringify(entry[1])}`;
    return;
  }
}

const WRITTEN_TOGETHER = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}ー";

/** What of a text the query names: its words and their other endings, and pairs of characters where words are written together. */
function sought(query) {
  const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const apart = query.match(new RegExp(`[^\\P{L}${WRITTEN_TOGETHER}]+|\\p{N}+`, "gu")) ?? [];
  const together = (query.match(new RegExp(`[${WRITTEN_TOGETHER}]+`, "gu")) ?? []).flatMap((run) =>
    [...run].length < 3 ? [run] : [...run].slice(1).map((character, i) => [...run][i] + character));
  const patterns = [
    ...apart.map((word) => `(?<![\\p{L}\\p{N}])${escaped(word)}${word.length > 3 ? "\\p{L}{0,3}" : "s?"}(?![\\p{L}\\p{N}])`),
    ...together.map(escaped),
  ];
  return patterns.length ? new RegExp(patterns.join("|"), "giu") : null;
}

/** The text, its matched words marked; everything as text. */
function marked(text) {
  const pattern = sought(byId("q").value);
  if (!pattern) return [text];
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const mark = document.createElement("mark");
    mark.textContent = match[0];
    parts.push(text.slice(end, match.index), mark);
    end = match.index + match[0].length;
  }
  return [...parts, text.slice(end)];
}

/** id -> mode -> the place of that item in the list of that mode. */
function ranksOf(answers) {
  const ranks = new Map();
  for (const { mode, results } of answers) {
    results.forEach(({ id }, i) => ranks.set(id, { ...ranks.get(id), [mode]: i + 1 }));
  }
  return ranks;
}

function show(section, answer, ranks) {
  section.querySelector("output").textContent = `${(1000 * answer.took_s).toFixed(1)}${words.milliseconds}`;
  const rows = answer.results.map((result) => row(result, answer.mode, ranks.get(result.id)));
  section.querySelector("ol").replaceChildren(...rows);
  if (!rows.length) section.querySelector("ol").append(nothing());
}

function row(result, mode, ranks) {
  const item = byId("result").content.firstElementChild.cloneNode(true);
  const part = (name) => item.querySelector(`.${name}`);
  item.dataset.id = result.id;
  showText(part("text"), part("more"), result.text);
  part("score").textContent = decimal(result.score);
  const sources = mode === "hybrid" ? Object.entries(result.sources).map(([source, score]) => `${names[source]} ${decimal(score)}`) : [];
  const others = Object.entries(ranks).filter(([other]) => other !== mode);
  const places = mode === "hybrid" ? [] : others.map(([other, rank]) => `${names[other]} ${words.place(rank)}`);
  part("also").textContent = [...sources, ...places].join(" · ");
  part("id").textContent = result.id;
  part("metadata").textContent = Object.entries(result.metadata).map(([name, value]) => `${name}: ${plain(value)}`).join(" · ");
  return item;
}

function showText(place, more, text) {
  const characters = [...text];
  place.replaceChildren(...marked(text));
  if (/[\u3040-\u30ff]/.test(text)) place.lang = "ja"; // so that its kanji get Japanese shapes
  if (characters.length <= SHOWN_CHARACTERS) return;
  place.replaceChildren(...marked(`${characters.slice(0, SHOWN_CHARACTERS).join("")}…`));
  more.hidden = false;
  more.addEventListener("click", () => {
    place.replaceChildren(...marked(text));
    more.remove();
  });
}

function nothing() {
  const line = document.createElement("p");
  line.className = "nothing";
  line.textContent = words.nothing;
  return line;
}

function decimal(number) {
  return number.toFixed(3).replace("-", "\u2212");
}

function plain(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The item under the pointer or with the focus stands out in all lists. */
function mark(event) {
  const id = event.target.closest?.("li")?.dataset.id;
  for (const item of document.querySelectorAll(".lists li")) item.classList.toggle("same", item.dataset.id === id);
}

function readAddress() {
  const parameters = new URLSearchParams(location.search);
  for (const name of ["q", "where"]) byId(name).value = parameters.get(name) ?? "";
  const asked = [...byId("k").options].find((option) => option.value === parameters.get("k"));
  byId("k").value = asked?.value ?? "10";
}

function writeAddress() {
  const parameters = new URLSearchParams();
  for (const name of ["q", "where"]) if (byId(name).value.trim()) parameters.set(name, byId(name).value.trim());
  if (byId("k").value !== "10") parameters.set("k", byId("k").value);
  history.pushState(null, "", parameters.size ? `/?${parameters}` : "/");
}

function start() {
  return describe().then(() => search()).catch(complain);
}

translate(document);
translate(byId("result").content);
readAddress();
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  writeAddress();
  search(true);
});
byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = byId("key").value;
  byId("key").value = "";
  byId("key-form").hidden = true;
  byId("problem").hidden = true;
  start();
});
byId("k").addEventListener("change", () => byId("search").requestSubmit());
byId("results").addEventListener("pointerover", mark);
byId("results").addEventListener("focusin", mark);
byId("results").addEventListener("pointerleave", mark);
addEventListener("popstate", () => {
  readAddress();
  search();
});
addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
    event.preventDefault();
    byId("q").select();
  }
});
start();
