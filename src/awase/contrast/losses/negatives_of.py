"""How much each candidate counts as a negative."""

from awase.contrast.candidates import Candidates


def shares(xp, S, candidates: Candidates, rows):
    """A new array like S (b, c): the given shares, or 1; 0 for what is masked, and for each anchor's own positive."""
    counted = xp.ones_like(S) if candidates.share is None else xp.asarray(candidates.share, copy=True)
    counted[rows, candidates.target] = 0
    counted[candidates.mask] = 0
    return counted
