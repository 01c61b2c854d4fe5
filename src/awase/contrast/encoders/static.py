"""What a static encoder is before it has seen a text: the encoder part of a recipe."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.encoders.bag import Bag
from awase.contrast.encoders.dims import check_dim
from awase.data.text.tokenizer import Texts, Tokenizer, Tokens, train_tokenizer


@dataclass(frozen=True)
class StaticBag:
    """A bag of token rows over a tokenizer trained on the user's own texts.

    dim: of the vectors; vocab_size: tokens, at most; pieces: "bpe" or "bpe-marked" (see ``train_tokenizer``); power: of the number of tokens
    that their sum is divided by, 1 for the mean.
    """

    dim: int = 256
    vocab_size: int = 32_000
    pieces: str = "bpe"
    power: float = 1.0
    name = "static bag"

    def __post_init__(self):
        check_dim(self.dim, "256 is the default")

    def tokenizer(self, texts: Texts) -> Tokenizer:
        """A tokenizer trained on these texts."""
        return train_tokenizer(texts, self.vocab_size, self.pieces)

    def bag(self, tokenizer: Tokenizer, tokens: Tokens, *, seed: int, threads: int, table: np.ndarray | None = None) -> Bag:
        """The encoder over items given as tokens, before training.

        Rows start random, with about unit length (normal with variance 1 / dim), or at ``table`` (vocab, dim), which is copied; weights start
        at 1. Starting the weights at inverse frequency was tried and is worse after training: it slows down the rows of frequent tokens.
        """
        if table is None:
            rng = np.random.default_rng((seed, 0x0BA6))
            table = rng.standard_normal((tokenizer.vocab_size, self.dim), np.float32) / np.float32(np.sqrt(self.dim))
        else:
            table = np.array(table, np.float32, order="C")
        return Bag(table, np.zeros(len(table), np.float32), tokens.ids, tokens.offsets, power=self.power, threads=threads)
