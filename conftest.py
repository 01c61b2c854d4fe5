"""Before the first import: no test may run on a kernel that was compiled from other sources."""

from pathlib import Path

from compiled import refresh

refresh(Path(__file__).parent / "src" / "awase")
