"""Poincaré embeddings: a hierarchy in a few dimensions."""

from awase.contrast.encoders import PoincareTable
from awase.contrast.losses import InfoNCE
from awase.contrast.negatives import Noise
from awase.contrast.positives import Hypernyms
from awase.contrast.scores import Poincare
from awase.recipes.recipe import Paper, Recipe, recipe
from awase.train.plan import Plan

_PAPER = Paper("Poincaré Embeddings for Learning Hierarchical Representations", "NIPS 2017", arxiv="1705.08039")


@recipe("poincare", paper=_PAPER)
def poincare(
    dim: int = 5,
    n_negatives: int = 50,
    closure: bool = True,
    batch: int = 10,
    epochs: int = 0,
    burn_in: int = 20,
    rate: float = 1.0,
    hogwild: bool = False,
) -> Recipe:
    """Poincaré embeddings: a hierarchy in the hyperbolic ball, general things near its centre, special ones near its edge.

    d(u, v) = arcosh(1 + 2 |u - v|² / ((1 - |u|²)(1 - |v|²)));   loss = -log (exp(-d(u, v)) / sum_c exp(-d(u, c))) for u below v

    - positives: each node with all that it is below, the transitive ``closure`` of the given edges (or these alone).
    - encoder: a table in float64, which starts within 0.001 of the centre and is kept within 1 - 1e-5 of it.
    - score: the hyperbolic distance, negated.
    - negatives: ``n_negatives`` nodes, each as likely, that the node is not known to be below.
    - loss: InfoNCE at temperature 1, by Riemannian gradient descent: a step is the gradient times (1 - |u|²)² / 4. During the first
      ``burn_in`` of the epochs the rate is a hundredth, in which nodes find their direction before they leave the centre.

    The batch, the negatives and the burn-in are those of the paper's code for WordNet's mammals; that has a rate of 0.3 for 300 epochs. It
    draws burn-in's negatives by degree, which made no difference here. ``epochs`` of 0 are 100, or where the edges are few, as many as make
    2,000 steps, the burn-in in proportion. A distance is the same both ways: to tell which of two nodes is above,
    compare their lengths, or fit ``order``. Not for: graphs that are no hierarchies, nor nodes that training has not seen.
    """
    return Recipe(
        positives=Hypernyms(closure),
        encoder=PoincareTable(dim),
        score=Poincare(),
        negatives=Noise(n_negatives, power=0.0),
        loss=InfoNCE(temperature=1.0),
        plan=Plan(
            batch=batch, epochs=epochs or 100, rate=rate, warmup=0.0, validations=0, optimizer="sgd", decay="none", burn_in=burn_in,
            burn_in_rate=0.01, hogwild=hogwild, least_steps=0 if epochs else 2_000,
        ),
    )  # fmt: skip
