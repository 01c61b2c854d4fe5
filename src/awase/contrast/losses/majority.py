"""Majority or Minority: a further loss where the majority class is right, so that rare classes are guessed less often where they are not."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from array_api_compat import array_namespace, device

from awase.contrast.candidates import Candidates
from awase.contrast.losses.infonce import InfoNCE
from awase.core.errors import ConfigError


@dataclass(frozen=True)
class MajorityOrMinority:
    """MoM loss (Nemoto et al. 2024, arXiv 2401.11431), for classes of very unequal size: candidates are classes, anchors are classified.

        value_i = share base_i + (1 - share) base_i [the right class of i is the majority]

    base: the loss of one anchor, here cross-entropy. So anchors of the majority weigh 1 and all others ``share``, the opposite of weighting
    rare classes up: it buys precision of the rare classes with their recall, and a share of 1 is the base loss to the last bit.

    majority: the item (class) that is right most often. denominator: "all" takes both means over all anchors; "majority" takes the second
    over those of the majority, whose weight is then share + (1 - share) b / b_majority. (What the authors did could not be settled.)

    >>> import numpy as np
    >>> classes = Candidates(items=np.arange(2), target=np.array([0, 1]))
    >>> loss = MajorityOrMinority(majority=1, share=0.25)
    >>> (loss(np.zeros((2, 2)), classes, loss.init())[0] / np.log(2)).round(12).tolist()
    [0.25, 1.0]
    """

    majority: int
    share: float = 0.5
    denominator: Literal["all", "majority"] = "all"
    base: Any = InfoNCE(temperature=1.0)  # noqa: RUF009, a value
    name = "majority or minority"

    def __post_init__(self):
        if not 0 < self.share <= 1:
            raise ConfigError(
                "E1030",
                "the share of the base loss lies above 0 and at most at 1",
                value=self.share,
                remedy="1 is the base loss alone",
            )
        if self.denominator not in ("all", "majority"):
            raise ConfigError("E1030", "denominator must be 'all' or 'majority'", value=self.denominator)

    def init(self) -> np.ndarray:
        """The base loss's own parameters."""
        return self.base.init()

    def __call__(self, S, candidates: Candidates, params):
        """(value (b,), dS (b, c), dparams) for scores S (b, c): values times ``candidates.weight``, and the gradients of their sum."""
        xp = array_namespace(S)
        items = xp.asarray(candidates.items, device=device(S))
        right = items[candidates.target] if items.ndim == 1 else items[xp.arange(S.shape[0]), candidates.target]
        is_majority = xp.astype(right == self.majority, S.dtype)
        scale = 1.0
        if self.denominator == "majority":
            scale = S.shape[0] / max(float(xp.sum(is_majority)), 1.0)
        weight = self.share + (1 - self.share) * scale * is_majority
        if candidates.weight is not None:
            weight = weight * candidates.weight
        return self.base(S, replace(candidates, weight=weight), params)
