"""What is paid: from scores to one number per anchor, with its exact gradient with respect to the scores."""

from .infonce import InfoNCE
from .margin import Margin

__all__ = ["InfoNCE", "Margin"]
