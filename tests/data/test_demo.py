"""The bundled data are what the attribution says."""

import numpy as np
import pyarrow.parquet

from awase.data.demo import demo_path
from awase.data.judged import judged_from_pairs
from awase.data.pairs import read_pairs
from awase.data.split import split_pairs


def test_the_demo_file():
    pairs = read_pairs(demo_path())
    split = split_pairs(pairs)
    assert [len(part) for part in split[:3]] == [60_000, 1_000, 2_000]
    assert (pairs.duplicates, pairs.bad.n) == (0, 0)
    assert split.note == "the file's own split"  # no leakage, or it would be counted here
    assert split.components == len(pairs) == 63_000  # no sentence stands twice
    assert len(judged_from_pairs(pairs, split.test).documents) == 63_000
    assert pyarrow.parquet.read_schema(demo_path()).names == ["id", "anchor", "positive", "split"]
    assert demo_path().stat().st_size < 3_000_000


def test_the_languages_are_where_they_should_be():
    pairs = read_pairs(demo_path())
    japanese = np.mean(
        [any("ぁ" <= c <= "ヿ" or "一" <= c <= "龥" for c in text) for text in pairs.anchors[:2_000].to_pylist()]
    )
    english = np.mean([text.isascii() for text in pairs.positives[:2_000].to_pylist()])
    assert japanese > 0.99 and english > 0.95


def test_the_attribution_is_beside_the_data():
    text = (demo_path().parent / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert all(part in text for part in ("https://tatoeba.org", "CC BY 2.0 FR", "What was changed", demo_path().name))
