"""How close two vectors are. Higher is always closer; a distance is negated here and nowhere else."""

from .bilinear import Cosine, Dot
from .distance import Distance
from .order import Order
from .poincare import Poincare

__all__ = ["Cosine", "Distance", "Dot", "Order", "Poincare"]
