"""Static text vectors: the recipe that needs no GPU, and the baseline every other has to beat."""

from awase.contrast.encoders import StaticBag
from awase.contrast.losses import InfoNCE, Margin
from awase.contrast.negatives import Adversarial, InBatch, Mined, Mixture, Topical
from awase.contrast.positives import GivenPairs
from awase.contrast.scores import Cosine
from awase.core.errors import ConfigError
from awase.core.suggest import did_you_mean
from awase.recipes.recipe import Recipe, recipe
from awase.train.plan import Plan

_OF_TEXTS = {"generator": "layer", "dim": 128, "entropy_weight": 0.05, "rate": 0.001, "every": 2, "subset": 1024}
# Made anew for each recipe: mined negatives hold what was mined.
_NEGATIVES = {
    "topical": Topical,
    "in-batch": InBatch,
    "mined": lambda: Mixture((Topical(), Mined())),
    "adversarial": lambda: Mixture((Topical(), Adversarial(**_OF_TEXTS))),
}


@recipe("static")
def static(
    dim: int = 256,
    vocab_size: int = 32_000,
    pieces: str = "bpe",
    loss: str = "infonce",
    temperature: float = 0.05,
    learn_temperature: bool = False,
    symmetric: bool = False,
    margin: float = 0.2,
    negatives: str = "topical",
    matryoshka: tuple[int, ...] = (),
    batch: int = 0,
    epochs: int = 0,
    rate: float = 0.1,
) -> Recipe:
    """Bags of token vectors with learned weights, trained with InfoNCE on the user's pairs.

    f(x) = sum_t w_t e_t / n over the tokens t of x;   loss = -log softmax_j(cos(f(x), f(y_j)) / temperature) at the right document.

    - positives: the given pairs.
    - encoder: a table of ``vocab_size`` rows over a tokenizer trained on the same texts, with a learned weight for each token.
    - score: cosine.
    - negatives: the other documents of the batch; "topical" makes batches of pairs about one thing, so that these are hard
      (Hofstätter et al. 2021, arXiv 2104.06967); "mined" adds one BM25 hard negative to each pair (Karpukhin et al. 2020,
      arXiv 2004.04906); "adversarial" adds one to each that a generator proposes, which is trained to find what the model takes for
      right (Bose et al. 2018, arXiv 1805.03642); "in-batch" is plain random batches. Negatives that the data give are added to any of these.
    - loss: InfoNCE (van den Oord et al. 2018, arXiv 1807.03748), with a fixed or a learned temperature, one-way or symmetric; or
      "margin", the hinge of the triplet loss, for comparison. ``matryoshka`` trains prefixes of the vectors as well (Kusupati et
      al. 2022, arXiv 2205.13147).

    ``batch`` and ``epochs`` of 0 are chosen from the data. Not for: word order ("dog bites man"), negation, or texts in a language
    that the pairs do not contain; a transformer reads those.
    """
    if negatives not in _NEGATIVES:
        raise ConfigError("E0613", f"there are no negatives {negatives!r}", remedy=did_you_mean(negatives, _NEGATIVES))
    losses = {"infonce": InfoNCE(temperature, symmetric, learn_temperature), "margin": Margin(margin)}
    if loss not in losses:
        raise ConfigError("E0613", f"there is no loss {loss!r}", remedy=did_you_mean(loss, losses))
    dims = tuple(sorted({*matryoshka, dim})) if matryoshka else ()
    if any(not 1 <= prefix <= dim for prefix in dims):
        raise ConfigError("E0614", f"Matryoshka dimensions lie between 1 and dim ({dim})", value=matryoshka)
    return Recipe(
        positives=GivenPairs(),
        encoder=StaticBag(dim, vocab_size, pieces),
        score=Cosine(),
        negatives=_NEGATIVES[negatives](),
        loss=losses[loss],
        plan=Plan(batch=batch, epochs=epochs, rate=rate, dims=dims),
    )
