"""The report of homophily: its numbers, its sentences, its forms."""

import dataclasses
import io
import json
import re
from functools import cache
from html.parser import HTMLParser

import numpy as np
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from awase.apps.homophily.options import Options
from awase.apps.homophily.panels import Panel
from awase.apps.homophily.personas import Personas
from awase.apps.homophily.report import HomophilyReport, Matrix, Users, exports, markdown, page, words
from awase.apps.homophily.report.sections import sections
from awase.apps.homophily.report.value import pooled
from awase.apps.homophily.stability import Stability
from awase.apps.homophily.states import STATES
from awase.core.errors import ConfigError

STANCE = {
    "kind": "classifier", "n": 1000, "unknown": 100, "without_parent": 90, "without_reply": 10, "note": "fitted",
    "shares": {"disagree": 0.25, "neutral": 0.5, "agree": 0.25}, "error_rate": 0.2, "confusion": ((8, 1, 1), (1, 8, 1), (1, 1, 8)),
    "quality": {"n_test": 30, "accuracy": 0.8},
}  # fmt: skip
NEUTRAL = STANCE | {"kind": "neutral", "unknown": 0, "error_rate": None, "confusion": None, "quality": None}
CENSUS = {"events": 1000, "threads": 100, "roots": 300, "replies": 600, "first": 0, "last": 86_400 * 366}


def correlated(rho: float, p: float, c: int) -> Panel:
    return Panel(np.full((c, c), rho), np.full((c, c), p), np.full((c, c), p), np.full((c, c), 10))


