"""Adversarial contrastive estimation: another recipe, whose negatives are in part proposed by a generator that plays against it."""

from dataclasses import replace

from awase.contrast.negatives import Adversarial, Corrupted, CorruptedEdges, Mixture, Noise
from awase.core.errors import ConfigError
from awase.recipes.recipe import Paper, Recipe, get, recipe

_NOISE = Noise, Corrupted, CorruptedEdges


@recipe("ace", paper=Paper("Adversarial Contrastive Estimation", "ACL 2018", arxiv="1805.03642"))
def ace(
    on: str = "transe",
    weight: float = 0.5,
    n_adversarial: int = 1,
    entropy: str = "always",
    entropy_weight: float = 0.5,
    keep: int = 20,
    penalty: float = 5.0,
    generator: str = "table",
    subset: int = 0,
    every: int = 4,
    dim: int = 0,
    batch: int = 256,
    epochs: int = 0,
    rate: float = 0.0,
) -> Recipe:
    """Another recipe's parts, with negatives that a generator proposes for each anchor beside the noise.

    min over the model, max over g of   ``weight`` E_noise[loss] + (1 - ``weight``) E_g(y|x)[loss]

    - positives, encoder, score, loss: those of the recipe ``on``, with its own settings; ``dim``, ``epochs`` and ``rate`` of 0 are its own too.
    - negatives: that recipe's noise, and ``n_adversarial`` drawn from g(y|x), which is trained by REINFORCE to propose what the model
      takes for true. ``entropy`` keeps it from proposing the same few: "always" adds ``entropy_weight`` times its entropy, so that g
      tends to softmax(score / ``entropy_weight``); "hinge" is the paper's, min(0, entropy - log ``keep``). Proposals known to be true
      are left out, and cost g the ``penalty``.
    - generator: "table", vectors of its own for anchors and targets; "layer", a layer over the model's vectors of the anchor. It proposes out
      of all targets, or of ``subset`` draws of the noise (for more than some ten thousand). It learns from every ``every``-th batch.

    The paper draws fresh proposals for the generator's step and trains it after each batch; here the model's and the generator's step share
    their proposals. A batch is one matrix product, so ``batch`` is not the recipe's. Not for: recipes whose fused kernel is many times as
    fast as the generic step, when seconds count; ``static``, which has it as ``negatives`` = "adversarial".
    """
    base = get(on)()
    if not isinstance(base.negatives, _NOISE):
        raise ConfigError(
            "E0583",
            f"recipe {on!r} draws no noise for each anchor, beside which negatives could be proposed",
            value=base.negatives.name,
            remedy='for texts, set negatives = "adversarial" in the recipe static; for words, give pairs to on = "ns"',
        )
    proposed = Adversarial(
        n=n_adversarial, entropy=entropy, keep=keep, entropy_weight=entropy_weight, penalty=penalty, subset=subset,
        generator=generator, every=every,
    )  # fmt: skip
    asked = {"epochs": epochs, "least_steps": 0} if epochs else {}
    asked |= {"rate": rate} if rate else {}
    return replace(
        base,
        encoder=replace(base.encoder, dim=dim) if dim else base.encoder,
        negatives=Mixture((base.negatives, proposed), weight),
        plan=replace(base.plan, batch=batch, hogwild=False, **asked),
    )
