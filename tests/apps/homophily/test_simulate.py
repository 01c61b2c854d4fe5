"""A simulated discussion: what the users were made to do is what the real readers find that they did."""

import json

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import zstandard

from awase.apps.homophily.selection import Choice, select
from awase.apps.homophily.simulate import Simulated, simulate
from awase.apps.homophily.simulated import policies
from awase.apps.homophily.simulated.discussion import OTHERS_POSTS
from awase.apps.homophily.simulated.dump import DIRT
from awase.apps.homophily.simulated.texts import COMMUNITIES, texts
from awase.apps.homophily.stance.label import label
from awase.apps.homophily.stance.parts import LabelFile
from awase.apps.homophily.states import ACTIONS, STATES
from awase.apps.homophily.streams import gather
from awase.apps.homophily.trajectories import counts, trajectories
from awase.core.errors import ConfigError
from awase.data.discussions import read_discussion

USERS, EVENTS, SEED = 20, 150, 4


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Simulated:
    return simulate(tmp_path_factory.mktemp("made") / "dirty", users=USERS, events=EVENTS, dirt=True, seed=SEED)


def lines(made: Simulated, name: str) -> list[dict]:
    return [json.loads(line) for line in (made.dump / name).read_text(encoding="utf-8").splitlines()]


def true_states(events: int = EVENTS) -> np.ndarray:
    return policies.walks(list(policies.five().values()), events, group=np.arange(USERS) % 5, seed=SEED)


# From the dump back to what was simulated


def test_the_real_readers_find_each_users_stream_exactly_as_simulated(made):
    discussion = read_discussion(made.dump)
    chosen = select(discussion, Choice())
    truth = {row["author"]: row for row in pq.read_table(made.folder / "truth.parquet").to_pylist()}
    names = discussion.names(chosen.users)
    found = [truth.pop(names[int(user)]) for user in chosen.users]
    assert not truth  # all were chosen, and nobody else
    assert [chosen.communities[home] for home in chosen.home] == [row["home"] for row in found]

    streams = gather(discussion, chosen)
    stance, report = label(LabelFile(made.stance), streams, discussion)
    steps = trajectories(streams.with_stance(stance))
    numbers = [int(row["author"].removeprefix("user")) for row in found]
    assert steps.events.tolist() == [EVENTS] * USERS
    np.testing.assert_array_equal(steps.state.reshape(USERS, EVENTS), true_states()[numbers])
    np.testing.assert_array_equal(steps.action.reshape(USERS, EVENTS)[:, 1:], policies.ACTION_OF[true_states()[numbers]][:, 1:])
    assert report.unknown == 0


def test_the_census_of_the_reader_is_that_of_the_truth(made):
    census = read_discussion(made.dump).census
    assert {kind: census[kind] for kind in made.truth["census"]} == made.truth["census"]
    assert (
        made.truth["census"] | dict.fromkeys(["deleted_texts", "missing_parents", "duplicates"], DIRT) == made.truth["census"]
    )
    assert made.truth["census"]["deleted_authors"] > 10
    assert json.loads((made.folder / "truth.json").read_text())["census"] == made.truth["census"]


def test_a_clean_dump_has_nothing_to_complain_about(tmp_path):
    census = simulate(tmp_path / "made", users=5, events=50).truth["census"]
    assert sum(census.values()) == 2 * census["events"] == 2 * (census["threads"] + census["roots"] + census["replies"])


# The dump itself


def test_lines_are_those_of_pushshift_and_come_in_order_of_time(made):
    comments, threads = lines(made, "RC.ndjson"), lines(made, "RS.ndjson")
    assert set(threads[0]) == {"id", "author", "subreddit", "title", "selftext", "created_utc"}
    assert all(set(row) == {"id", "author", "subreddit", "link_id", "parent_id", "body", "created_utc"} for row in comments)
    clean = comments[: len(comments) - 6 * DIRT]
    for posts in (threads, clean):
        times = [row["created_utc"] for row in posts]
        assert times == sorted(times) and times[0] >= np.datetime64("2015-01-01", "s").astype(int)
        assert times[-1] < np.datetime64("2017-01-01", "s").astype(int)
    began = {f"t3_{row['id']}": row for row in threads}
    said = {f"t1_{row['id']}": row for row in clean}
    for row in clean:
        parent = said[row["parent_id"]] if row["parent_id"][:3] == "t1_" else began[row["parent_id"]]
        assert parent["created_utc"] < row["created_utc"] and parent["subreddit"] == row["subreddit"]
        assert parent.get("link_id", row["link_id"]) == row["link_id"]


