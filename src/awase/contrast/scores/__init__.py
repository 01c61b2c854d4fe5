"""How close two vectors are. Higher is always closer; a distance is negated here and nowhere else."""

from .bilinear import Cosine, Dot
from .distance import Distance

__all__ = ["Cosine", "Distance", "Dot"]
