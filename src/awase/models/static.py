"""The static model: a text's vector is the mean of its tokens' rows. Needs numpy, tokenizers and safetensors only."""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from awase.core.errors import ConfigError, InputError, IntegrityError
from awase.core.suggest import did_you_mean
from awase.data.text.texts import check_types, listed
from awase.data.text.tokenizer import Tokenizer
from awase.data.trained_on import TrainedOn

_ROLES = ("query", "document")
_COLD_FLOATS = 1 << 26  # rows times dim below which importing numba takes longer than it saves
_SPACES = " \u2581\u0120"  # as tokens are written: SentencePiece and byte-level BPE have signs of their own
_NUMPY_FLOATS = 1 << 22  # copied at a time without numba
_LARGEST = 1e15  # of a table: sums of many rows and of squares stay numbers in float32


class Label(NamedTuple):
    """A label and its cosine with a text."""

    name: str
    score: float


class StaticModel:
    """A tokenizer and a row for each token.

    tokenizer_json: the text of a tokenizer.json. table: (vocab_size, dim) float32; the row of the unknown token is never
    read and made zero. prompts: text put before each text, by role. info: what ``awase.json`` shall remember of the training. labels: names
    of what texts were trained to lie close to, whose rows follow those of the tokens.

    >>> from awase.data.text.tokenizer import train_tokenizer
    >>> tokenizer = train_tokenizer(["red wine", "white wine"] * 2, vocab_size=60)
    >>> model = StaticModel(tokenizer.to_json(), np.eye(tokenizer.vocab_size, dtype=np.float32))
    >>> red, _ = model.encode(["Red wine", "unseen?"])
    >>> red[red > 0]
    array([0.70710677, 0.70710677], dtype=float32)
    """

    def __init__(
        self,
        tokenizer_json: str,
        table: np.ndarray,
        *,
        normalize: bool = True,
        name: str = "static",
        prompts: Mapping[str, str] | None = None,
        info: dict | None = None,
        drop_unknown: bool = True,
        labels: Sequence[str] = (),
    ):
        self.tokenizer = Tokenizer.from_json(tokenizer_json, drop_unknown=drop_unknown)
        self.table = _checked(table, self.tokenizer, len(labels))
        self.normalize, self.name, self.labels = normalize, name, list(labels)
        self.prompts, self.info = dict(prompts or {}), dict(info or {})
        self._ones = np.ones(len(self.table), np.float32)  # for the kernel of training, which has a weight for each row
        self._fingerprint: str | None = None
        self.trained_on: tuple[
            TrainedOn, ...
        ] = ()  # what it remembers of the texts that it and what it began with were trained on

    @property
    def dim(self) -> int:
        return self.table.shape[1]

    @property
    def fingerprint(self) -> str:
        """sha256, in hex, over all that decides the vectors: table, tokenizer, prompts and how rows become a vector."""
        if self._fingerprint is None:
            settings = [self.table.shape, self.normalize, self.tokenizer.drop_unknown, sorted(self.prompts.items())]
            digest = hashlib.sha256(json.dumps(settings, ensure_ascii=False).encode())
            digest.update(self.table.astype("<f4", copy=False).data)
            digest.update(self.tokenizer.to_json().encode())
            self._fingerprint = digest.hexdigest()
        return self._fingerprint

    def trust_fingerprint(self, fingerprint: str) -> None:
        """Spares the computation to who has verified the files that the fingerprint was computed over."""
        self._fingerprint = fingerprint

    def encode(self, texts: Sequence[str], *, role: str = "document", dim: int | None = None) -> np.ndarray:
        """The vectors of texts, float32 (n_texts, dim).

        v = mean of table[t] over the tokens t of the text, then v / |v| if the model normalises; no known token: v = 0.
        dim: keep the first so many dimensions and normalise again (Matryoshka). role: "query" or "document".
        Raises ConfigError for a role or a dim that is not there, InputError and LimitError as ``Tokenizer.encode``.
        """
        width = self.dim if dim is None else dim
        if not 1 <= width <= self.dim:
            raise ConfigError("E0410", f"the model has {self.dim} dimensions", value=dim, remedy=f"dim from 1 to {self.dim}")
        if role not in _ROLES and role not in self.prompts:
            raise ConfigError("E0411", f"there is no role {role!r}", remedy=did_you_mean(role, {*_ROLES, *self.prompts}))
        texts = listed(texts)
        if prompt := self.prompts.get(role):
            texts = texts.to_pylist() if hasattr(texts, "to_pylist") else texts  # pyright: ignore[reportAttributeAccessIssue]
            check_types(texts)
            texts = [prompt + text for text in texts]
        out = np.empty((len(texts), width), np.float32)
        start = 0
        for ids, offsets in self.tokenizer.blocks(texts):
            stop = start + len(offsets) - 1
            vectors = out[start:stop] if width == self.dim else np.empty((stop - start, self.dim), np.float32)
            mean_rows(self.table, self._ones, ids, offsets, vectors)
            if width < self.dim:
                out[start:stop] = vectors[:, :width]
            if self.normalize:
                _normalise(out[start:stop])
            start = stop
        return out

    def similarity(self, a: Sequence[str] | np.ndarray, b: Sequence[str] | np.ndarray) -> np.ndarray:
        """float32 (len(a), len(b)): the cosines of two lists of texts or of vectors, as sentence-transformers calls it."""
        A, B = (np.array(one) if isinstance(one, np.ndarray) and one.ndim == 2 else self.encode(list(one)) for one in (a, b))
        for vectors in (A, B):
            _normalise(vectors)
        return A @ B.T

    def __repr__(self) -> str:
        labels = f", {len(self.labels):,} labels" if self.labels else ""
        return f"<StaticModel {self.name!r}: {self.tokenizer.vocab_size:,} tokens{labels}, {self.dim} dimensions>"

    def knows(self, texts: Sequence[str]) -> np.ndarray:
        """bool (n_texts,): whether a text, without any prompt, has a token that is known and more than the mark of a space."""
        ids, offsets = self.tokenizer.encode(texts)
        distinct, of = np.unique(ids, return_inverse=True)
        says = [i != self.tokenizer.unk_id and bool((self.tokenizer.token(i) or "").strip(_SPACES)) for i in distinct]
        n_said = np.concatenate([[0], np.cumsum(np.array(says, bool)[of])])
        return n_said[offsets[1:]] > n_said[offsets[:-1]]

    def predict(self, texts: Sequence[str], k: int = 1) -> list[list[Label]]:
        """The k labels closest to each text by cosine, best first; a text without a known token is as close to all.

        Raises ConfigError E0429 where the model was trained without labels, else as ``encode``.
        """
        if not self.labels:
            raise ConfigError(
                "E0429", "this model knows no labels", value=self.name,
                remedy="fit one to labelled texts: awase fit texts.csv --recipe starspace",
            )  # fmt: skip
        first = self.tokenizer.vocab_size
        rows = self.table[first : first + len(self.labels)].copy()
        vectors = self.encode(texts)
        for some in (rows, vectors):
            _normalise(some)
        scores = vectors @ rows.T
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return [[Label(self.labels[at], float(row[at])) for at in some] for row, some in zip(scores, best)]

    def save(self, path: Path | str, card: str | None = None, extra: Mapping[str, bytes] | None = None) -> None:
        """Writes a folder that Awase, sentence-transformers and model2vec load. See ``awase.models.folder.save``."""
        from awase.models.folder import save

        save(self, path, card=card, extra=extra)