def test_who_is_not_followed_writes_too_little_to_be_chosen(made):
    posts = [row["author"] for name in ("RC.ndjson", "RS.ndjson") for row in lines(made, name)]
    others = {author: posts.count(author) for author in set(posts) if author.startswith("other")}
    assert max(others.values()) <= OTHERS_POSTS < Choice().min_events
    assert all(posts.count(f"passer{i}") < Choice().min_events for i in range(DIRT))


def test_the_same_seed_gives_the_same_dump_and_another_seed_another(tmp_path):
    a, b, c = (simulate(tmp_path / name, users=5, events=30, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    files = [path.relative_to(a.folder) for path in a.folder.rglob("*") if path.is_file()]
    assert len(files) == 7
    assert all((a.folder / name).read_bytes() == (b.folder / name).read_bytes() for name in files)
    assert (a.dump / "RC.ndjson").read_bytes() != (c.dump / "RC.ndjson").read_bytes()


def test_a_compressed_dump_holds_the_same(tmp_path):
    plain, packed = (
        simulate(tmp_path / ending, users=5, events=30, format=ending).dump for ending in (".ndjson", ".ndjson.zst")
    )
    for name in ("RC", "RS"):
        whole = (packed / f"{name}.ndjson.zst").read_bytes()
        assert zstandard.ZstdDecompressor().stream_reader(whole).read() == (plain / f"{name}.ndjson").read_bytes()
        assert len(whole) < (plain / f"{name}.ndjson").stat().st_size / 3


# Stances and texts


def test_stances_are_wrong_as_often_as_asked(tmp_path):
    right, wrong = (
        pyarrow.csv.read_csv(simulate(tmp_path / str(error), users=10, events=500, stance_error=error).stance)
        for error in (0.0, 0.36)
    )
    assert right["id"] == wrong["id"]
    differ = np.array(right["stance"].to_pylist()) != np.array(wrong["stance"].to_pylist())
    assert 0.32 < differ.mean() < 0.40


def test_texts_show_the_stance_of_the_labels(made):
    bodies = {f"t1_{row['id']}": row["body"] for row in lines(made, "RC.ndjson")}
    stances = pyarrow.csv.read_csv(made.stance).to_pylist()
    shown = {}
    for row in stances:
        shown.setdefault(row["stance"], set()).add(bodies[row["id"]].split(".")[0])
    assert "I agree" in shown["agree"] and "I disagree" in shown["disagree"]
    assert not shown["agree"] & shown["disagree"] and not shown["agree"] & shown["neutral"]


def test_labelled_pairs_are_balanced_and_say_what_they_are_labelled(made):
    pairs = pyarrow.csv.read_csv(made.pairs)
    assert pairs.column_names == ["parent", "reply", "stance"]
    assert {pairs["stance"].to_pylist().count(stance) for stance in ("agree", "neutral", "disagree")} == {len(pairs) // 3}
    agreeing = [row["stance"] for row in pairs.to_pylist() if row["reply"].startswith("I agree.")]
    assert agreeing and set(agreeing) == {"agree"}


def test_topics_of_all_communities_share_no_word():
    words = [word for words in COMMUNITIES.values() for word in words.split()]
    assert len(set(words)) == len(words) == 24 * len(COMMUNITIES)
    rng, n = np.random.default_rng(0), 2000
    for at, name in enumerate(COMMUNITIES):
        known = COMMUNITIES[name].split()
        for topic in range(3):
            said = " ".join(texts(np.full(n, at), np.full(n, topic), np.full(n, -1), 3, rng).to_pylist())
            assert not set('"\\\n') & set(said)
            if name != "nihon":
                shown = {word.strip(".,:") for word in said.split()}
                assert shown & set(known) >= set(known[topic::3]) and not shown & set(known[(topic + 1) % 3 :: 3])


def test_without_texts_there_is_nothing_to_read(tmp_path):
    made = simulate(tmp_path / "made", users=2, events=20, texts=False)
    assert made.pairs is None and not (made.folder / "stance-pairs.csv").exists()
    assert read_discussion(made.dump).census["events"] == made.truth["census"]["events"]
    assert {row["body"] for row in lines(made, "RC.ndjson")} == {""}


# Policies


def test_policies_are_probabilities_and_nothing_is_impossible():
    for policy in [*policies.five().values(), *policies.swap().values()]:
        np.testing.assert_allclose(policy.sum(axis=1), 1)
        assert policy.min() > 0.005
    assert len(policies.five()) == 5


def test_swapped_answers_leave_all_marginals_as_they_are():
    echoes, opposes = policies.swap().values()
    assert abs(echoes - opposes).max() > 0.5
    shares = []
    for policy in (echoes, opposes):
        values, vectors = np.linalg.eig((policy @ policies.DYNAMICS).T)
        states = np.real(vectors[:, np.argmax(np.real(values))])
        shares.append(states / states.sum())
    np.testing.assert_allclose(*shares, atol=1e-12)
    np.testing.assert_allclose(shares[0] @ echoes, shares[1] @ opposes, atol=1e-12)


def test_a_state_tells_its_action_its_stance_and_the_kind_of_event():
    of = dict(
        zip(STATES, zip((ACTIONS[a] for a in policies.ACTION_OF), policies.STANCE_OF.tolist(), policies.CODE_OF.tolist()))
    )
    assert of["GR-"] == ("WR", 0, 4) and of["IT"] == ("CT", -1, 1) and of["ERC"] == ("RC", -1, 3)
    assert of["IR~"] == ("PR~", 1, 2) and of["ER+"] == ("PR+", 2, 2)


def test_wrong_labels_keep_the_kind_of_state():
    states = policies.walks(list(policies.five().values()), 5000)
    seen = policies.mislabelled(states, 0.5)
    assert (policies.CODE_OF[seen] == policies.CODE_OF[states]).all()
    np.testing.assert_array_equal(policies.mislabelled(states, 0.0), states)
    with_stance = policies.STANCE_OF[states] >= 0
    assert (seen == states)[~with_stance].all() and abs((seen != states)[with_stance].mean() - 0.5) < 0.02
    shift = (policies.STANCE_OF[seen] - policies.STANCE_OF[states])[seen != states] % 3
    assert abs((shift == 1).mean() - 0.5) < 0.03


def test_dynamics_may_depend_on_the_state_before():
    certain = np.zeros((12, 6, 12))
    certain[:] = policies.DYNAMICS
    certain[STATES.index("IRC"), 0], certain[STATES.index("GR+"), 0] = np.eye(12)[0], np.eye(12)[2]
    waits = np.tile(np.eye(6)[0], (12, 1))
    assert [STATES[s] for s in policies.walks([waits], 3, dynamics=certain)[0]] == ["IRC", "GR+", "GR-"]


def test_trajectories_in_memory_are_counted_like_any_others():
    states = policies.walks(list(policies.swap().values()), 400, seed=2)
    found = counts(policies.as_trajectories(states))
    assert found.actions.sum(axis=(1, 2)).tolist() == [399, 399]
    assert (
        found.actions[0, STATES.index("GR-"), ACTIONS.index("PR-")]
        > 5 * found.actions[1, STATES.index("GR-"), ACTIONS.index("PR-")]
    )


def test_own_policies_are_followed(tmp_path):
    silent = np.tile(np.eye(6)[ACTIONS.index("CT")], (12, 1))
    made = simulate(tmp_path / "made", users=2, events=20, personas={"silent": silent})
    assert made.truth["personas"] == {"silent": {"users": 2, "policy": silent.tolist()}}
    assert [row["author"][:4] for row in lines(made, "RS.ndjson")].count("user") == 2 * 19


# What cannot be


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        ({"users": 0}, "E1042", "users is from 1 to 10,000,000"),
        ({"events": 9}, "E1042", "events is from 10 to 1,048,576"),
        ({"communities": 11}, "E1042", "communities is from 1 to 10"),
        ({"topics": 0}, "E1042", "topics is from 1 to 8"),
        ({"years": 8}, "E1042", "years is from 1 to 7"),
        ({"stance_error": float("nan")}, "E1042", "stance_error is from 0 to 1"),
        ({"personas": 6}, "E1043", "there are no such personas"),
        ({"personas": "swapped"}, "E1043", "give a number from 1 to 5, 'swap', or policies by name"),
        ({"personas": {}}, "E1043", "there are no such personas"),
        ({"personas": {"a": np.ones((12, 6))}}, "E1044", "policies must be probabilities"),
        ({"personas": {"a": np.full((6, 12), 1 / 12)}}, "E1044", "policies must be of shape (12, 6)"),
        ({"format": ".zst"}, "E1045", "valid: .ndjson, .ndjson.zst"),
    ],
)
def test_what_cannot_be_simulated_is_said(asked, code, message, tmp_path):
    with pytest.raises(ConfigError) as refused:
        simulate(tmp_path / "made", **asked)
    assert refused.value.code == code and message in str(refused.value)
    assert not (tmp_path / "made").exists()


def test_dynamics_that_lead_elsewhere_are_refused():
    with pytest.raises(ConfigError, match="E1044: an action leads to a state that is not its own"):
        policies.walks(list(policies.swap().values()), 10, dynamics=np.full((6, 12), 1 / 12))


def test_somebody_elses_folder_is_left_alone(tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "thesis.tex").write_text("")
    with pytest.raises(ConfigError, match="E0303"):
        simulate(tmp_path / "made", users=2, events=20)