def made(communities=("news", "<b>memes</b>", "a|b"), each=10, k=2, **more) -> HomophilyReport:
    """A report of random users with known communities and personas."""
    rng, c = np.random.default_rng(0), len(communities)
    u = c * each
    mean = 0.05 + 0.1 * np.abs(np.subtract.outer(np.arange(c), np.arange(c)))
    variation = rng.uniform(0.1, 0.5, u)
    variation[0] = np.nan
    fields = {
        "title": "made up",
        "communities": list(communities),
        "options": dataclasses.asdict(Options()),
        "data": CENSUS,
        "stages": [{"stage": "authors", "users": 500, "bots": 2, "home_users": {communities[0]: 77}}, {"stage": "chosen", "users": u}],
        "streams": {"events": {"own threads": 100, "received replies": 900}, "dropped": {"replies without a stance": 30}, "pairs": 970},
        "stance": STANCE,
        "estimator": {"name": "empirical"},
        "users": Users(
            names=[f"u-{i}" for i in range(u)],
            home=np.repeat(np.arange(c), each),
            events=rng.integers(400, 900, u),
            policy=rng.dirichlet(np.ones(6), (u, 12)),
            weights=rng.dirichlet(np.ones(12), u),
            floor=np.full(u, 0.03),
            floor_high=np.full(u, 0.06),
            topics=rng.dirichlet(np.ones(2), u),
        ),
        "behaviour": Matrix(mean, mean * 0.9, mean * 1.1, mean > 0.16, mean * 0 + 0.02, mean),
        "topics": Matrix(mean, mean, mean),
        "topic_names": [{"name": "goal, keeper", "items": 40}, {"name": "vote", "items": 60}],
        "order": list(range(c))[::-1],
        "personas": Personas(np.arange(u) % k, [f"Persona {i}" for i in range(k)], np.zeros((k, 12, 6)), [1, 2, 3], [0.1, 0.4, 0.3], [0.01] * 3,
                             [None, 0.1, 0.2], "Two groups."),
        "spearman": {"same_pair": correlated(0.5, 0.001, c), "home_topic": correlated(np.nan, np.nan, c)},
        "stability": Stability([2015, 2016], 120, np.stack([variation, variation], axis=1), variation, variation / 2, variation[::-1]),
        "floor": {"pairs": u * (u - 1) // 2, "above": u, "alpha": 0.05},
    }  # fmt: skip
    return HomophilyReport(**(fields | more))


def test_correlations_say_how_sure_they_are():
    text = markdown.render(made())
    assert "Near in topics, near in behaviour: 9 of 9 correlations can be told from 0 (p \\< 0.05, corrected" in text
    assert "At home in topics, near in behaviour: 0 of 0 correlations" in text


def smallest() -> HomophilyReport:
    """One community of two users, no texts, no stances, one year, no personas."""
    of = made(("only",), 2)
    blank = np.full((1, 1), np.nan)
    return dataclasses.replace(
        of,
        users=dataclasses.replace(of.users, topics=None),
        stance=NEUTRAL,
        behaviour=Matrix(np.array([[0.1]]), blank, blank),
        topics=None,
        topic_names=[],
        personas=None,
        spearman=None,
        stability=None,
        floor={},
    )


@cache
def whole() -> dict[str, str]:
    """The forms of ``made()`` that are texts."""
    return {name: content.decode() for name, content in made().files().items() if not name.endswith("parquet")}


def told(report) -> str:
    """All that the sections say."""
    return repr(list(sections(report)))


# The value


def test_a_pooled_policy_weighs_users_by_how_often_they_were_in_the_state():
    policy = np.array([[[1.0, 0.0]], [[0.0, 1.0]], [[0.2, 0.8]]])
    found = pooled(policy, np.array([[3.0], [1.0], [0.0]]), np.array([0, 0, 1]), 2)
    np.testing.assert_allclose(found[0], [[0.75, 0.25]])
    assert np.isnan(found[1]).all()


def test_shares_and_sizes():
    report = made(each=3)
    assert report.sizes.tolist() == [3, 3, 3]
    np.testing.assert_allclose(report.shares, [[2 / 3, 1 / 3], [1 / 3, 2 / 3], [2 / 3, 1 / 3]])
    assert [(name, int(who.sum())) for name, who in report.groups] == [("all users", 9), ("Persona 0", 5), ("Persona 1", 4)]


def test_json_has_everything_but_single_users():
    report = made()
    found = json.loads(report.as_json())
    assert found["states"] == list(STATES)
    assert "users" not in found
    assert found["communities"][0] == {
        "name": "news", "users": 10, "median_events": float(np.median(report.users.events[:10])),
        "policy": report.community_policies[0].tolist(),
    }  # fmt: skip
    assert found["behaviour"]["mean"] == report.behaviour.mean.tolist()
    assert found["spearman"]["home_topic"]["rho"] == [[None] * 3] * 3
    assert found["personas"]["shares_by_community"] == report.shares.tolist()
    assert found["stability"]["behaviour"]["users"] == 29
    assert found["findings"] == report.findings
    assert found["cautions"] == report.cautions


# The sentences


def test_findings():
    assert made().findings == [
        "7 % of the 435 pairs of users act differently beyond chance (5 % would if all acted alike).",
        "Users of news and <b>memes</b> act most alike: mean distance 0.150 (95 % CI 0.135 to 0.165).",
        "Users of news and a|b act least alike: 0.250 (95 % CI 0.225 to 0.275).",
        "In 1 of the 3 pairs of communities the difference in behaviour is more than chance gives between equal policies.",
        "3 of 3 communities are nearest to themselves in what they write about, 3 in how they act.",
        "2 personas: Persona 0 (15, 50 %) and Persona 1 (15, 50 %).",
        f"From year to year, a user's distance to the home community varies by {np.nanmedian(made().stability.behaviour):.2f} in behaviour and "
        f"{np.nanmedian(made().stability.topics):.2f} in topics (sd / mean, the median user).",
    ]


def test_findings_of_one_community():
    assert smallest().findings == [
        "One community: there is nothing to compare only with; its users are 0.100 apart on average."
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "Few users: news (10), <b>memes</b> (10) and a|b (10)."),
        ({}, "The personas overlap (mean silhouette 0.10,"),
        ({}, "20 % of the stances are wrong on pairs they were checked on."),
        ({}, "reactions"),
        ({"stance": NEUTRAL}, "No stances were given: every reply counts as neutral"),
        ({"stance": STANCE | {"error_rate": None}}, "How often the stances are wrong is not known"),
        ({"estimator": {"name": "irl_paper"}}, "Its error does not vanish with more data either"),
        ({"estimator": {"name": "irl_causal", "features": "state"}}, "The estimator irl_causal gives rewards to states alone."),
        ({"data": CENSUS | {"missing_parents": 60}}, "6 % of all events are replies whose parent is not in the data"),
        ({"topics": None}, "Topics are not shown"),
        ({"stability": None}, "Stability over the years is not shown"),
        ({"personas": None}, "Personas are not shown"),
        ({"notes": ["A note of the job."]}, "A note of the job."),
    ],
)  # fmt: skip
def test_cautions(change, said):
    expected = "'Gets a reply' is not a decision" if said == "reactions" else said
    assert any(one.startswith(expected) or said in one for one in made(**change).cautions)


