"""What benchmarks/ace.py runs in processes of their own. Each returns the points of a curve."""

import time
from dataclasses import replace

import numpy as np

EVERY = 16  # batches between two looks at the sampler


def negatives_of(arm: dict, noise):
    """The negatives of an arm: {"noise": n, "adversarial" or "boltzmann": settings, "weight": of the noise}; noise: n -> part."""
    from awase.contrast.negatives import Adversarial, Boltzmann, Mixture

    for name, part in (("adversarial", Adversarial), ("boltzmann", Boltzmann)):
        if name in arm:
            return Mixture((noise(arm["noise"]), part(**arm[name])), arm.get("weight", 0.5))
    return noise(arm["noise"])


class Curve:
    """Validates a loop: measures test and validation figures, with the clock stopped."""

    def __init__(self, measure, before: float = 0.0):
        self.points, self._measure, self._seconds = [], measure, before
        self.prepared = before
        self._step = self._started = None

    def watch(self, step):
        """The step, whose calls are counted."""
        run, self._step = step.run, 0

        def counted(rows, edges, epoch, shares):
            self._step += len(edges) - 1
            return run(rows, edges, epoch, shares)

        step.run = counted
        self._started = time.process_time()
        return step

    def __call__(self) -> float:
        self._seconds += time.process_time() - self._started
        found = self._measure()
        self.points.append({"step": self._step, "seconds": self._seconds, "prepared": self.prepared, **found})
        self._started = time.process_time()
        return found["valid"]


class Sampler:
    """Looks at every so many batches of a sampler: entropy, share of true proposals, their loss over that of noise.

    paid: (scores of negatives (b, 2), of positives (b, 1)) -> losses (b, 2).
    """

    def __init__(self, batcher, paid):
        from awase.kernels.policy import known_each
        from awase.kernels.sets import pair_set

        self._seen: list[tuple[float, ...]] = []
        if not hasattr(batcher, "feedback"):
            return
        feedback, n = batcher.feedback, len(batcher.noise.share)
        anchors, targets = batcher.source.known()
        known, count = pair_set(anchors, targets, n), 0

        def listening(batch, scores):
            nonlocal count
            count += 1
            if count % EVERY == 0:
                S = scores(np.arange(len(batch.anchors))[:, None], np.arange(3)[None, :])
                cost, true = paid(S[:, 1:], S[:, :1]), np.empty((len(S), 1), bool)
                known_each(known, batch.anchors, batcher.drawn.items, n, true)
                proposed = cost[~batcher.hits[:, 0], 1]
                self._seen.append(
                    (batcher.drawn.entropy.mean(), true.mean(), proposed.mean() if len(proposed) else 0.0, cost[:, 0].mean())
                )
            feedback(batch, scores)

        batcher.feedback = listening

    def figures(self) -> dict:
        """Means since the last call."""
        if not self._seen:
            return {}
        entropy, true, proposed, noise = (float(of) for of in np.mean(self._seen, axis=0))
        self._seen = []
        return {"entropy": entropy, "true": true, "ratio": proposed / max(noise, 1e-9)}


def course(step, plan, curve: Curve) -> dict:
    """Trains, without stopping early, and returns the curve."""
    from awase.train.loop import Loop

    Loop(curve.watch(step), replace(plan, patience=10**6), validate=curve).run()
    return {"points": curve.points}


def graphs(*, arm: dict, rate: float, seed: int, quick: bool, **of) -> dict:
    from awase import recipes
    from awase.apps.graph import Training
    from awase.contrast.negatives import Corrupted
    from awase.train.loop import Loop
    from awase.train.step import Generic
    from graphs import graph

    triples, split, _ = graph(of["set"])
    recipe = recipes.get("transe")(epochs=4 if quick else 100, rate=rate, filtered=True)
    recipe = replace(recipe, negatives=negatives_of(arm, Corrupted), plan=replace(recipe.plan, seed=seed, validations=20))

    def generic(plan) -> tuple[Training, Generic]:
        """Both arms on the same path, whether noise has a kernel or not."""
        training = Training(recipe, triples, split, seed=seed, threads=1)
        batcher = recipe.negatives.bind(training.source, seed)
        return training, Generic(training.encoder, batcher, recipe.score, recipe.loss, plan)

    short = replace(recipe.plan, epochs=1)
    Loop(generic(short)[1], short).run()  # loads what is compiled
    training, step = generic(recipe.plan)
    sampler = Sampler(step.batcher, lambda negative, positive: np.maximum(recipe.loss.margin + negative - positive, 0))

    def measure() -> dict:
        test = training.judge(split.test).summary()["both"]
        valid = training.judge(split.valid).summary()["both"]["mrr"]
        return {"valid": valid, "mrr": test["mrr"], "hits@10": test["hits@10"], **sampler.figures()}

    return course(step, recipe.plan, Curve(measure))


