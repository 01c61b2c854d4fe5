"""Users and items in one space: recommendation by distance."""

from awase.contrast.encoders import BallTable
from awase.contrast.losses import Margin, Warp
from awase.contrast.negatives import Noise
from awase.contrast.positives import Interactions
from awase.contrast.regularisers import Covariance, Features
from awase.contrast.scores import Distance
from awase.recipes.recipe import Paper, Recipe, recipe
from awase.train.plan import Plan


@recipe("cml", paper=Paper("Collaborative Metric Learning", "WWW 2017"))
def cml(
    dim: int = 64,
    margin: float = 1.5,
    n_negatives: int = 10,
    ranked: bool = True,
    radius: float = 1.0,
    covariance: float = 0.0,
    features: float = 0.0,
    hidden: int = 0,
    batch: int = 64,
    epochs: int = 40,
    rate: float = 0.2,
    hogwild: bool = False,
) -> Recipe:
    """Collaborative metric learning: each user near the items it has, for who bought, read or rated what.

    D = |u_i - v_j|²;   loss = w_ij max(0, margin + D_ij - min_k D_ik),   w_ij = log(1 + n_items impostors / n_negatives),   |u|, |v| <= radius

    - positives: the given interactions, all alike.
    - encoder: a table of users and items, whose rows are put back into the ball after each step.
    - score: squared Euclidean distance, negated, so that what is near to the same things is near to each other too.
    - negatives: ``n_negatives`` items, each as likely, that the user does not have; the closest of them pays (an impostor is one
      closer than the item and the margin).
    - loss: hinge with the rank weight of WARP (Weston et al. 2011); ``ranked`` = false leaves the weight out.
    - regularisers: ``covariance`` is the weight of a term that makes dimensions independent, ``features`` that of one that pulls items to a
      projection of their features (linear, or with ``hidden`` units). Both take the slower, generic step.

    The authors' code has margins of 1.5 to 2, 10 or 20 negatives and Adagrad at rate 0.1. Fewer negatives rank more of the list
    right, more of them its head; a wider margin pays where items are many; ``features`` of about 10 where interactions are few.
    Not for: ratings whose value matters, users or items that training has not seen.
    """
    weighted = ((Covariance, covariance, ()), (Features, features, (hidden,)))
    return Recipe(
        positives=Interactions(),
        encoder=BallTable(dim, radius),
        score=Distance(p=2, squared=True),
        negatives=Noise(n_negatives, power=0.0),
        loss=Warp(margin) if ranked else Margin(margin, over="hardest"),
        plan=Plan(batch=batch, epochs=epochs, rate=rate, warmup=0.0, validations=20, hogwild=hogwild),
        regularisers=tuple(part(weight, *more) for part, weight, more in weighted if weight),
    )
