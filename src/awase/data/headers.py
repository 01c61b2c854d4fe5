"""Whether the first row of a file whose columns have no known names is a header. Trained on, it would be a pair, a user or a label that nobody
meant; taken for a header where it is none, a row would be lost. So where it is unlike the rows below it, the user is asked.
"""

import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence

from awase.core.errors import InputError
from awase.data.formats.delimited import Delimited

_ROWS = 1_000  # looked at
_ASK = 0.01  # a row of data would be as odd as this once in a hundred files, were its columns independent
_LEAST = 0.05  # what one column can say, at most: two at least must be odd
_FEW, _SHORT = 3, 40  # words and characters, at most, in the name of a column
_PLAIN = re.compile(r"[\w=,.:@%+-]+")  # what no shell takes apart
_SIGNS = "_:/#()[]{}<>"  # which names of columns have, and few values
_COLUMN_NAMES = """
user users user_id userid uid customer client buyer reader member author person name item items item_id itemid iid
product article movie book song title id key code number type category class label labels tag topic intent text texts
content body description comment message word words word1 word2 term synonym phrase sentence sentence1 sentence2
question questions query answer answers reply response document passage context source target src tgt input output
prompt completion instruction head tail relation predicate subject object child parent hyponym hypernym anchor
positive negative rating score value count weight english german french spanish japanese chinese translation original
kunde kunden artikel frage fragen antwort antworten benutzer nutzer produkt wort titel bezeichnung beschreibung nummer
kategorie wert quelle ziel utilisateur produit réponse mot titre catégorie texte valeur nom cliente usuario producto
artículo pregunta respuesta palabra título categoría texto valor nombre domanda risposta pergunta resposta вопрос
ответ пользователь товар
質問 質問文 問い 回答 回答文 答え ユーザー ユーザ 利用者 顧客 商品 商品名 品目 アイテム 評価 点数 単語 語 語句 類義語 文 文章 本文
テキスト 題名 タイトル カテゴリ カテゴリー 分類 ラベル 見出し 説明 原文 訳文 日本語 英語 名前 氏名 番号
问题 問題 答案 用户 用戶 标题 標題 文本 类别 標籤 标签 질문 답변 사용자 상품
"""
_WORDS = frozenset(_COLUMN_NAMES.split())


def ask_about_header(source: Delimited, positions: Mapping[str, str]) -> None:
    """Raises InputError E0160 if the first row of a file that would be read without a header is unlike the rows below it.

    positions: role -> number of its column, as text from 1.
    """
    first, *rows = source.first_rows(_ROWS + 1)
    rows = [row for row in rows if len(row) == len(first)]
    columns = [int(position) - 1 for position in positions.values()]
    if not rows or oddness([first[at] for at in columns], [[row[at] for row in rows] for at in columns]) > _ASK:
        return
    named = ",".join(f"{role}={first[int(position) - 1].strip()}" for role, position in positions.items())
    numbered = ",".join(f"{role}={position}" for role, position in positions.items())
    raise InputError(
        "E0160", "the first row may be a header: its values are unlike those below it, and no name of a column is known",
        place=f"{source.name}:1", value=first,
        remedy=f"if it is one: --columns {_quoted(named)}; if it is a row like the others: --columns {numbered}",
    )  # fmt: skip


def _quoted(argument: str) -> str:
    return argument if _PLAIN.fullmatch(argument) else shlex.quote(argument)


def oddness(first: Sequence[str], columns: Sequence[Sequence[str]]) -> float:
    """How often a row of such columns would be as odd as ``first``; 1 for a row like the others.

    >>> oddness(["Kunde", "Artikel"], [[f"K{i}" for i in range(30)], [f"A{i % 9}" for i in range(30)]]) < 0.01
    True
    >>> oddness(["dog", "cat"], [["horse", "cow", "cat"], ["donkey", "ox", "lion"]]) > 0.5
    True
    """
    there = {value.strip().casefold() for column in columns for value in column}
    found = 1.0
    for value, column in zip(first, columns):
        value = value.strip()
        if value and value.casefold() not in there:  # what is found again below is no name of a column
            found *= _oddness(value, column)
    return found


def _oddness(value: str, column: Sequence[str]) -> float:
    if value.casefold() in _WORDS:
        return _LEAST
    if len(value.split()) > _FEW or len(value) > _SHORT:
        return 1.0
    counts = Counter(column)
    alike = [
        sum(n for n in counts.values() if n == 1),  # that never come again
        sum(n for one, n in counts.items() if len(one) <= 2 * len(value)),
        sum(n for one, n in counts.items() if _has_digit(one) == _has_digit(value)),
    ]
    if _has_letter(value):
        alike.append(sum(n for one, n in counts.items() if _has_letter(one)))
    if len(value.split()) == 1:
        alike.append(sum(n for one, n in counts.items() if len(one.split()) == 1))
    alike += [sum(n for one, n in counts.items() if sign in one) for sign in _SIGNS if sign in value]
    return max((min(alike) + 0.5) / (len(column) + 1), _LEAST)


def _has_digit(value: str) -> bool:
    return any(character.isdigit() for character in value)


def _has_letter(value: str) -> bool:
    return any(character.isalpha() for character in value)