def cost(*, batch: int, subset: int, quick: bool, **of) -> dict:
    """Milliseconds of a step: medians of blocks of 8 batches, the arms in turn, so that what else runs disturbs all alike."""
    from threadpoolctl import threadpool_limits

    from awase import recipes
    from awase.apps.graph import Training
    from awase.contrast.negatives import Adversarial, Corrupted, Mixture
    from awase.train.step import Generic, choose
    from graphs import graph

    triples, split, _ = graph(of["set"])
    recipe = recipes.get("transe")(batch=batch)
    paper = {"every": 1, "noise_baseline": 0.2}
    arms = {
        "noise 2": Corrupted(2),
        "ACE": Mixture((Corrupted(1), Adversarial(subset=subset))),
        "ACE, layer": Mixture((Corrupted(1), Adversarial(subset=subset, generator="layer"))),
        "ACE, a generator step each batch, self-critical": Mixture((Corrupted(1), Adversarial(subset=subset, **paper))),
    }

    def steps(negatives, make):
        training = Training(recipe, triples, split, seed=0, threads=1)
        return make(training.encoder, negatives.bind(training.source, 0), recipe.score, recipe.loss, recipe.plan)

    made = {name: steps(negatives, Generic) for name, negatives in arms.items()}
    made["noise 2, kernel"] = steps(Corrupted(2), choose)
    block = 8
    rows, edges = np.arange(batch * block) % len(split.train), np.arange(block + 1) * batch
    spent: dict[str, list[float]] = {name: [] for name in made}
    with threadpool_limits(1, "blas"):
        for epoch in range(5 if quick else 150):
            for name, step in made.items():
                started = time.perf_counter()
                step.run(rows, edges, epoch, np.ones(block))
                spent[name].append((time.perf_counter() - started) / block * 1e3)
    each = {name: float(np.median(of[3:])) for name, of in spent.items()}
    least = {name: float(np.min(of[3:])) for name, of in spent.items()}
    over = {name: round(ms / each["noise 2"], 2) for name, ms in each.items()}
    return {"n_entities": len(triples.head_names), "ms": each, "ms_least": least, "over_noise_2": over}


def hypernyms(*, arm: dict, rate: float, seed: int, quick: bool) -> dict:
    from awase import recipes
    from awase.apps.hierarchy import Training
    from awase.contrast.negatives import CorruptedEdges
    from awase.data.closure import transitive_closure
    from awase.data.link_split import split_links
    from awase.data.links import read_links
    from awase.tasks.hypernymy import hypernymy
    from awase.train.step import Generic
    from sets import wordnet_below, wordnet_nouns

    links = read_links(wordnet_below("mammal.n.01") if quick else wordnet_nouns(), "edges")
    edges = transitive_closure(links)
    split = split_links(edges, valid=0.05, test=0.05, kept=links)
    recipe = recipes.get("order")(batch=1024, epochs=2 if quick else 10, rate=rate)
    recipe = replace(recipe, negatives=negatives_of(arm, CorruptedEdges), plan=replace(recipe.plan, seed=seed, validations=10))

    def generic(plan) -> tuple[Training, Generic]:
        training = Training(recipe, links, edges, split, seed=seed, threads=1)
        batcher = recipe.negatives.bind(recipe.positives.source(edges, split.train), seed)
        return training, Generic(training.encoder, batcher, recipe.score, recipe.loss, plan)

    training, step = generic(recipe.plan)
    step.run(np.arange(1024), np.array([0, 1024]), 0, np.ones(1))  # loads what is compiled
    training, step = generic(recipe.plan)
    valid, test = training.labelled(split.valid), training.labelled(split.test)

    def measure() -> dict:
        chosen = hypernymy(training.is_below, valid, valid).summary()["accuracy"]
        found = hypernymy(training.is_below, valid, test).summary()
        return {"valid": chosen, "accuracy": found["accuracy"], "reversed_rejected": found["reversed_rejected"]}

    return course(step, recipe.plan, Curve(measure))


def words(*, arm: dict, rate: float, seed: int, quick: bool) -> dict:
    from awase.contrast.encoders import TwoTables
    from awase.contrast.losses import Logistic
    from awase.contrast.negatives import Noise
    from awase.contrast.positives import LinkSource
    from awase.contrast.scores import Dot
    from awase.tasks.similarity import cosine_of, read_word_pairs, word_similarity
    from awase.train.plan import Plan
    from awase.train.step import Generic
    from corpora import english_similarity

    words_of, anchors, targets = pairs_of_words(100_000 if quick else 1_000_000)
    n = len(words_of)
    source = LinkSource(anchors, targets, n, n, n)
    negatives = negatives_of(arm, lambda k: Noise(k, 0.75, filtered=False))
    plan = Plan(batch=1024, epochs=2 if quick else 8, rate=rate, warmup=0.0, seed=seed, validations=8)
    sets = english_similarity()
    names = {"wordsim353": "WS-353-ALL", "simlex": "SimLex999", "men": "MEN-TR-3k", "rareword": "RW-STANFORD"}
    judged = {name: read_word_pairs(sets[file]) for name, file in names.items()}

    def fresh():
        encoder = TwoTables(100).encoder(n, n, seed=seed)
        return encoder, Generic(encoder, negatives.bind(source, seed), Dot(), Logistic(), plan)

    _, step = fresh()
    step.run(np.arange(1024), np.array([0, 1024]), 0, np.ones(1))  # loads what is compiled
    encoder, step = fresh()

    def measure() -> dict:
        score = cosine_of(encoder.parameters["table"][:n])
        found = {name: word_similarity(pairs, words_of, score) for name, pairs in judged.items()}
        figures = {name: float(of.rho or 0) for name, of in found.items()}
        # Rates are chosen by SimLex, which is not among the figures reported.
        return {"valid": figures["simlex"], **figures, "coverage": found["rareword"].coverage}

    return course(step, plan, Curve(measure))


