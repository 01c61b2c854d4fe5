"""All items at once, none of them drawn."""

from dataclasses import dataclass

from awase.core.errors import ConfigError


@dataclass(frozen=True)
class Everything:
    """Every item is a candidate of every anchor. What that costs is one number per anchor, log Z, which is estimated from ``classes`` Gaussians
    (``contrast.fused.partition``), so this part goes with vectors on the unit sphere, the dot product and InfoNCE at temperature 1.

    Raises ConfigError E0575 for fewer than one class.
    """

    classes: int = 1
    name = "everything, estimated"

    def __post_init__(self):
        if self.classes < 1:
            raise ConfigError(
                "E0575", "there must be at least 1 class", value=self.classes, remedy="1 is the default; 8 is many"
            )
