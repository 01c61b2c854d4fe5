"""TransD: in a graph of facts, a relation projects the entities and is a step from head to tail."""

from awase.contrast.encoders import Projection
from awase.contrast.losses import Margin
from awase.contrast.negatives import Corrupted
from awase.contrast.positives import GivenTriples
from awase.contrast.scores import Distance
from awase.recipes.recipe import Paper, Recipe, recipe
from awase.train.plan import Plan


@recipe("transd", paper=Paper("Knowledge Graph Embedding via Dynamic Mapping Matrix", "ACL 2015"))
def transd(
    dim: int = 50,
    p: int = 1,
    margin: float = 3.0,
    n_negatives: int = 4,
    bernoulli: bool = True,
    filtered: bool = True,
    batch: int = 256,
    epochs: int = 200,
    optimizer: str = "adagrad",
    rate: float = 0.3,
    hogwild: bool = False,
) -> Recipe:
    """Vectors of entities and relations with head + relation near tail, once both are projected for the relation.

    e' = e + (e_p · e) r_p;   D(h, r, t) = |h' + r - t'|_p;   loss = mean_i max(0, margin + D(h, r, t) - D(h_i, r, t_i)),   all |rows| <= 1

    - positives: the given triples (head, relation, tail).
    - encoder: two tables of entities (e, e_p) and two of relations (r, r_p), all of ``dim`` dimensions.
    - score: the distance of norm ``p``, negated.
    - negatives: the head or the tail replaced by ``n_negatives`` entities, each as likely. ``bernoulli`` replaces the side that has
      more right answers with that relation less often (Wang et al. 2014); ``filtered`` draws no known triple.
    - loss: hinge.

    The paper starts from vectors of TransE and has one negative and the squared 2-norm; here all starts at random. Twice the parameters and
    about twice the seconds of ``transe``; not for graphs where that ranks as well, which `awase compare` or two fits tell.
    """
    return Recipe(
        positives=GivenTriples(),
        encoder=Projection(dim),
        score=Distance(p),
        negatives=Corrupted(n_negatives, bernoulli, filtered),
        loss=Margin(margin),
        plan=Plan(batch=batch, epochs=epochs, rate=rate, warmup=0.0, optimizer=optimizer, hogwild=hogwild),
    )
