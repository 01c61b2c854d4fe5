"""Vectors from any list of pairs by negative sampling: items bought together, nodes along walks."""

from awase.contrast.encoders import TwoTables
from awase.contrast.losses import Logistic
from awase.contrast.negatives import Noise
from awase.contrast.positives import NamedPairs
from awase.contrast.scores import Dot
from awase.recipes.recipe import Paper, Recipe, recipe
from awase.train.plan import Plan


@recipe("ns", paper=Paper("Item2Vec: Neural Item Embedding for Collaborative Filtering", "MLSP 2016", arxiv="1603.04259"))
def ns(
    dim: int = 100,
    n_negatives: int = 5,
    power: float = 0.75,
    filtered: bool = False,
    batch: int = 1,
    epochs: int = 10,
    rate: float = 0.05,
    hogwild: bool = True,
) -> Recipe:
    """Negative sampling over given pairs of names: item2vec on baskets, node2vec on walks, any two things that belong together.

    loss = -log σ(x_a · y_t) - sum_j log σ(-x_a · y_j)   for a pair (a, t),   j drawn by target frequency^``power``

    - positives: the given pairs. What is a pair is for you to say: items of one basket, nodes within a few steps of a walk
      (Grover and Leskovec 2016, arXiv 1607.00653), a word and its document.
    - encoder: a vector for each anchor and another for each target, also where both are names of one kind.
    - score: dot product.
    - negatives: ``n_negatives`` targets of each pair's own; ``filtered`` never draws one that the data pair with the anchor.
    - loss: logistic, of each pair by itself.

    ``batch`` pairs take a step together, as a mean: at 1 it is the descent of word2vec. ``hogwild`` lets several threads share the tables
    without locks; with one thread, the same seed gives the same bytes. Not for: text (``sgns`` lays the windows itself), or names that training
    has not seen.
    """
    return Recipe(
        positives=NamedPairs(),
        encoder=TwoTables(dim),
        score=Dot(),
        negatives=Noise(n_negatives, power, filtered),
        loss=Logistic(),
        plan=Plan(batch=batch, epochs=epochs, rate=rate, warmup=0.0, validations=0, optimizer="sgd", hogwild=hogwild),
    )