@pytest.mark.parametrize(
    ("change", "unsaid"),
    [
        ({"estimator": {"name": "irl_causal", "features": "state_action"}}, "rewards to states alone"),
        ({}, "rewards to states alone"),
        ({"stance": STANCE | {"error_rate": 0.0}}, "stances are wrong"),
        ({"data": CENSUS | {"missing_parents": 40}}, "parent is not in the data"),
    ],
)
def test_cautions_that_do_not_apply_are_not_said(change, unsaid):
    assert not any(unsaid in one for one in made(**change).cautions)


def test_few_events_are_a_caution():
    report = made()
    few = dataclasses.replace(report.users, events=np.full(30, 100))
    assert (
        dataclasses.replace(report, users=few)
        .cautions[0]
        .startswith(
            "Half of the users have 100 events or fewer. Two samples of that size of one and the same behaviour are 0.030 apart on average"
        )
    )
    assert "Half of the users" not in " ".join(report.cautions)


def test_what_is_left_of_a_reaction_under_wrong_stances_is_what_a_simulation_leaves():
    """Two users with opposite reactions to agreement and disagreement; a share e of all labels, of states and of actions, is replaced by one of
    the two others."""
    e = 0.1
    flip = np.full((3, 3), e / 2) + np.eye(3) * (1 - 1.5 * e)
    tilt = 0.01  # small: the distance is then the square of the contrast
    one = np.full((3, 3), 1 / 3) + tilt * (np.eye(3) - np.eye(3)[::-1])
    other = one[:, ::-1]

    def distance(p, q):
        return (p * np.log(p / q)).sum() / 3

    seen = [flip @ policy @ flip for policy in (one, other)]
    assert distance(*seen) / distance(one, other) == pytest.approx(words.kept(e), rel=0.01)


# The forms


def test_all_forms_are_written(tmp_path):
    made().write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "report.json",
        "report.md",
        "report.html",
        "users.parquet",
        "COLUMNS.md",
    }


def test_every_form_says_the_findings_and_the_cautions():
    report, shown, console = made(), whole(), Console(file=io.StringIO(), width=10_000)
    report.print(console)
    for text in (*report.findings, *report.cautions):
        assert text in console.file.getvalue()
        assert text.split(":")[0].split("(")[0].split("<")[0].strip() in shown["report.md"].replace("\\", "")
        assert text.split("(")[0].split("<")[0].split("'")[0].strip() in shown["report.html"].replace("&nbsp;", " ")


def test_the_page_is_whole_and_fetches_nothing():
    shown = whole()["report.html"]
    assert shown.count("<svg") == 9
    assert not re.search(r"<script|<link|<img|https?://(?!www\.w3\.org)", shown)
    assert "<b>memes</b>" not in shown
    assert "var(--best)" in shown
    assert not re.search(r"#1a000\d", shown), "a colour was left that the page does not decide"
    ids = re.findall(r' id="([^"]+)"', shown)
    assert len(ids) == len(set(ids))
    _Balanced().feed(shown)


