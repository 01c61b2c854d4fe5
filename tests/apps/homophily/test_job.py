"""The job from a dump to files. What each of its parts finds is tested beside it."""

import json
from dataclasses import fields

import numpy as np
import pyarrow.parquet as pq
import pytest

import awase
from awase.apps.homophily.options import Options
from awase.apps.homophily.simulate import simulate
from awase.core.errors import AwaseError, ConfigError, InputError
from awase.data.discussions.hashing import name_hash
from awase.store.manifest import verify

FILES = ["COLUMNS.md", "report.html", "report.json", "report.md", "users.parquet"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return simulate(tmp_path_factory.mktemp("made") / "it", users=20, events=250, communities=2, dirt=True, seed=1)


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "key"
    path.write_bytes(b"correct horse battery staple")
    return path


def quick(made, out=None, **more):
    return awase.homophily(made.dump, out, **({"stance": made.stance, "topics": 0, "personas": 2} | more))


def test_a_dump_becomes_a_folder_and_nothing_is_left_beside_it(made, tmp_path, key):
    report = quick(made, tmp_path / "found", key=key)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found"]
    assert sorted(verify(tmp_path / "found")) == FILES
    users = pq.read_table(tmp_path / "found" / "users.parquet")
    assert users.num_rows == 20 and users["user"].to_pylist() == report.users.names
    said = json.loads((tmp_path / "found" / "report.json").read_text())
    assert {name: said["data"][name] for name in made.truth["census"]} == made.truth["census"]
    assert said["options"]["stance"] == "stance.csv" and said["options"]["key"] is True, (
        "neither folders of the user nor the key"
    )
    # In memory, on one thread and again: the same.
    again = quick(made, key=key, threads=1)
    assert again.users.names == report.users.names
    np.testing.assert_array_equal(again.users.policy, report.users.policy)
    np.testing.assert_allclose(again.behaviour.mean, report.behaviour.mean, rtol=1e-12)


def test_names_are_hidden_unless_asked_for(made, tmp_path):
    hidden, plain = quick(made, tmp_path / "hidden"), quick(made, tmp_path / "plain", names="plain", spill=tmp_path / "spill")
    truth = pq.read_table(made.folder / "truth.parquet")["author"].to_pylist()
    assert sorted(plain.users.names) == sorted(truth)
    everything = "".join((tmp_path / "hidden" / name).read_text() for name in FILES if not name.endswith("parquet"))
    exported = pq.read_table(tmp_path / "hidden" / "users.parquet")["user"].to_pylist()
    assert not [name for name in truth if name in everything or name in exported], f"of {len(truth)} names"
    assert not {f"{name_hash(name):x}" for name in truth} & set(exported)
    assert quick(made).users.names != hidden.users.names, "each run has a key of its own"


def test_stances_are_learned_and_the_classifier_is_kept(made, tmp_path):
    found = quick(made, tmp_path / "found", stance="neutral", stance_pairs=made.pairs)
    assert found.stance["kind"] == "classifier" and found.stance["error_rate"] < 0.2
    kept = quick(made, stance=tmp_path / "found" / "stance-classifier")
    assert kept.stance["error_rate"] == found.stance["error_rate"]
    np.testing.assert_array_equal(kept.users.policy, found.users.policy)
    given = quick(made)
    apart = np.abs(kept.users.policy - given.users.policy)
    assert apart.mean() < 0.02, "what it reads in the texts is what the labels say"


def test_stances_may_be_written_as_numbers(made, tmp_path):
    text = made.stance.read_text().replace("disagree", "-1").replace("agree", "1").replace("neutral", "0")
    (tmp_path / "numbers.csv").write_text(text.replace('"id","stance"', "comment,side"))
    written = {
        "stance_columns": {"id": "comment", "stance": "side"},
        "stance_names": {"1": "agree", "0": "neutral", "-1": "disagree"},
    }
    found = quick(made, stance=tmp_path / "numbers.csv", **written)
    np.testing.assert_array_equal(found.users.policy, quick(made).users.policy)


def test_distances_of_users_are_written_where_asked(made, tmp_path):
    report = quick(made, tmp_path / "found", distances=True)
    written = {path.stem: np.load(path) for path in (tmp_path / "found").glob("*.npy")}
    assert sorted(written) == ["distances-above-chance", "distances-behaviour", "distances-by-chance"]
    behaviour, home = written["distances-behaviour"], report.users.home
    assert behaviour.shape == (20, 20) and (np.diag(behaviour) == 0).all()
    between = behaviour[np.ix_(home == 0, home == 1)].mean()
    np.testing.assert_allclose(between, report.behaviour.mean[0, 1], rtol=1e-5)
    assert np.triu(written["distances-above-chance"], 1).sum() == report.floor["above"]


def test_topics_are_found_and_texts_shown_only_where_asked(made, tmp_path):
    report = quick(made, tmp_path / "found", topics=6, texts=True)
    assert report.topics is not None and report.users.topics.shape == (20, len(report.topic_names))
    text = report.topic_names[0]["texts"][0]
    assert text in json.loads((tmp_path / "found" / "report.json").read_text())["topic_names"][0]["texts"]
    assert "texts" not in quick(made, topics=6).topic_names[0]


def test_each_estimator_has_a_report(made):
    for estimator in ("empirical", "irl_causal"):
        report = quick(made, estimator=estimator)
        assert report.estimator["name"] == estimator and report.behaviour.mean.shape == (2, 2)
    # The floor is of what was counted, whatever the estimator.
    np.testing.assert_array_equal(report.behaviour.chance, quick(made).behaviour.chance)


def test_what_cannot_be_is_said_before_anything_is_read(tmp_path):
    nowhere = tmp_path / "no dump"
    for options, code in (
        ({"stance": tmp_path / "no labels"}, "E0101"),
        ({"model": tmp_path / "no model"}, "E0401"),
        ({"key": tmp_path / "no key"}, "E0304"),
        ({"estimator": "irl"}, "E1047"),
        ({"topcis": 3}, "E1046"),
    ):
        with pytest.raises(AwaseError) as caught:
            awase.homophily(nowhere, **options)
        assert caught.value.code == code, options
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("...")
    with pytest.raises(ConfigError) as caught:
        awase.homophily(nowhere, tmp_path / "mine")
    assert caught.value.code == "E0303"


ROWS = [
    {"id": "a", "parent": None, "author": "ann", "time": 1e9},
    {"id": "b", "parent": "a", "author": "bob", "time": 1e9 + 1},
    {"id": "c", "parent": "b", "author": "ann", "time": 1e9 + 2},
]


def test_one_user_of_one_community_has_a_report():
    report = awase.homophily(ROWS, topics=0, min_events=2)
    assert report.users.events.tolist() == [2] and report.floor == {} and report.personas is None
    assert "No personas were sought among 1 users." in report.notes
    assert set(report.files()) == set(FILES)


def test_a_discussion_in_which_nobody_does_two_things(made):
    with pytest.raises(InputError) as caught:  # without texts no reply has a stance, so that replies are dropped
        awase.homophily(ROWS, topics=0, min_events=2, stance_pairs=made.pairs)
    assert str(caught.value).startswith("E1053: nobody chosen has two events that can be compared")
    kept = awase.homophily(ROWS, topics=0, min_events=2, stance_pairs=made.pairs, missing="neutral")
    assert kept.users.events.tolist() == [2]


def test_every_option_is_used_by_the_job():
    import inspect

    from awase.apps.homophily import job, measure, study

    source = "".join(inspect.getsource(module) for module in (job, study, measure))
    unused = [field.name for field in fields(Options) if f"options.{field.name}" not in source]
    assert not unused, f"of {len(fields(Options))} options"


def posts(community, authors, n=40, start=0, channel="subreddit"):
    """Threads of a community with six answers each, its authors in turn."""
    rows, at = [], 1_451_606_400
    for k in range(n):
        top = f"{community}{start}{k}"
        rows.append({"id": top, "parent": None, "author": authors[k % len(authors)], channel: community, "time": at + 5000 * k})
        for j in range(6):
            who = authors[(k + j + 1) % len(authors)]
            rows.append(
                {"id": f"{top}-{j}", "parent": top, "author": who, channel: community, "time": at + 5000 * k + 60 * (j + 1)}
            )
    return rows


@pytest.mark.parametrize(
    ("community", "authors", "channel"),
    [
        ("u_secretjane", ["secretjane", "wine0"], "subreddit"),
        ("u_SecretJane", ["visitor", "wine0"], "subreddit"),  # who never writes there
        ("dm-secretjane-bob", ["secretjane", "bob"], "channel"),
        ("talk with secretjane", ["secretjane", "wine1"], "channel"),
        ("@secretjane", ["wine2", "wine1"], "forum"),
    ],
)
def test_communities_that_are_called_as_somebody_are_hidden_too(community, authors, channel, tmp_path):
    rows = posts("wine", [f"wine{i}" for i in range(5)], channel=channel) + posts(community, authors, channel=channel)
    report = awase.homophily(rows, tmp_path / "found", topics=0)
    written = [path.read_bytes() for path in (tmp_path / "found").rglob("*") if path.is_file()]
    assert len(written) >= 6 and not [one for one in written if b"secretjane" in one.lower()]
    assert "wine" in report.communities and len(report.communities) == 2
    asked = awase.homophily(rows, tmp_path / "asked", topics=0, communities=(community, "Wine"))
    assert len(asked.communities) == 2 and not any("jane" in str(name).lower() for name in asked.options["communities"])
    plain = awase.homophily(rows, tmp_path / "plain", topics=0, names="plain")
    assert community in plain.communities


def test_a_folder_of_mails_called_as_its_owner(tmp_path):
    folder = tmp_path / "jane.secret"
    folder.mkdir()
    for n in range(60):
        who = ("Jane Secret <js@x.org>", "Bob <bob@x.org>", "Cid <cid@x.org>")[n % 3]
        above = f"In-Reply-To: <{n - n % 6}@x>\n" if n % 6 else ""
        date = f"Mon, 01 Jan 2024 10:{n:02}:00 +0000"
        (folder / f"{n}.eml").write_text(f"From: {who}\nMessage-Id: <{n}@x>\nDate: {date}\n{above}\nhello {n}\n")
    (folder / "broken.eml").write_text("From the desk of Jane Secret\n")
    awase.homophily(folder, tmp_path / "found", topics=0, format="mail", on_bad="skip")
    written = [path.read_bytes().lower() for path in (tmp_path / "found").rglob("*") if path.is_file()]
    assert len(written) >= 5 and not [one for one in written if b"secret" in one or b"jane" in one]
