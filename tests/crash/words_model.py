"""A model for the tests of several rooms: the same text, the same vector."""

import zlib

import numpy as np


class WordsModel:
    """A bag of hashed words: texts that share words are near; the empty text is zero."""

    def __init__(self, dim=16, name="words"):
        self.dim, self.name, self.fingerprint = dim, name, f"{name}-{dim}".ljust(64, "0")
        self.n_encoded = 0

    def encode(self, texts, *, role="document", dim=None):
        self.n_encoded += len(texts)
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in text.split():
                vector += np.random.default_rng(zlib.crc32(word.encode())).standard_normal(self.dim).astype(np.float32)
            length = np.linalg.norm(vector)
            vector /= length if length > 0 else 1
        return vectors
