"""Which texts a model was trained on or chosen by: ten bits of each, so that it is not judged on them without a word.

A Bloom filter (Bloom 1970) over hashes of the texts as BM25 sees them: the terms and how often each stands there, so that capitals, width,
white space, signs and endings make no difference. Ten bits a text and seven of them set: of texts that were not trained on, 8 in 1,000 are
taken for one that was. So all counts are "may be", and what is left out is only a query that is there together with one of its answers: of
pairs that are new, fewer than 1 in 10,000.

The salt makes the same text another hash in another model. Who has the folder has the salt, and can ask for any text that they can guess.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

BITS = 10  # a text
CHANCE = 0.0082  # that a text is taken for one of the remembered: (1 - exp(-HASHES / BITS)) ** HASHES
_HASHES = 7  # bits set for a text: BITS ln 2
_BLOCK = 1 << 16  # texts hashed at a time
_PROBE = ["Running, the ＤＯＧＳ' cafés & 東京タワー?", "Straße 2.0", "?!"]


class TrainedOn(NamedTuple):
    """bits: uint8 (n_bytes,); salt: in hex; n: how many different texts are in it; reading: of the code that hashed them (``reading``)."""

    bits: np.ndarray
    salt: str
    n: int
    reading: str

    SALT_BYTES = 16

    @property
    def readable(self) -> bool:
        """Whether texts are hashed today as they were when this was made: a later version may read texts in another way."""
        return self.reading == reading()

    def has(self, texts: Any) -> np.ndarray:
        """bool (n_texts,): which of the texts (list of strings or Arrow array) may have been trained on; none that was is missing.

        >>> memory = remember([["The red wine", "?"]], "some data")
        >>> memory.has(["ＲＥＤ  wines, the", "white wine", "?", "!"]).tolist()
        [True, False, True, False]
        """
        found = np.ones(len(texts), bool)
        for start in range(0, len(texts), _BLOCK):
            of = found[start : start + _BLOCK]
            for places in _places(_keys(texts[start : start + _BLOCK]), self.salt, 8 * len(self.bits)):
                of &= (self.bits[places >> np.uint64(3)] >> (places & np.uint64(7)).astype(np.uint8) & 1).astype(bool)
        return found


def remember(columns: Sequence[Any], origin: str) -> TrainedOn:
    """The memory of some columns of texts (lists of strings or Arrow arrays). origin: what the salt is drawn from; a hash of the data and
    the seed, so that equal fits write equal folders, and others other salts."""
    blocks = (column[start : start + _BLOCK] for column in columns for start in range(0, len(column), _BLOCK))
    keys = np.unique(np.concatenate([np.empty((0, 2), np.uint64), *(_keys(block) for block in blocks)]), axis=0)
    salt = hashlib.sha256(b"trained on: " + origin.encode()).hexdigest()[: 2 * TrainedOn.SALT_BYTES]
    bits = np.zeros(max(BITS * len(keys) // 8, 1), np.uint8)
    for places in _places(keys, salt, 8 * len(bits)):
        np.bitwise_or.at(bits, places >> np.uint64(3), np.uint8(1) << (places & np.uint64(7)).astype(np.uint8))
    return TrainedOn(bits, salt, len(keys), reading())


def reading() -> str:
    """A short hash of how this version reads texts: it changes when the terms of BM25 do."""
    return hashlib.sha256(_keys(_PROBE).tobytes()).hexdigest()[:16]


def _keys(texts: Any) -> np.ndarray:
    """uint64 (n, 2): a hash of the terms of each text, in any order; of texts without a term, of the text itself."""
    import pyarrow as pa

    from awase.data.keys import combine, text_keys
    from awase.data.text.analyze import analyzer

    analyser = analyzer()
    bags = analyser.terms(texts)
    of_terms = text_keys(pa.array(analyser.vocabulary(), pa.large_string()))
    owner = np.repeat(np.arange(len(texts)), np.diff(bags.offsets))
    keys = np.zeros((len(texts), 2), np.uint64)
    np.add.at(keys, owner, combine(of_terms, of_terms)[bags.ids])
    if len(silent := np.flatnonzero(np.diff(bags.offsets) == 0)):
        column = texts if isinstance(texts, pa.Array | pa.ChunkedArray) else pa.array(list(texts), pa.large_string())
        keys[silent] = text_keys(column.take(pa.array(silent)))
    return combine(keys)


def _places(keys: np.ndarray, salt: str, n_bits: int):
    """Seven times uint64 (n,): which bit each key sets."""
    from awase.data.keys import combine

    salted = np.frombuffer(bytes.fromhex(salt), np.uint64)
    first, step = combine(keys ^ salted, np.broadcast_to(salted, keys.shape)).T
    for _ in range(_HASHES):
        yield first % np.uint64(n_bits)
        first = combine(np.column_stack([first + step, step]))[:, 0]
