"""Negatives that are learned: what a batch holds, what the sampler is told, and what comes of it in training."""

import numpy as np
import pytest

from awase.contrast.codes import Codes
from awase.contrast.encoders import Table, Translation
from awase.contrast.losses import InfoNCE, Margin
from awase.contrast.negatives import Adversarial, Boltzmann, Corrupted, CorruptedEdges, Mixture, Noise, TextBatches, Topical
from awase.contrast.negatives.adversary.policy import Drawn
from awase.contrast.negatives.sampled import _log_inclusion
from awase.contrast.positives import LinkSource, PairSource, TripleSource
from awase.contrast.scores import Cosine, Distance, Dot
from awase.core.errors import ConfigError
from awase.train.plan import Plan
from awase.train.step import Generic

# A batch


class Said:
    """A sampler that proposes what it was told to, and keeps what it is told."""

    def __init__(self, proposals, best=None):
        self.proposals, self.best, self.heard, self.state = np.array(proposals), best, None, {}

    def draw(self, anchors, pool, units):
        assert self.proposals.shape == units.shape and ((units >= 0) & (units < 1)).all()
        n = self.proposals.shape
        best = np.zeros(len(anchors), np.int64) if self.best is None else np.array(self.best)
        return Drawn(self.proposals, np.log(np.full(n, 0.5, np.float32)), np.zeros(len(anchors), np.float32), lambda: best)

    def listens(self):
        return True

    def learn(self, advantage):
        self.heard = advantage


class Saying(Adversarial):
    """Adversarial settings, with ``Said`` in place of a generator."""

    def sampler(self, space, encoder, score, seed):
        return SAMPLERS.pop()


SAMPLERS: list[Said] = []
LINKS = LinkSource(np.array([0, 1, 2]), np.array([0, 1, 1]), n_anchors=3, n_targets=6, offset=3)


def batches(proposals, *, weight=0.5, best=None, n_noise=1, source=LINKS, noise=None, encoder=None, **settings):
    """Batches of three links whose proposals are given, and their sampler."""
    SAMPLERS.append(Said(proposals, best))
    made = Mixture((noise or Noise(n_noise, 0.0), Saying(n=len(proposals[0]), **settings)), weight).bind(source, 0)
    sampler = SAMPLERS[-1]
    made.watch(encoder or Table(np.eye(9, dtype=np.float32)), Dot())
    return made, sampler


def test_proposals_stand_beside_the_noise_and_true_ones_are_left_out():
    """Anchor 0 is proposed 5 and its own target 0; anchor 1 what only another has; anchor 2 a target that it has."""
    made, _ = batches([[5, 0], [0, 4], [1, 3]])
    anchors, candidates = made.make(np.arange(3), epoch=0)
    assert anchors.tolist() == [0, 1, 2]
    assert candidates.items[:, 0].tolist() == [3, 4, 4] and (candidates.target == 0).all()
    assert candidates.items[:, 2:].tolist() == [[8, 3], [3, 7], [4, 6]]
    assert sorted(zip(*(places.tolist() for places in candidates.mask))) == [(0, 3), (2, 2)]
    assert made.hits.tolist() == [[False, True], [False, False], [True, False]]


def test_the_weight_splits_the_loss_and_what_is_left_counts_for_what_is_not():
    """Three negatives: one of noise, two proposed, of which a third is true."""
    made, _ = batches([[5, 0], [0, 4], [1, 3]], weight=0.25)
    share = made.make(np.arange(3), epoch=0).candidates.share
    np.testing.assert_allclose(share[:, 1], 0.25 * 3, rtol=1e-6)
    np.testing.assert_allclose(share[:, 2:].mean(axis=0).sum(), 0.75 * 3, rtol=1e-6)
    assert share[0, 3] == share[2, 2] == 0
    assert len({*share[:, 2:][share[:, 2:] > 0].tolist()}) == 1


def test_unfiltered_proposals_count_even_if_true():
    made, sampler = batches([[0], [1], [1]], filtered=False)
    batch = made.make(np.arange(3), epoch=0)
    assert len(batch.candidates.mask[0]) == 0 and (batch.candidates.share[:, 2] == 1).all()
    made.feedback(batch, lambda rows, columns: np.ones((3, 2), np.float32))
    assert (sampler.heard == 0).all()


