"""What is added to the loss: functions of a batch's vectors, with their gradients.

A regulariser is called as ``regulariser(items (n,), V (n, d)) -> Pull``, with the items of a batch (an item that stands in it twice comes
twice) and their vectors. What it learns itself is in ``parameters`` (name -> array), and its gradient in ``Pull.own``.
"""

from .covariance import Covariance
from .features import Features
from .pull import Pull

__all__ = ["Covariance", "Features", "Pull"]
