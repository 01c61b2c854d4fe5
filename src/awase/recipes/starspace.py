"""Bags of features on both sides, in one table: texts and labels, texts and texts, users and items."""

from awase.contrast.encoders import LinkedBag, StaticBag, ThingsBag
from awase.contrast.losses import InfoNCE, Violations
from awase.contrast.negatives import Corrupted, Pool
from awase.contrast.positives import GivenPairs, GivenTriples, Labelled, Others
from awase.contrast.scores import Cosine, Dot
from awase.core.errors import ConfigError
from awase.core.suggest import did_you_mean
from awase.recipes.recipe import Paper, Recipe, recipe
from awase.train.plan import Plan

_POSITIVES = {
    "labels": Labelled(),
    "together": Labelled(together=True),
    "pairs": GivenPairs(),
    "others": Others(),
    "relations": GivenTriples(),
}
_SCORES = {"cosine": Cosine(), "dot": Dot()}


@recipe("starspace", paper=Paper("StarSpace: Embed All The Things!", "AAAI 2018", arxiv="1709.03856"))
def starspace(
    mode: str = "labels",
    dim: int = 100,
    vocab_size: int = 32_000,
    similarity: str = "cosine",
    power: float = 0.5,
    loss: str = "margin",
    margin: float = 0.2,
    temperature: float = 0.05,
    n_negatives: int = 10,
    pool: int = 50,
    filtered: bool = True,
    weights: bool = False,
    batch: int = 32,
    epochs: int = 5,
    rate: float = 0.05,
) -> Recipe:
    """Bags of features that belong together lie together: texts and labels, texts of one kind, pairs of texts, users and items.

    f(a) = sum over its n features of F_i / n^p;   loss = mean over the first k negatives that violate it of [margin - sim(a, b) + sim(a, b-)]

    - positives, by ``mode``: "labels", a text and its label (the paper's train mode 0); "together", two texts of one label, a new one each
      time (3); "pairs", the given pairs of texts (4); "others", all but one of the things that a user has and that one (1), so that a
      user is the bag of what it has, and new users need no training; "relations", an entity with a relation and another entity (4).
    - encoder: one table for the features of both sides; a label and an item are features of their own, and so is each relation in each
      direction. ``weights`` learns a weight for each
      token, which StarSpace does not.
    - score: ``similarity`` "cosine", or "dot" with sums over n^``power``.
    - negatives: a ``pool`` of the targets of other examples, drawn anew for each batch, so by frequency. ``filtered`` leaves out what else is
      known to belong to the anchor; StarSpace leaves out only what equals the target. Of relations, ``pool`` entities, each as likely, in place
      of the head or the tail.
    - loss: "margin", over the first ``n_negatives`` of the pool that violate the margin; or "softmax", over the whole pool.

    The paper has dim 100, margin 0.05, pools of 50 and 10 negatives, 5 epochs; a margin of 0.2 was better on validation texts and users alike.
    Here the gradient goes through the length of the vectors, which the authors' code leaves out; rows begin at about length 1 and not near
    0; Adagrad keeps a sum for each number and not one for each row, from which rare features learn faster; and the softmax has a
    ``temperature``. Not for: word order, or what a text says beside its label.
    """
    for name, value, known in (("mode", mode, _POSITIVES), ("similarity", similarity, _SCORES)):
        if value not in known:
            raise ConfigError("E0613", f"there is no {name} {value!r}", remedy=did_you_mean(value, known))
    losses = {"margin": Violations(margin, n_negatives), "softmax": InfoNCE(temperature)}
    if loss not in losses:
        raise ConfigError("E0613", f"there is no loss {loss!r}", remedy=did_you_mean(loss, losses))
    p = power if similarity == "dot" else 1.0
    encoders = {"others": ThingsBag(dim, p), "relations": LinkedBag(dim)}
    return Recipe(
        positives=_POSITIVES[mode],
        encoder=encoders.get(mode, StaticBag(dim, vocab_size, power=p)),
        score=_SCORES[similarity],
        negatives=Corrupted(pool, filtered=filtered) if mode == "relations" else Pool(pool, filtered),
        loss=losses[loss],
        plan=Plan(batch=batch, epochs=epochs, rate=rate, weight_rate=0.02 if weights else 0.0, warmup=0.0),
    )
