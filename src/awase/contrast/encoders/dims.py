"""How many dimensions vectors may have."""

from awase.core.errors import ConfigError
from awase.core.limits import MAX_DIM


def check_dim(dim: int, usual: str) -> None:
    """Raises ConfigError E0520 unless 1 <= dim <= the limit; ``usual`` is what it advises."""
    if not 1 <= dim <= MAX_DIM:
        raise ConfigError("E0520", f"dim must lie between 1 and {MAX_DIM:,}", value=dim, remedy=usual)
