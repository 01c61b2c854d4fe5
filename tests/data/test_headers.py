"""A first row that nobody knows: asked about where it is unlike the others, read as a row where it is not."""

import random

import pytest

from awase.core.errors import InputError
from awase.data.headers import oddness
from awase.data.labelled import read_labelled
from awase.data.links import read_links
from awase.data.pairs import read_pairs

RANDOM = random.Random(7)
LISTED = """
tea jam bread station river printer toner window garden letter music water stone paper cloud bridge market summer winter
doctor engine pencil orange silver butter castle dragon forest hammer island jacket kettle ladder magnet needle
"""
WORDS = LISTED.split()


def sentence(least=5, most=14):
    return " ".join(RANDOM.choices(WORDS, k=RANDOM.randint(least, most)))


QUESTIONS = [(sentence(), sentence()) for _ in range(30)]
JAPANESE = [(f"{w}の駅はどこにありますか", f"橋を渡って{w}の右側にあります") for w in "東西南北中上下大小新古"]
ORDERS = [(f"K{RANDOM.randrange(9)}", f"A-{RANDOM.randrange(20)}") for _ in range(40)]
VISITS = [(str(RANDOM.randrange(20)), str(RANDOM.randrange(50))) for _ in range(60)]
WORD_PAIRS = [(one, RANDOM.choice(WORDS)) for one in WORDS]


def written(folder, rows, delimiter=",", suffix=".csv"):
    path = folder / f"data{suffix}"
    path.write_text("".join(delimiter.join(row) + "\n" for row in rows), encoding="utf-8")
    return path


HEADERS = [
    (("質問", "回答"), JAPANESE), (("質問", "回答"), JAPANESE[:3]), (("お客様の声", "対応"), [(q * 3, a * 3) for q, a in JAPANESE]),
    (("Frage", "Antwort"), QUESTIONS), (("Anliegen", "Loesung"), QUESTIONS), (("customer_text", "reply_text"), QUESTIONS),
    (("Kunde", "Artikel"), ORDERS), (("Kd", "Art"), ORDERS[:6]), (("who", "what"), VISITS), (("user", "item"), ORDERS),
    (("child", "parent"), WORD_PAIRS), (("word_a", "word_b"), WORD_PAIRS), (("見出し", "類義語"), WORD_PAIRS[:2]),
]  # fmt: skip


@pytest.mark.parametrize(("header", "rows"), HEADERS)
def test_a_header_is_asked_about_with_both_remedies(tmp_path, header, rows):
    path = written(tmp_path, [header, *rows])
    with pytest.raises(InputError) as caught:
        read_pairs(path)
    one, two = header
    assert caught.value.code == "E0160" and caught.value.place == f"{path}:1" and caught.value.value == list(header)
    assert f"--columns anchor={one},positive={two}" in caught.value.remedy
    assert "--columns anchor=1,positive=2" in caught.value.remedy
    named = read_pairs(path, columns={"anchor": one, "positive": two})
    numbered = read_pairs(path, columns={"anchor": "1", "positive": "2"})
    assert len(numbered) - len(named) == 1 and numbered.anchors[0].as_py() == one and named.anchors[0].as_py() != one


@pytest.mark.parametrize("rows", [QUESTIONS, JAPANESE, WORD_PAIRS, WORD_PAIRS[:1], WORD_PAIRS[:3], sorted(WORD_PAIRS)])
def test_rows_without_a_header_are_read_as_they_were(tmp_path, rows):
    pairs = read_pairs(written(tmp_path, rows))
    assert pairs.anchors[0].as_py() == rows[0][0]
    assert pairs.understood["notes"][0].startswith("no header: the first row is data")


def test_rows_of_data_are_seldom_asked_about():
    for rows in (QUESTIONS, ORDERS, VISITS, WORD_PAIRS):
        asked = [oddness(rows[at], list(zip(*(rows[:at] + rows[at + 1 :])))) <= 0.01 for at in range(len(rows))]
        assert sum(asked) <= 0.05 * len(rows)


@pytest.mark.parametrize("first", [("K3", "A-99"), ("K99", "A-3"), ("K9", "A-1")])
def test_a_rare_user_or_item_is_data(tmp_path, first):
    links = read_links(written(tmp_path, [first, *ORDERS]), "interactions")
    assert links.head_names[0] == first[0]


def test_interactions_hierarchies_and_triples(tmp_path):
    for kind, header, rows, named in (
        (
            "interactions",
            ("Kunde", "Artikel", "Sterne"),
            [(*row, "5") for row in ORDERS],
            "user=Kunde,item=Artikel,value=Sterne",
        ),
        ("edges", ("Unterbegriff", "Ober begriff"), ORDERS, "'child=Unterbegriff,parent=Ober begriff'"),
        ("triples", ("von", "wie", "nach"), [(a, "likes", b) for a, b in ORDERS], "head=von,relation=wie,tail=nach"),
        ("pairs", ("user", "item"), ORDERS, ""),
    ):
        with pytest.raises(InputError) as caught:
            read_links(written(tmp_path, [header, *rows]), kind)
        assert named in str(caught.value), kind
        assert caught.value.code in ("E0160", "E0105")
        assert len(read_links(written(tmp_path, rows), kind)) == len(set(rows)), kind


def test_names_of_recbole_are_known(tmp_path):
    path = written(
        tmp_path, [("user_id:token", "item_id:token", "rating:float"), ("ann", "tea", "5"), ("bob", "jam", "1")], "\t", ".tsv"
    )
    links = read_links(path, "interactions")
    assert (links.head_names, links.values.tolist()) == (["ann", "bob"], [5, 1])
    path = written(tmp_path, [("session_id:token", "track_id:token"), *ORDERS], "\t", ".tsv")
    with pytest.raises(InputError, match="E0160"):
        read_links(path, "interactions")


def test_labelled_texts(tmp_path):
    rows = [(sentence(), RANDOM.choice(("food", "drink"))) for _ in range(20)]
    assert len(read_labelled(written(tmp_path, rows))) == 20
    for header in (("Satz", "Kategorie"), ("text", "Klasse_1")):
        with pytest.raises(InputError) as caught:
            read_labelled(written(tmp_path, [header, *rows]))
        assert (
            f"--columns text={header[0]},label={header[1]}" in caught.value.remedy and "text=1,label=2" in caught.value.remedy
        )
        assert len(read_labelled(written(tmp_path, [header, *rows]), columns=dict(zip(("text", "label"), header)))) == 20


@pytest.mark.parametrize(
    "header", [("user", "item"), ("customer_id", "product", "rating"), ("userId", "movieId", "rating", "timestamp")]
)
def test_ratings_are_no_labelled_texts(tmp_path, header):
    rows = [("ann", "tea", "5", "1")[: len(header)], ("bob", "jam", "4", "2")[: len(header)]]
    for source in (written(tmp_path, [header, *rows]), [dict(zip(header, row)) for row in rows]):
        with pytest.raises(InputError) as caught:
            read_labelled(source)
        assert caught.value.code == "E0161" and "--set mode=others" in caught.value.remedy
        assert len(read_labelled(source, columns={"text": header[0], "label": header[1]})) == 2