def test_the_smallest_page_has_what_there_is():
    assert page.render(smallest()).count("<svg") == 2  # the policy of the community, and the noise floor
    assert [one.title for one in sections(smallest())] == [
        "What was read", "Who was chosen", "How events became states", "Who agrees with whom", "Who acts alike", "What each community does",
        "What chance alone gives", "How it was computed",
    ]  # fmt: skip


def test_without_matplotlib_the_page_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    assert "Plots need matplotlib: <code>pip install &#x27;awase[plot]&#x27;</code>" in page.render(smallest())


def test_many_communities_fold_their_policies():
    names = tuple(f"c{i}" for i in range(7))
    assert [one.title for one in sections(made(names, 2)) if one.folded] == ["What each community does"]
    assert not any(one.folded for one in sections(made()))


def test_states_that_nobody_was_in():
    report = made()
    weights = report.users.weights.copy()
    weights[:, 0] = 0
    report = dataclasses.replace(
        report, users=dataclasses.replace(report.users, weights=weights / weights.sum(axis=1, keepdims=True))
    )
    assert words.never_seen(report) == ["GR+"]
    assert "Nobody was ever in 1 state of the 12: GR+." in told(report)
    assert np.isnan(report.community_policies[:, 0]).all()


def test_texts_are_shown_only_when_asked_for():
    named = [{"name": "goal", "items": 4, "texts": ["my own words"]}, {"name": "vote", "items": 6, "texts": []}]
    for texts in (False, True):
        report = made(topic_names=named, privacy={"names": "hashed", "texts": texts, "key": "given"})
        assert ("my own words" in told(report)) is texts
        assert ("my own words" in report.as_json()) is texts


def test_the_page_says_how_names_are_kept():
    said = {
        ("plain", "drawn"): "Names are shown as they are in the data.",
        ("hashed", "given"): "whoever has the key can tell who somebody is",
        ("hashed", "drawn"): "forgotten, so nobody can turn them back",
    }
    for (names, key), text in said.items():
        assert text in told(made(privacy={"names": names, "texts": False, "key": key}))


def test_users_as_parquet_with_an_explanation_of_each_column():
    report = made()
    files = exports.files(report)
    table = pq.read_table(io.BytesIO(files["users.parquet"]))
    assert table.num_rows == 30
    policy = np.column_stack([table[f"policy {state} {action}"] for state in ("GR+", "ER-") for action in ("WR", "PR-")])
    np.testing.assert_array_equal(policy, report.users.policy[:, [0, 0, 11, 11], [0, 5, 0, 5]])
    assert table["home"].to_pylist()[::10] == list(report.communities)
    assert table["variation_behaviour"].null_count == 1
    explained = files["COLUMNS.md"].decode()
    assert [name for name in table.column_names if f"`{name}`" not in explained] == []


# The options


def test_options_say_what_is_wrong():
    with pytest.raises(ConfigError, match=r"E1046: homophily has no option 'personae'\n  to do: did you mean 'personas'\?"):
        Options.of(personae=5)
    with pytest.raises(ConfigError, match=r"E1047: estimator is one of empirical, irl_paper, irl_causal\n.*\n  value: 'irl'"):
        Options(estimator="irl")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigError, match=r"E1047: min_events is at least 2\n  where: min_events\n  value: 1"):
        Options(min_events=1)
    with pytest.raises(ConfigError, match="E1047: communities is at least 1"):
        Options(communities=())
    with pytest.raises(ConfigError, match="E1048: stances are either given or learned"):
        Options.of(stance="labels.csv", stance_pairs="pairs.csv")
    with pytest.raises(ConfigError, match="E1048: plain names need no key"):
        Options.of(names="plain", key="key.txt")


class _Balanced(HTMLParser):
    """Fails on a tag that is closed where another is open."""

    def __init__(self):
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "link", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
