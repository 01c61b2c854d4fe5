"""InfoNCE: the cross-entropy of picking an anchor's own document among the candidates."""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace

from awase.contrast.candidates import Candidates
from awase.core.errors import ConfigError


@dataclass(frozen=True)
class InfoNCE:
    """Softmax cross-entropy over the candidates (van den Oord et al. 2018, arXiv 1807.03748, equation 4).

        z_ij  = S_ij / temperature - logq_j
        value_i = log sum_j exp(z_ij) - z_i,target(i)

    ``symmetric`` averages this with the same loss in the other direction (as CLIP does): the anchor among the batch's anchors, given
    the document. Two anchors with one document are no negatives of each other; it needs candidates that all anchors share. ``learned``
    makes the temperature a parameter, kept as log(1 / temperature).

    >>> import numpy as np
    >>> one = Candidates(items=np.array([7, 8]), target=np.array([0]))
    >>> loss = InfoNCE(temperature=1.0)
    >>> value, dS, _ = loss(np.array([[0.0, 0.0]]), one, loss.init())
    >>> bool(abs(value[0] - np.log(2)) < 1e-12), dS.tolist()
    (True, [[-0.5, 0.5]])
    """

    temperature: float = 0.05
    symmetric: bool = False
    learned: bool = False
    name = "infonce"

    def __post_init__(self):
        if not self.temperature > 0:
            raise ConfigError(
                "E0501", "temperature must be above 0", value=self.temperature, remedy="usual values lie between 0.01 and 0.1"
            )

    def init(self) -> np.ndarray:
        """The loss's own parameters: log(1 / temperature)."""
        return np.array([-np.log(self.temperature)])

    def __call__(self, S, candidates: Candidates, params):
        """(value (b,), dS (b, c), dparams (1,)) for scores S (b, c): values times ``candidates.weight``, and the gradients of their sum."""
        xp = array_namespace(S)
        scale = float(np.exp(params[0]))
        rows = xp.arange(S.shape[0])
        logits = S * scale
        if candidates.logq is not None:
            logits = logits - (candidates.logq if candidates.logq.ndim == 2 else candidates.logq[None, :])
        # -inf would make 0 * inf below; this is as good as -inf to exp, and finite.
        logits[candidates.mask] = xp.finfo(S.dtype).min / 4
        value, dlogits = _cross_entropy(xp, logits, rows, candidates.target, candidates.weight)
        if self.symmetric:
            back, dback = self._backward_direction(xp, logits, rows, candidates.target, candidates.weight)
            value, dlogits = (value + back) / 2, (dlogits + dback) / 2
        dlogits[candidates.mask] = 0
        dparams = np.zeros(1)
        if self.learned:
            dparams[0] = float(xp.sum(dlogits * S)) * scale
        return value, dlogits * scale, dparams

    def _backward_direction(self, xp, logits, rows, target, weight):
        """Column softmax for each anchor's document, leaving out other anchors that own the same document."""
        columns = logits[:, target]  # (b, b): column i is anchor i's document, scored by every anchor
        other_owner = (target[:, None] == target[None, :]) & (rows[:, None] != rows[None, :])
        columns[other_owner] = xp.finfo(logits.dtype).min / 4
        back, dcolumns = _cross_entropy(xp, columns.T, rows, rows, weight)
        dcolumns[other_owner.T] = 0
        one_hot = xp.zeros_like(logits)
        one_hot[rows, target] = 1
        # Column i of dcolumns.T belongs to document target[i]; documents owned twice add up.
        return back, dcolumns.T @ one_hot


def _cross_entropy(xp, logits, rows, target, weight):
    top = xp.max(logits, axis=1, keepdims=True)
    exps = xp.exp(logits - top)
    total = xp.sum(exps, axis=1, keepdims=True)
    value = (xp.log(total) + top)[:, 0] - logits[rows, target]
    dlogits = exps / total
    dlogits[rows, target] -= 1
    return (value, dlogits) if weight is None else (value * weight, dlogits * weight[:, None])
