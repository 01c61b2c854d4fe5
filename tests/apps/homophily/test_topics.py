"""Topics: clusters that are the themes, names that are their words, shares that are counts, texts read a block at a time."""

import math

import numpy as np
import pyarrow as pa
import pytest

from awase.apps.homophily import text_model
from awase.apps.homophily.streams import Streams
from awase.apps.homophily.topics import NONE, Clusters, c_tf_idf, shares, topics
from awase.apps.homophily.trajectories import units_by_year
from awase.core.errors import AwaseError
from awase.data.text.tokenizer import train_tokenizer
from awase.models import StaticModel

THEMES = {
    "sea": ["ocean", "wave", "ship", "sail", "harbour", "the"],
    "kitchen": ["bread", "oven", "flour", "knife", "butter", "the"],
    "東京": ["東京の電車", "地下鉄の駅", "新宿", "山手線"],
}
YEAR = 366 * 86_400


def written(n, seed=0):
    """(texts, theme of each): five words of one theme."""
    rng = np.random.default_rng(seed)
    theme = rng.integers(0, 3, n)
    words = list(THEMES.values())
    return [" ".join(rng.choice(words[at], 5)) for at in theme], theme


class Discussion:
    """Texts by id."""

    def __init__(self, ids, texts):
        self.held, self.asked = dict(zip(ids.tolist(), texts)), []

    def texts(self, ids):
        assert (np.diff(ids.astype(np.int64)) > 0).all(), "sorted and distinct"
        self.asked.append(len(ids))
        known = [i for i in ids.tolist() if i in self.held]
        return pa.table(
            {"id": pa.array(known, pa.uint64()), "text": pa.array([self.held[i] for i in known], pa.large_string())}
        )


@pytest.fixture(scope="module")
def model():
    """Random rows for tokens: texts that share tokens are close."""
    tokenizer = train_tokenizer(written(400, 9)[0], 200)
    rng = np.random.default_rng(0)
    return StaticModel(tokenizer.to_json(), rng.standard_normal((tokenizer.vocab_size, 32)).astype(np.float32))


@pytest.fixture(scope="module")
def said():
    """300 events of three users, who write of all themes, one theme and none; received replies among them, and a text that is missing."""
    texts, theme = written(300)
    ids = np.random.default_rng(1).permutation(np.arange(1, 301)).astype(np.uint64)
    user = np.where(theme == 0, 1, 0)
    user[:3] = 2
    code = np.where(np.arange(300) % 3, 2, 3)
    code[:3] = 4
    streams = Streams.merged(
        3,
        user=user,
        code=code,
        id=ids,
        parent=np.roll(ids, 1),
        thread=ids,
        time=np.arange(300) * YEAR // 100,
        community=[0] * 300,
    )
    return streams, Discussion(ids[:-1], texts[:-1]), dict(zip(ids.tolist(), theme.tolist())), int(ids[-1])


