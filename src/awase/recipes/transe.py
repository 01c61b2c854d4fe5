"""TransE: in a graph of facts, a relation is a step from head to tail."""

from awase.contrast.encoders import Translation
from awase.contrast.losses import Margin
from awase.contrast.negatives import Corrupted
from awase.contrast.positives import GivenTriples
from awase.contrast.scores import Distance
from awase.recipes.recipe import Paper, Recipe, recipe
from awase.train.plan import Plan


@recipe("transe", paper=Paper("Translating Embeddings for Modeling Multi-relational Data", "NIPS 2013"))
def transe(
    dim: int = 50,
    p: int = 1,
    margin: float = 2.0,
    n_negatives: int = 4,
    bernoulli: bool = True,
    filtered: bool = True,
    batch: int = 256,
    epochs: int = 200,
    optimizer: str = "adagrad",
    rate: float = 0.2,
    hogwild: bool = False,
) -> Recipe:
    """Vectors of entities and relations with head + relation near tail, for who is what to whom, and what is missing there.

    D(h, r, t) = |h + r - t|_p;   loss = mean_i max(0, margin + D(h, r, t) - D(h_i, r, t_i)),   |h| = |t| = 1

    - positives: the given triples (head, relation, tail).
    - encoder: a table of entities, put back to unit length after each step, and one of relations.
    - score: the distance of norm ``p``, negated.
    - negatives: the head or the tail replaced by ``n_negatives`` entities, each as likely. ``bernoulli`` replaces the side that has
      more right answers with that relation less often (Wang et al. 2014); ``filtered`` draws no known triple.
    - loss: hinge.

    The paper has one negative, either side as likely, margin 1 or 2, ``optimizer`` = "sgd" at rate 0.01 or 0.001, and keeps known triples. The
    defaults here rank better on validation triples of UMLS, Kinships and CoDEx-S; WN18RR wants a wider margin. Not for: relations that
    hold both ways or between many and many, where one step cannot end at all tails (``transd`` sees entities anew for each relation);
    entities that training has not seen.
    """
    return Recipe(
        positives=GivenTriples(),
        encoder=Translation(dim),
        score=Distance(p),
        negatives=Corrupted(n_negatives, bernoulli, filtered),
        loss=Margin(margin),
        plan=Plan(batch=batch, epochs=epochs, rate=rate, warmup=0.0, optimizer=optimizer, hogwild=hogwild),
    )
