"""Vectors of words from running text: skip-gram with negative sampling."""

from awase.contrast.encoders import TwoTables
from awase.contrast.losses import Logistic
from awase.contrast.negatives import SharedNoise
from awase.contrast.positives import Windows
from awase.contrast.scores import Dot
from awase.recipes.recipe import Paper, Recipe, recipe
from awase.train.plan import Plan


@recipe(
    "sgns",
    paper=Paper("Distributed Representations of Words and Phrases and their Compositionality", "NIPS 2013", arxiv="1310.4546"),
)
def sgns(
    dim: int = 100,
    window: int = 5,
    n_negatives: int = 5,
    power: float = 0.75,
    subsample: float = 1e-3,
    dynamic: bool = True,
    epochs: int = 5,
    rate: float = 0.05,
    hogwild: bool = True,
) -> Recipe:
    """Skip-gram with negative sampling (word2vec): words that stand near the same words are near each other.

    loss = sum over the words c around w of  -log σ(x_c · y_w) - sum_j log σ(-x_c · y_j),   j drawn by frequency^``power``

    - positives: a word and those within a reach drawn from 1 .. ``window`` (``dynamic``), after frequent words are thinned out
      by ``subsample``.
    - encoder: two vectors for each word; those of words as context are kept, as in word2vec.
    - score: dot product, compared by cosine afterwards.
    - negatives: ``n_negatives`` words that all of a window share (Ji et al. 2016, arXiv 1604.04661), so that a window is one small matrix
      product; word2vec draws them for each pair. The steps of a window add up, so that it bears less of a rate: with 0.1 in place of 0.075
      MEN fell by .02 on 15 million words, and rose by .01 where each pair had its own noise, at a third of the speed.
    - loss: logistic, of each pair by itself; at its optimum x · y is the pointwise mutual information less log ``n_negatives``.

    The paper has 5 to 20 negatives for small texts and 2 to 5 for large ones; its C code has rate 0.025, falling linearly, which was worse
    than 0.05 on 15 million words. ``hogwild`` lets several threads share the table without locks; with one thread, the same seed gives the
    same bytes. Not for: words that training has not seen, or several senses of one spelling.
    """
    return Recipe(
        positives=Windows(window, subsample, dynamic),
        encoder=TwoTables(dim),
        score=Dot(),
        negatives=SharedNoise(n_negatives, power),
        loss=Logistic(),
        plan=Plan(batch=1, epochs=epochs, rate=rate, warmup=0.0, validations=0, optimizer="sgd", hogwild=hogwild),
    )