def test_topics_are_the_themes_and_users_their_shares(said, model, monkeypatch):
    streams, discussion, theme_of, missing = said
    monkeypatch.setattr("awase.apps.homophily.topics._BLOCK", 100)
    discussion.asked.clear()
    found = topics(streams, discussion, model=model, k=3)
    assert discussion.asked == [297, 100, 100, 97]  # the sample; then a block at a time
    own = (streams.code != 4) & (streams.id != missing)
    assert (found.of_item[~own] == NONE).all() and found.n_texts == own.sum() == 296
    theme = np.array([theme_of[i] for i in streams.id.tolist()])
    table = np.bincount(theme[own] * 3 + found.of_item[own], minlength=9).reshape(3, 3)
    topic = table.argmax(axis=1)
    assert sorted(topic) == [0, 1, 2] and table.max(axis=1).sum() == own.sum()
    for at, words in enumerate(THEMES.values()):
        name = found.names[topic[at]]
        assert len(name) >= 4 and name[0] != "the"
        assert all(term in " ".join(words) for term in name) and all(len(term) > 1 for term in name)
    assert found.sizes.tolist() == np.bincount(found.of_item[own], minlength=3).tolist()
    np.testing.assert_allclose(found.users.sum(axis=1), [1, 1, 0])
    assert found.users[1, topic[0]] == 1 and found.users[0, topic[0]] == 0

    unit, user, year = units_by_year(streams)
    by_year = found.of_units(unit, len(user))
    mine = (streams.user == 0) & own & (streams.time // YEAR == 0)
    assert year[0] == 1970
    np.testing.assert_allclose(by_year[0], np.bincount(found.of_item[mine], minlength=3) / mine.sum(), atol=0.02)


def test_a_seed_gives_the_same_topics(said, model):
    one, other = (topics(*said[:2], model=model, k=4, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.of_item, other.of_item)
    assert one.names == other.names


def test_as_many_topics_as_the_texts_bear(model):
    texts = written(200)[0]
    assert [
        Clusters.fit(model, texts, None, n, most=most).k for n, most in ((2_500, 484), (15_625, 484), (10**7, 40), (20, 484))
    ] == [10, 25, 40, 2]


def test_a_text_without_a_known_token_has_no_topic(model):
    clusters = Clusters.fit(model, written(100)[0], 2, 100)
    assert clusters.add(["@@@", "", "ocean wave"])[:2].tolist() == [NONE, NONE]
    assert sum(map(len, clusters.names())) == 2  # of what was added, the two words


def test_c_tf_idf_equals_a_loop():
    counts = np.random.default_rng(0).integers(0, 5, (4, 30))
    mean = counts.sum() / 4
    expected = [[math.sqrt(n) * math.log(1 + mean / max(counts[:, t].sum(), 1)) for t, n in enumerate(row)] for row in counts]
    np.testing.assert_allclose(c_tf_idf(counts), expected, rtol=1e-12)


def test_shares_are_means_of_one_hot_vectors():
    rng = np.random.default_rng(0)
    of_item, unit = rng.integers(-1, 4, 200), rng.integers(0, 7, 200)
    unit[unit == 6] = 0
    expected = np.array([np.eye(4)[of_item[(unit == u) & (of_item >= 0)]].sum(axis=0) for u in range(7)])
    expected /= np.maximum(expected.sum(axis=1, keepdims=True), 1)
    np.testing.assert_allclose(shares(of_item, unit, 7, 4), expected)


def test_a_model_is_made_from_what_answers_what_and_titles_with_their_bodies():
    rng = np.random.default_rng(0)
    texts, theme = written(240)
    same = [rng.choice(np.flatnonzero(theme == t)) for t in theme]
    n, ids = len(texts), np.arange(1, 241).astype(np.uint64)
    code = np.where(np.arange(n) % 4 == 0, 1, 2)
    texts = [f"{text}\nbody {texts[other]}\nmore" if c == 1 else text for text, other, c in zip(texts, same, code)]
    streams = Streams.merged(
        1, user=[0] * n, code=code, id=ids, parent=ids[same], thread=ids, time=np.arange(n), community=[0] * n
    )
    pairs = text_model._pairs(streams, Discussion(ids, texts), 0).to_pylist()
    titles = [pair for pair in pairs if pair["positive"].endswith("\nmore") and pair["positive"].startswith("body ")]
    assert len(titles) == 60 and len(pairs) == 240
    assert {(pair["anchor"], pair["positive"]) for pair in titles} == {
        tuple(t.split("\n", 1)) for t, c in zip(texts, code) if c == 1
    }
    made = text_model.text_model(streams, Discussion(ids, texts), epochs=2)
    V = made.encode(["ocean harbour ship", "wave sail", "flour butter oven"])
    assert V[0] @ V[1] > V[0] @ V[2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda model: Clusters.fit(model, written(30)[0], 16, 30),
            "E1036: 30 texts are too few for 16 topics\n  value: 30\n  to do: ask for",
        ),
        (lambda model: Clusters.fit(model, [], None, 0), "E1036: 0 texts are too few for 2 topics"),
        (
            lambda _: text_model.fitted(pa.table({"anchor": ["a"] * 49, "positive": ["b"] * 49})),
            "E1036: 49 pairs of texts are too few to make a model from\n  value: 49\n  to do: give a model",
        ),
    ],
)
def test_too_few_texts_are_refused(call, message, model):
    with pytest.raises(AwaseError) as caught:
        call(model)
    assert str(caught.value).startswith(message)
