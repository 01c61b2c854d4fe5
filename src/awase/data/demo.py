"""The bundled demo data: Japanese sentences and their English translations (Tatoeba, CC BY 2.0 FR; see bundled/ATTRIBUTION.md)."""

from pathlib import Path


def demo_path() -> Path:
    """The Parquet file of 63,000 pairs: id, anchor (Japanese), positive (English), split (60,000 train, 1,000 valid, 2,000 test)."""
    return Path(__file__).parent / "bundled" / "tatoeba-ja-en.parquet"