def test_importance_weights_undo_the_generators_choice():
    """A proposal that is drawn e times as often counts 1 / e."""
    made, sampler = batches([[5], [5], [5]], importance=True)
    logp = np.array([[0.0], [-1.0], [-1.0]], np.float32)
    sampler.draw = lambda anchors, pool, units: Drawn(
        np.full((3, 1), 5), logp, np.zeros(3, np.float32), lambda: np.zeros(3, np.int64)
    )
    share = made.make(np.arange(3), epoch=0).candidates.share[:, 2]
    np.testing.assert_allclose(share / share[0], [1, np.e, np.e], rtol=1e-5)
    assert share.mean() == pytest.approx(1)


@pytest.mark.parametrize("noise_baseline", [1.0, 0.25])
def test_the_sampler_hears_the_score_less_what_was_to_be_expected(noise_baseline):
    """Of two noise columns and one proposal; the proposal of anchor 2 is true, and earns the penalty."""
    vectors = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    made, sampler = batches(
        [[5], [4], [1]], best=[2, 3, 4], n_noise=2, noise_baseline=noise_baseline, penalty=7.0, encoder=Table(vectors)
    )
    batch = made.make(np.arange(3), epoch=0)
    S = np.einsum("bd,bcd->bc", vectors[:3], vectors[batch.candidates.items])
    made.feedback(batch, lambda rows, columns: S[rows, columns])
    greedy = (vectors[:3] * vectors[3 + np.array([2, 3, 4])]).sum(axis=1)
    expected = noise_baseline * S[:, 1:3].mean(axis=1) + (1 - noise_baseline) * greedy
    np.testing.assert_allclose(sampler.heard[:2, 0], (S[:, 3] - expected)[:2], rtol=1e-5)
    assert sampler.heard[2, 0] == -7


def test_in_a_graph_proposals_are_seen_by_the_relation_of_their_triple():
    source = TripleSource(*np.random.default_rng(0).integers(0, (8, 3, 8), (40, 3)).T.copy(), 8, 3)
    made = Mixture((Corrupted(1), Adversarial(n=2))).bind(source, 0)
    encoder = Translation(4).encoder(8, 3, seed=0)
    made.watch(encoder, Distance(1))
    anchors, candidates = made.make(np.arange(40), epoch=0)
    codes = Codes(8, 3)
    _, seen_by, moves = codes.unpack(candidates.items)
    _, relations, signs = codes.unpack(anchors)
    assert (seen_by == relations[:, None]).all() and not moves.any() and set(signs.tolist()) == {-1, 1}
    known = set(zip(*(side.tolist() for side in source.known())))
    masked = set(zip(*(places.tolist() for places in candidates.mask)))
    for i in range(40):
        for column in (2, 3):
            assert ((i, column) in masked) == ((anchors[i], candidates.items[i, column] % 8) in known)


