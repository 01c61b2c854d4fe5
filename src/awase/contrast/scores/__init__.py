"""How close two vectors are. Higher is always closer; a distance is negated here and nowhere else."""

from .bilinear import Cosine, Dot

__all__ = ["Cosine", "Dot"]
