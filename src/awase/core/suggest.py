"""Did you mean ...? for every name a user can mistype."""

import difflib
from collections.abc import Iterable


def did_you_mean(given: str, names: Iterable[str]) -> str:
    """A sentence that lists the valid names and the nearest one.

    >>> did_you_mean("positve", ["anchor", "positive"])
    "did you mean 'positive'? valid: anchor, positive"
    """
    valid = sorted(names)
    lowered = {name.lower(): name for name in valid}
    near = difflib.get_close_matches(given.lower(), lowered, n=1, cutoff=0.6)
    listed = ", ".join(valid)
    return f"did you mean {lowered[near[0]]!r}? valid: {listed}" if near else f"valid: {listed}"