def test_in_a_hierarchy_both_ends_have_proposals():
    source = LinkSource(np.array([1, 2, 3, 4]), np.array([0, 0, 1, 1]), 5, 5)
    made = Mixture((CorruptedEdges(), Adversarial())).bind(source, 0)
    made.watch(Table(np.random.default_rng(0).standard_normal((10, 3), np.float32)), Dot())
    anchors, candidates = made.make(np.arange(4), epoch=0)
    assert candidates.items.shape == (len(anchors), 3) and anchors.max() >= 5
    # A target stands where the positive of its anchor stands.
    assert (candidates.items[:, 2] // 5 == candidates.items[:, 0] // 5).all()


def test_a_subset_estimates_the_whole_distribution():
    """Drawn out of pools, with their probability subtracted, proposals are spread as if drawn out of all."""
    rng = np.random.default_rng(0)
    source = LinkSource(np.zeros(600, np.int64), np.repeat(np.arange(12), np.arange(12) * 100 // 11 + 1)[:600], 1, 12, 1)
    scores = rng.standard_normal(13).astype(np.float32)[:, None]
    encoder = Table(np.concatenate([[[1.0]], scores[1:]]).astype(np.float32))
    counts = {}
    for subset in (0, 8):
        made = Mixture((Noise(1, 0.5, filtered=False), Boltzmann(1.0, filtered=False, subset=subset))).bind(source, 0)
        made.watch(encoder, Dot())
        drawn = [made.make(np.full(8, row), epoch).candidates.items[:, 2] - 1 for row in range(40) for epoch in range(40)]
        counts[subset] = np.bincount(np.concatenate(drawn), minlength=12) / (1600 * 8)
    p = np.exp(scores[1:, 0]) / np.exp(scores[1:, 0]).sum()
    np.testing.assert_allclose(counts[0], p, atol=0.012)
    assert np.abs(counts[8] - p).sum() / 2 < 0.12


def test_the_probability_to_be_in_a_pool_is_that_of_the_draws():
    noise = Noise(1, 1.0).bind(LinkSource(np.arange(10), np.array([0] * 6 + [1] * 3 + [2]), 10, 3, 10), 0)
    np.testing.assert_allclose(np.exp(_log_inclusion(noise, 4)), 1 - (1 - np.array([0.6, 0.3, 0.1])) ** 4, rtol=1e-5)


# Training


def ring(n=40):
    """A graph that translations can learn in part: each node linked with the three after it."""
    heads, steps = np.repeat(np.arange(n), 3), np.tile(np.arange(3), n)
    return TripleSource(heads, steps, (heads + steps + 1) % n, n, 3)


def trained(negatives, source, *, epochs=60, seed=0):
    """Trains TransE; what the sampler drew in the last sixth of the batches: mean entropy, share of hits, its loss over the noise's."""
    encoder = Translation(16).encoder(source.n_entities, source.n_relations, seed=seed)
    step = Generic(encoder, negatives.bind(source, seed), Distance(1), Margin(2.0), Plan(batch=40, epochs=epochs, rate=0.1))
    batcher, drawn = step.batcher, []
    feedback = batcher.feedback

    def listen(batch, scores):
        S = scores(np.arange(len(batch.anchors))[:, None], np.arange(3)[None, :])
        hinge = np.maximum(2.0 + S[:, 1:] - S[:, :1], 0)
        drawn.append(
            (batcher.drawn.entropy.mean(), batcher.hits.mean(), hinge[~batcher.hits[:, 0], 1].mean(), hinge[:, 0].mean())
        )
        feedback(batch, scores)

    batcher.feedback = listen
    edges = np.arange(len(source) // 40 + 1) * 40
    for epoch in range(epochs):
        step.run(step.order(epoch), edges, epoch, np.ones(len(edges) - 1))
    entropy, hits, proposed, noise = np.mean(drawn[-len(drawn) // 6 :], axis=0)
    return {"entropy": entropy, "hits": hits, "ratio": proposed / noise, "batcher": batcher}


def test_proposals_are_harder_than_noise_and_the_hinge_keeps_them_many():
    """Checks (i) and (iv) of the method, in training."""

    def entropy_weight(weight):
        proposed = Adversarial(entropy="hinge", entropy_weight=weight, keep=6, rate=0.03, every=1)
        return trained(Mixture((Corrupted(1), proposed)), ring(), epochs=120)

    kept, collapsed = entropy_weight(5.0), entropy_weight(0.0)
    assert kept["ratio"] > 1.5
    assert kept["entropy"] > np.log(6) - 0.2
    assert collapsed["entropy"] < np.log(6) - 0.5


def test_without_the_filter_the_generator_learns_the_graph():
    """Check (v): the share of true triples among the proposals rises."""
    source, share = ring(), {}
    known = set(zip(*(side.tolist() for side in source.known())))
    for filtered in (True, False):
        negatives = Mixture((Corrupted(1), Adversarial(entropy_weight=0.3, filtered=filtered, every=1)))
        made = trained(negatives, source)["batcher"]
        anchors, candidates = made.make(np.arange(len(source)), epoch=999)
        share[filtered] = np.mean([(a, c % 40) in known for a, c in zip(anchors, candidates.items[:, 2])])
    assert share[False] > 2 * share[True]


@pytest.mark.parametrize("generator", ["table", "layer"])
def test_a_run_that_goes_on_from_its_state_ends_with_the_same_bytes(generator):
    source = ring()
    negatives = Mixture((Corrupted(1), Adversarial(generator=generator)))

    def fresh():
        encoder = Translation(8).encoder(40, 3, seed=0)
        return Generic(encoder, negatives.bind(source, 0), Distance(1), Margin(2.0), Plan(batch=30, epochs=2, rate=0.1))

    def go(step, epoch):
        step.run(step.order(epoch), np.arange(5) * 30, epoch, np.ones(4))

    whole, first, second = fresh(), fresh(), fresh()
    go(whole, 0), go(whole, 1), go(first, 0)
    assert {"generator.batches", "optimizer.steps"} <= set(first.state) and any(
        k.startswith("generator.target") for k in first.state
    )
    for saved, put in ((first.parameters, second.parameters), (first.state, second.state)):
        for name, value in saved.items():
            put[name][...] = value
    go(second, 1)
    for name, value in whole.parameters.items():
        assert value.tobytes() == second.parameters[name].tobytes(), name
    for name, value in whole.state.items():
        assert value.tobytes() == second.state[name].tobytes(), name


# Texts


def text_batches(part, n=30):
    """Pairs i -> i and, for the first ten, i -> i + 1 as well."""
    source = PairSource(np.concatenate([np.arange(n), np.arange(10)]), np.concatenate([np.arange(n), np.arange(1, 11)]), n, n)
    encoder = Table(np.random.default_rng(0).standard_normal((2 * n, 8), np.float32))
    return source, encoder, TextBatches(source, Mixture((Topical(), part)), seed=0, size=10, encode=encoder.encode)


@pytest.mark.parametrize(
    "part",
    [Adversarial(generator="layer"), Adversarial(generator="table", subset=12, n=2), Boltzmann(0.1, subset=12)],
    ids=lambda part: part.name,
)
def test_documents_are_proposed_and_those_that_belong_are_masked(part):
    source, encoder, made = text_batches(part)
    made.watch(encoder, Cosine())
    anchors, candidates = made.make(np.arange(10), 0)
    documents = candidates.items - 30
    assert len(np.unique(documents)) == len(documents) > 10
    assert (documents[candidates.target] == source.documents[:10]).all()
    known = set(zip(source.anchors.tolist(), source.documents.tolist()))
    masked = set(zip(*(places.tolist() for places in candidates.mask)))
    for i, anchor in enumerate(anchors.tolist()):
        for column, document in enumerate(documents.tolist()):
            if column != candidates.target[i]:
                assert ((i, column) in masked) == ((anchor, document) in known)


def test_texts_train_with_proposals_and_the_generator_moves():
    _, encoder, made = text_batches(Adversarial(generator="layer", entropy_weight=0.1, every=1))
    step = Generic(encoder, made, Cosine(), InfoNCE(0.1), Plan(batch=10, epochs=1, rate=0.1))
    before = {name: value.copy() for name, value in made.state.items()}
    losses = [step.run(step.order(epoch), np.arange(5) * 10, epoch, np.ones(4)) for epoch in range(12)]
    assert losses[-1] < 0.5 * losses[0]
    assert all((made.state[name] != value).any() for name, value in before.items() if name.startswith("generator."))
    assert "generator.anchor.weights" in step.state


def test_documents_that_belong_cost_the_sampler_the_penalty():
    _, encoder, made = text_batches(Saying(penalty=9.0))
    SAMPLERS.append(sampler := Said([[1], [5]]))
    made.watch(encoder, Cosine())
    batch = made.make(np.array([0, 1]), 0)
    vectors = encoder.parameters["table"] / np.linalg.norm(encoder.parameters["table"], axis=1, keepdims=True)
    S = vectors[batch.anchors] @ vectors[batch.candidates.items].T
    made.feedback(batch, lambda rows, columns: S[rows, columns])
    # Document 1 belongs to anchor 0 as well. The other documents that anchor 1 is compared with: that of anchor 0, and its own, twice each.
    assert sampler.heard[0, 0] == -9
    assert sampler.heard[1, 0] == pytest.approx(vectors[1] @ (vectors[35] - (vectors[30] + vectors[31]) / 2), abs=1e-6)


# What cannot be


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adversarial(n=0), "E0580: the number of adversarial negatives must be at least 1\n  value: 0"),
        (lambda: Adversarial(entropy="on"), "E0580: entropy must be 'hinge' or 'always'\n  value: 'on'"),
        (lambda: Adversarial(generator="mlp"), "E0580: generator must be 'table' or 'layer'\n  value: 'mlp'"),
        (lambda: Adversarial(keep=0), "E0580: keep must be at least 1\n  value: 0"),
        (lambda: Adversarial(every=0), "E0580: every must be at least 1\n  value: 0"),
        (lambda: Adversarial(noise_baseline=1.5), "E0580: noise_baseline is a share, from 0 to 1\n  value: 1.5"),
        (lambda: Adversarial(penalty=-1.0), "E0580: penalty must not be negative\n  value: -1.0"),
        (lambda: Adversarial(rate=-1.0), "E0580: the generator's learning rate must not be negative\n  value: -1.0"),
        (lambda: Adversarial(subset=1), "E0580: a subset has at least 2 items; 0 is all\n  value: 1"),
        (lambda: Boltzmann(temperature=0.0), "E0580: temperature must be above 0\n  value: 0.0"),
        (
            lambda: Mixture((Noise(),), weight=1.5),
            "E0581: the weight of the first negatives is a share, from 0 to 1\n  value: 1.5",
        ),
        (
            lambda: Mixture((Noise(), Noise())).bind(LINKS, 0),
            "E0582: a mixture for links has two parts: noise, and negatives that are proposed for each anchor\n"
            "  value: 'noise, noise'\n  to do: write Mixture((Noise(), Adversarial()))",
        ),
    ],
)
def test_wrong_settings_say_what_is_right(make, message):
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value).startswith(message)
