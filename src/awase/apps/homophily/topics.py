"""What users write about: their texts as vectors, clustered, and each user's shares of the clusters.

    a text     the mean of its tokens' rows, less the mean of all texts, at unit length
    a topic    a cluster of k-means on these, so by cosine
    its name   the terms with the highest c-TF-IDF (Grootendorst 2022, arXiv 2203.05794, equation 2), with the root of the count:
               W(t, c) = sqrt(tf(t, c)) log(1 + A / f(t)), where tf is how often term t stands in the texts of topic c, f in all,
               and A the mean number of terms of a topic. The root, an option of the paper's code, does the work of a list of stop
               words in any language: without it, each of 20 topics of English has "the" in its name
    a user     the shares of topics among the user's texts

A share is a mean of one-hot vectors. Soft assignments were not taken: how soft is one more number to choose, of which cosines between users
depend, while a share can be checked by counting. Everything that is fitted is fitted to a sample of texts; all of them are then read once,
a block at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from awase.apps.homophily.streams import OWN_REPLY, OWN_ROOT, OWN_THREAD
from awase.core.errors import InputError, missing_extra
from awase.core.progress import progress
from awase.core.protocols import TextEncoder
from awase.data.compute import pc
from awase.data.text.analyze import Analyzer, analyzer

NONE = -1  # the topic of what has no text, or none with a known token
MOST_TOPICS = 484  # of the paper
_SAMPLE = 100_000  # texts that clusters and terms are fitted to
_BLOCK = 500_000  # texts fetched at a time: each time is a pass over the dump
_ENCODED = 16_384  # texts whose vectors are held at a time
_TERMS = 50_000
_NAMING = 10  # terms of a name
_LEAST_TEXTS = 20


@dataclass(frozen=True, eq=False)
class Topics:
    """names: of each topic, its terms, best first. of_item: int32 (m,), the topic of each event of the streams, NONE for those that are not the
    user's own or have no text. users: float64 (u, k), see ``shares``. sizes: int64 (k,), events of each topic. n_texts: how many were read.
    """

    names: list[list[str]]
    users: np.ndarray
    sizes: np.ndarray
    of_item: np.ndarray
    n_texts: int

    @property
    def k(self) -> int:
        """How many topics there are."""
        return len(self.names)

    def of_units(self, unit: np.ndarray, n_units: int) -> np.ndarray:
        """float64 (n_units, k): ``shares`` by another division of the events than users, such as ``units_by_year``; unit: (m,)."""
        return shares(self.of_item, unit, n_units, self.k)


def topics(
    streams: Any,
    discussion: Any,
    *,
    model: TextEncoder | None = None,
    k: int | None = None,
    most: int = MOST_TOPICS,
    analysis: str = "simple",
    seed: int = 0,
    threads: int = 1,
) -> Topics:
    """The topics of what the users of the streams wrote: threads, comments and replies; replies received are not theirs.

    model: of texts; without one, a static model is trained on pairs that belong together in the dump: replies and what they answer, titles
    and bodies (``apps.homophily.text_model``). k: how many topics; by default sqrt(n) / 5 for n texts, which are the paper's 484 for its 5.9
    million, at most ``most``. analysis: of texts into terms for names (``data.text.analyze.analyzer``).
    Raises InputError E1036 where there are fewer than 20 texts or fewer than two for each topic; MissingExtra E0001 without scikit-learn.
    """
    rows = np.flatnonzero(np.isin(streams.code, (OWN_THREAD, OWN_REPLY, OWN_ROOT)))
    ids, back = np.unique(streams.id[rows], return_inverse=True)
    if model is None:
        from awase.apps.homophily.text_model import text_model

        model = text_model(streams, discussion, seed=seed, threads=threads)
    of_text = np.full(len(ids), NONE, np.int32)
    n_texts = 0
    # Left to themselves, the threads of BLAS and OpenMP mostly wait for each other, spinning.
    with threadpool_limits(threads), progress("topics of texts", len(ids), "texts") as bar:
        sample = _sample(ids, discussion.texts, seed)
        clusters = Clusters.fit(model, sample, k, len(ids), most=most, analysis=analysis, seed=seed)
        for first in range(0, len(ids), _BLOCK):
            wanted = ids[first : first + _BLOCK]
            table = discussion.texts(wanted)
            n_texts += len(table)
            of_text[first + np.searchsorted(wanted, table["id"].to_numpy())] = clusters.add(table["text"])
            bar.advance(len(wanted))
    of_item = np.full(len(streams), NONE, np.int32)
    of_item[rows] = of_text[back]
    users = shares(of_item, streams.user, streams.n_users, clusters.k)
    return Topics(clusters.names(), users, np.bincount(of_item[of_item >= 0], minlength=clusters.k), of_item, n_texts)


def shares(of_item: np.ndarray, unit: np.ndarray, n_units: int, k: int) -> np.ndarray:
    """float64 (n_units, k): of the items of each unit that have a topic, the share that has each one; a row of zeros where none has.

    >>> shares(np.array([0, 1, 1, -1]), np.array([0, 0, 0, 1]), 2, 2).round(3).tolist()
    [[0.333, 0.667], [0.0, 0.0]]
    """
    known = of_item >= 0
    counts = np.bincount(unit[known].astype(np.int64) * k + of_item[known], minlength=n_units * k).reshape(n_units, k)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


class Clusters:
    """Topics as fitted to a sample: assigns texts and counts their terms for the names.

    >>> texts = ["red wine from the hill", "white wine", "a fast train", "the night train north"] * 5
    >>> from awase.data.text.tokenizer import train_tokenizer
    >>> from awase.models import StaticModel
    >>> tokenizer = train_tokenizer(texts, 90)
    >>> clusters = Clusters.fit(StaticModel(tokenizer.to_json(), np.eye(tokenizer.vocab_size)), texts, 2, len(texts))
    >>> clusters.add(texts).tolist()[:4] in ([0, 0, 1, 1], [1, 1, 0, 0]), sorted(name[0] for name in clusters.names())
    (True, ['train', 'wine'])
    """

    def __init__(self, model: TextEncoder, mean: np.ndarray, centres: np.ndarray, terms: Analyzer, kept: np.ndarray):
        self._model, self._mean, self._centres, self._terms, self._kept = model, mean, centres, terms, kept
        self._counts = np.zeros((self.k, int(kept.max(initial=-1)) + 1), np.int64)

    @property
    def k(self) -> int:
        """How many topics there are."""
        return len(self._centres)

    @classmethod
    def fit(
        cls,
        model: TextEncoder,
        sample: Any,
        k: int | None,
        n_texts: int,
        *,
        most: int = MOST_TOPICS,
        analysis: str = "simple",
        seed: int = 0,
    ) -> "Clusters":
        """Clusters and terms of a sample of ``n_texts`` texts. Raises as ``topics``."""
        try:
            from sklearn.cluster import MiniBatchKMeans
        except ImportError:
            raise missing_extra("homophily", "scikit-learn") from None
        k = max(2, min(most, round(n_texts**0.5 / 5))) if k is None else k
        vectors = np.concatenate([np.empty((0, model.dim), np.float32), *(model.encode(block) for block in _blocks(sample))])
        vectors = vectors[vectors.any(axis=1)]
        if len(vectors) < max(_LEAST_TEXTS, 2 * k):
            raise InputError(
                "E1036", f"{len(vectors):,} texts are too few for {k} topics", value=len(vectors),
                remedy="ask for fewer topics, or for none where there is so little text",
            )  # fmt: skip
        mean = vectors.mean(axis=0)
        found: Any = MiniBatchKMeans(k, batch_size=4096, n_init=cast(Any, 3), random_state=seed)
        found.fit(_centred(vectors, mean))
        terms = analyzer(analysis)
        return cls(model, mean, found.cluster_centers_.astype(np.float32), terms, _worth_naming(terms, terms.terms(sample).ids))

    def add(self, texts: Any) -> np.ndarray:
        """int32 (n,): the topic of each text, NONE where no token is known; their terms are counted towards the names."""
        found = np.full(len(texts), NONE, np.int32)
        half = (self._centres**2).sum(axis=1) / 2
        for at, block in zip(range(0, len(texts), _ENCODED), _blocks(texts)):
            vectors = self._model.encode(block)
            topic = np.argmax(_centred(vectors, self._mean) @ self._centres.T - half, axis=1)
            topic[~vectors.any(axis=1)] = NONE
            found[at : at + len(topic)] = topic
            self._count(block, topic)
        return found

    def _count(self, texts: Any, topic: np.ndarray) -> None:
        bags = self._terms.lookup(texts)
        of_term, term = np.repeat(topic, np.diff(bags.offsets)), self._kept[bags.ids]
        counted = (of_term >= 0) & (term >= 0)
        cells, times = np.unique(of_term[counted] * self._counts.shape[1] + term[counted], return_counts=True)
        self._counts.ravel()[cells] += times

    def names(self, n: int = _NAMING) -> list[list[str]]:
        """The terms of each topic with the highest c-TF-IDF of what was added, at most n, best first."""
        vocabulary = pa.array(self._terms.vocabulary()).filter(pa.array(self._kept >= 0)).to_pylist()
        weights = c_tf_idf(self._counts)
        best = np.argsort(-weights, axis=1, kind="stable")[:, :n]
        return [[vocabulary[term] for term in row if weights[topic, term] > 0] for topic, row in enumerate(best)]


def c_tf_idf(counts: np.ndarray) -> np.ndarray:
    """float64 (k, v): W(t, c) = sqrt(tf(t, c)) log(1 + A / f(t)) of term counts (k, v), see the head of this file; 0 where a term is nowhere.

    >>> c_tf_idf(np.array([[4, 0], [1, 1]])).round(3).tolist()  # A = 3, f = (5, 1)
    [[0.94, 0.0], [0.47, 1.386]]
    """
    total = counts.sum(axis=0)
    return np.sqrt(counts) * np.log1p(counts.sum() / len(counts) / np.maximum(total, 1))


def _worth_naming(terms: Analyzer, ids: np.ndarray) -> np.ndarray:
    """int64 (n_terms,): the number of each term that a name may have, -1 for others: frequent ones, more than a character, no mere numbers."""
    counts = np.bincount(ids, minlength=len(terms))
    words = pa.array(terms.vocabulary(), pa.large_string())
    long = pc.and_(pc.greater(pc.utf8_length(words), 1), pc.invert(pc.utf8_is_decimal(words)))
    long = pc.and_(long, pc.invert(pc.starts_with(words, "^"))).to_numpy(zero_copy_only=False)  # these say where a word begins
    candidates = np.flatnonzero(long & (counts >= 2))
    best = np.sort(candidates[np.argsort(-counts[candidates], kind="stable")[:_TERMS]])
    kept = np.full(len(terms), -1, np.int64)
    kept[best] = np.arange(len(best))
    return kept


def _centred(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    apart = vectors - mean
    lengths = np.sqrt(np.einsum("nd,nd->n", apart, apart))[:, None]
    return apart / np.where(lengths == 0, 1, lengths)


def _sample(ids: np.ndarray, texts: Callable[[np.ndarray], pa.Table], seed: int) -> pa.ChunkedArray:
    """Texts of at most _SAMPLE of these ids, drawn at random."""
    rng = np.random.default_rng((seed, 0x709C))
    return texts(np.sort(rng.choice(ids, min(_SAMPLE, len(ids)), replace=False)))["text"]


def _blocks(texts: Any) -> Iterator[Any]:
    return (texts[first : first + _ENCODED] for first in range(0, len(texts), _ENCODED))
