"""Words or nodes from their neighbours, by a softmax over all of them that is estimated instead of sampled."""

from awase.contrast.encoders import SphereTable
from awase.contrast.losses import InfoNCE
from awase.contrast.negatives import Everything
from awase.contrast.positives import CoOccurrence, Nearby, Walks
from awase.contrast.scores import Dot
from awase.recipes.recipe import Paper, Recipe, recipe
from awase.train.plan import Plan


@recipe(
    "edrep",
    paper=Paper(
        "Efficient distributed representations with linear-time attention scores normalization", "TMLR 2025", arxiv="2303.17475"
    ),
)
def edrep(
    dim: int = 128,
    of: str = "auto",
    length: int = 5,
    window: int = 5,
    subsample: float = 1e-4,
    most: int = 1000,
    classes: int = 1,
    epochs: int = 30,
    rate: float = 0.8,
) -> Recipe:
    """Vectors of words or of a graph's nodes, so that the softmax over all of them gives each one's neighbours.

    loss = - sum_j P_ij x_i · x_j + log Z_i + x_i · mean(x),   Z_i = sum_j exp(x_i · x_j),   |x_i| = 1

    - positives: the rows of a matrix P of probabilities, which is applied and never made whole: of a graph, P = 1/L sum of (D^-1 A)^a for a = 1
      .. L = ``length``, where a walk of up to L steps may end; of a corpus, which words stand within ``window`` of which. ``of`` says which of
      the two the data are ("auto" looks: a text file without tabs, or a list of texts, is a corpus).
    - encoder: a table whose rows stay on the unit sphere.
    - score: dot product.
    - negatives: everything. Z is not sampled but estimated from ``classes`` Gaussians; more than one trains twice, the second time with
      classes found by k-means in the first.
    - loss: InfoNCE at temperature 1.

    An epoch is one step of all rows along great circles, of length ``rate``, which falls linearly. The paper's values are 128 dimensions,
    1 class, 30 epochs, rate 0.8 (nodes 0.5) and walks of 5. One run takes seconds where negative sampling takes minutes, as its cost is that of
    a few dozen products of a sparse matrix with the table. Not for: new nodes without training, or relations of several kinds.
    """
    return Recipe(
        positives=Nearby(Walks(length), CoOccurrence(window, subsample, most), of),  # type: ignore[arg-type]
        encoder=SphereTable(dim),
        score=Dot(),
        negatives=Everything(classes),
        loss=InfoNCE(temperature=1.0),
        plan=Plan(epochs=epochs, rate=rate, warmup=0.0, validations=0),
    )
