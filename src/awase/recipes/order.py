"""Order embeddings: what is below what, with its direction."""

from awase.contrast.encoders import OrderTable
from awase.contrast.losses import Hinge
from awase.contrast.negatives import CorruptedEdges
from awase.contrast.positives import Hypernyms
from awase.contrast.scores import Order
from awase.recipes.recipe import Paper, Recipe, recipe
from awase.train.plan import Plan


@recipe("order", paper=Paper("Order-Embeddings of Images and Language", "ICLR 2016", arxiv="1511.06361"))
def order(
    dim: int = 50,
    margin: float = 1.0,
    n_negatives: int = 5,
    turned: bool = True,
    closure: bool = True,
    batch: int = 10,
    epochs: int = 0,
    rate: float = 0.2,
    hogwild: bool = False,
) -> Recipe:
    """Order embeddings: x is below y when x exceeds y in every coordinate, for telling whether one thing is a kind of another.

    E(x, y) = |max(0, y - x)|²;   loss = E(x, y) + sum of max(0, margin - E) over edges that do not hold,   x, y >= 0

    - positives: each node with all that it is below, the transitive ``closure`` of the given edges (or these alone).
    - encoder: a table without negative coordinates; the origin is above everything.
    - score: the violation E, negated; it has a direction, as E(x, y) and E(y, x) differ.
    - negatives: the edge with a node drawn evenly, ``n_negatives`` times, in place of its child or its parent; and, which the paper
      has not, the edge ``turned`` round: without that nothing tests the direction, and a symmetric distance scores as well.
    - loss: a hinge on violations, by Adagrad. ``epochs`` of 0 are 50, or where the edges are few, as many as make 2,000 steps.

    The paper draws one negative and steps with Adam. Here five tell held-out edges from false ones better than one (chosen on
    WordNet's verbs, which ``benchmarks/order.py`` does not judge by). Not for: ranking what is nearest (use ``poincare``), graphs that are no
    hierarchies, or nodes that training has not seen.
    """
    return Recipe(
        positives=Hypernyms(closure),
        encoder=OrderTable(dim),
        score=Order(),
        negatives=CorruptedEdges(n_negatives, turned),
        loss=Hinge(margin),
        plan=Plan(
            batch=batch,
            epochs=epochs or 50,
            rate=rate,
            warmup=0.0,
            patience=10,
            hogwild=hogwild,
            least_steps=0 if epochs else 2_000,
        ),
    )
