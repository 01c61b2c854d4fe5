"""Arrow's compute functions. They are made when pyarrow is imported, so a type checker cannot know them: it sees ``Any``."""

from typing import Any

import pyarrow.compute

pc: Any = pyarrow.compute