def mean_rows(table: np.ndarray, weights: np.ndarray, ids: np.ndarray, offsets: np.ndarray, out: np.ndarray) -> None:
    """out[i] = mean of table[t] over t in ids[offsets[i]:offsets[i + 1]], zero if there are none. out: (n, dim) float32."""
    n, width = out.shape
    native = "awase.kernels.bags" in sys.modules or (len(ids) * width >= _COLD_FLOATS and find_spec("numba") is not None)
    if native:
        from awase.kernels.bags import bag_mean

        bag_mean(table, weights, ids, offsets, np.arange(n), 0, n, out)
        return
    out[:] = 0
    rows = np.flatnonzero(np.diff(offsets))
    begins = offsets[rows]
    step = max(1, _NUMPY_FLOATS // width)
    for begin in range(0, len(ids), step):
        some = ids[begin : begin + step]
        first, last = np.searchsorted(begins, begin, "right") - 1, np.searchsorted(begins, begin + len(some), "left")
        starts = np.maximum(begins[first:last], begin) - begin
        out[rows[first:last]] += np.add.reduceat(table[some], starts, axis=0)
    out *= (np.float32(1) / np.maximum(np.diff(offsets), 1).astype(np.float32))[:, None]


def _normalise(vectors: np.ndarray) -> None:
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    norms[norms == 0] = 1  # a zero vector stays one
    vectors /= norms


def _checked(table: np.ndarray, tokenizer: Tokenizer, n_labels: int) -> np.ndarray:
    table = np.ascontiguousarray(table, np.float32)
    if table.ndim != 2 or table.shape[1] == 0:
        raise InputError(
            "E0412", "a table has the shape (tokens, dim)", value=table.shape, remedy="give one row for each token"
        )
    if len(table) < tokenizer.vocab_size + n_labels:
        raise IntegrityError(
            "E0413",
            f"the tokenizer has {tokenizer.vocab_size:,} tokens{f' and there are {n_labels:,} labels' if n_labels else ''}, "
            f"the table only {len(table):,} rows",
            remedy="they belong to different models: save or download the folder again",
        )
    bad = np.flatnonzero(~np.isfinite(table).all(axis=1))
    if len(bad):
        raise InputError(
            "E0414", f"{len(bad):,} rows of the table hold NaN or infinity", place=f"row {bad[0]}", remedy="train or save again"
        )
    if table.size and max(-float(table.min()), float(table.max())) > _LARGEST:
        row = int(np.argmax(np.abs(table).max(axis=1)))
        raise InputError(
            "E0414", "the table has values of which no length can be computed", place=f"row {row}",
            value=float(np.abs(table[row]).max()), remedy="train or save again: usual values lie between -100 and 100",
        )  # fmt: skip
    if tokenizer.drop_unknown and tokenizer.unk_id is not None and table[tokenizer.unk_id].any():
        table = table.copy()
        table[tokenizer.unk_id] = 0
    return table