def pairs_of_words(n_words: int, window: int = 5) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Words, and the pairs (word, word near it) of the first n_words of the English corpus, subsampled, in a window of random reach."""
    from itertools import islice

    from awase.contrast.positives import Windows
    from awase.data.corpus import read_corpus
    from corpora import english

    with english().open(encoding="utf-8") as lines:
        corpus = read_corpus(list(islice(lines, n_words // 20)), min_count=5)
    rng = np.random.default_rng(0)
    sentence = np.repeat(np.arange(len(corpus.bounds) - 1), np.diff(corpus.bounds))
    kept = rng.random(len(corpus.ids)) < Windows(window).kept(corpus.counts)[corpus.ids]
    ids, sentence = np.asarray(corpus.ids)[kept].astype(np.int64), sentence[kept]
    anchors, targets = [], []
    for apart in range(1, window + 1):
        near = sentence[apart:] == sentence[:-apart]
        for one, other in ((ids[:-apart], ids[apart:]), (ids[apart:], ids[:-apart])):
            reached = near & (rng.random(len(near)) < (window + 1 - apart) / window)
            anchors.append(one[reached])
            targets.append(other[reached])
    return corpus.words, np.concatenate(anchors), np.concatenate(targets)


def texts(*, arm: str, epochs: int, seed: int, quick: bool) -> dict:
    import pyarrow as pa

    from awase import recipes
    from awase.contrast.negatives import Boltzmann, InBatch, Mined, Mixture, TextBatches, Topical
    from awase.data.pairs import read_pairs
    from awase.index.exact import Exact
    from awase.index.lexical import BM25
    from awase.models import StaticModel
    from awase.train.loop import Loop
    from awase.train.step import choose
    from static import judged, parts

    titles, bodies, rows = parts(6000 if quick else None)
    pairs = read_pairs([(titles[row], bodies[row]) for row in rows["train"]])
    recipe = recipes.get("static")(batch=512 if quick else 2048, epochs=epochs, negatives="adversarial")
    items = recipe.positives.items(pairs, np.arange(len(pairs)))
    both = pa.chunked_array([*items.anchors.chunks, *items.documents.chunks])
    tokenizer = recipe.encoder.tokenizer(both)
    tokens, source = tokenizer.encode(both), items.source
    adversarial = recipe.negatives.parts[1]
    negatives = {
        "topical": Topical(),
        "in-batch": InBatch(),
        "bm25": Mixture((Topical(), Mined())),
        "model-mined": Mixture((Topical(), Mined())),
        "adversarial": recipe.negatives,
        "adversarial, table": Mixture((Topical(), replace(adversarial, generator="table"))),
        "boltzmann": Mixture((Topical(), Boltzmann(adversarial.entropy_weight, subset=adversarial.subset))),
    }[arm]
    plan = replace(recipe.plan, seed=seed, validations=epochs)

    def fresh(negatives, plan):
        bag = recipe.encoder.bag(tokenizer, tokens, seed=seed, threads=1)
        batches = TextBatches(source, negatives, seed=seed, size=plan.batch, encode=bag.encode)
        return bag, choose(bag, batches, recipe.score, recipe.loss, plan, threads=1)

    def one_epoch():
        """The encoder after one epoch of plain negatives."""
        short = replace(plan, epochs=1, validations=0)
        bag, step = fresh(Topical(), short)
        Loop(step, short).run()
        return bag

    one_epoch()  # loads what is compiled
    started = time.process_time()
    if arm == "bm25":
        searcher = BM25()
        searcher.add(items.documents.to_pylist())
        negatives.parts[1].prepare(source, searcher, items.anchors.to_pylist())
    elif arm == "model-mined":
        V = one_epoch().encode(np.arange(source.n_anchors + source.n_documents))
        V /= np.maximum(np.linalg.norm(V, axis=1, keepdims=True), np.float32(1e-12))
        negatives.parts[1].prepare(source, Exact(V[source.n_anchors :]), V[: source.n_anchors])
    prepared = time.process_time() - started
    bag, step = fresh(negatives, plan)

    def measure() -> dict:
        model = StaticModel(tokenizer.to_json(), bag.folded())
        found = {part: judged(model.encode, titles, bodies, rows[part]) for part in ("valid", "test")}
        return {
            "valid": found["valid"]["ndcg@10"],
            "ndcg@10": found["test"]["ndcg@10"],
            "accuracy@1": found["test"]["accuracy@1"],
        }

    return course(step, plan, Curve(measure, prepared))
