"""What is paid: from scores to one number per anchor, with its exact gradient with respect to the scores."""

from .hinge import Hinge
from .infonce import InfoNCE
from .logistic import Logistic
from .majority import MajorityOrMinority
from .margin import Margin
from .violations import Violations
from .warp import Warp

__all__ = ["Hinge", "InfoNCE", "Logistic", "MajorityOrMinority", "Margin", "Violations", "Warp"]
