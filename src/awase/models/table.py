"""Tables of names: a vector for each word, node, user or item that was trained on. Needs numpy and safetensors only."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, overload

import numpy as np

from awase.core.errors import ConfigError, InputError
from awase.core.limits import MAX_K
from awase.core.suggest import did_you_mean
from awase.data.text.texts import listed
from awase.models.geometry import GEOMETRIES, cosine, euclidean
from awase.models.names import Names, forms
from awase.store import tensors

_BESIDE = {"entity_projections": "entities", "relation_projections": "relations"}  # rows without names of their own
_BLOCK_FLOATS = 1 << 22  # of a table in use at a time
Seen = Callable[[int, np.ndarray], np.ndarray]  # (number of the first row, rows) -> the rows as a relation sees them
_DTYPES = (np.dtype(np.float32), np.dtype(np.float16))


class Neighbour(NamedTuple):
    """A name and how close it is; higher is closer."""

    name: str
    score: float


class TableModel:
    """Named rows, and what can be asked of them.

    tables: float32 or float16 (n, dim) by name, such as {"words": W}, {"entities": E, "relations": R} or {"users": U, "items": I}; the
    first is the one meant where none is named. names: one text for each row of each table. geometry: how closeness is measured
    (``awase.models.geometry``). known: int (m, 2) rows (head, tail) or (m, 3) rows (head, relation, tail) of the links trained on, which
    predictions leave out. info: what ``awase.json`` shall remember of the training. With ``mmap`` the tables are views of a file, whose
    values are checked when they are used.

    Raises: InputError E0421 for names that do not fit, E0425 for tables or known links that do not; ConfigError E0424.

    >>> model = TableModel({"words": np.array([[3, 4], [4, 3], [-1, 0]], np.float32)}, {"words": ["red", "rose", "blue"]})
    >>> model.neighbours("red", k=1)
    [Neighbour(name='rose', score=0.9599999785423279)]
    """

    def __init__(
        self,
        tables: Mapping[str, np.ndarray],
        names: Mapping[str, Sequence[str]],
        *,
        geometry: str = "cosine",
        name: str = "table",
        known: np.ndarray | None = None,
        info: dict | None = None,
        mmap: bool = False,
    ):
        if geometry not in GEOMETRIES:
            raise ConfigError("E0424", f"there is no geometry {geometry!r}", remedy=did_you_mean(geometry, GEOMETRIES))
        # Those without names last and by name, so that the order, and with it the fingerprint, is one that a folder can give back.
        self.tables = {table: tables[table] for table in sorted(tables, key=lambda table: table if table in _BESIDE else "")}
        self.geometry, self.name, self.info, self.mmap = geometry, name, dict(info or {}), mmap
        self._check_tables()
        self.names = self._checked_names(names)
        self.known = None if known is None else self._checked_known(np.asarray(known))
        self._fingerprint: str | None = None

    def __len__(self) -> int:
        """Rows of the first table."""
        return len(self.names[self.table_name(None)])

    @property
    def dim(self) -> int:
        """Dimensions of the first table."""
        return self.tables[self.table_name(None)].shape[1]

    @property
    def fingerprint(self) -> str:
        """sha256, in hex, over the tables, their names and the geometry."""
        if self._fingerprint is None:
            digest = hashlib.sha256(json.dumps([self.geometry, {n: t.shape for n, t in self.tables.items()}]).encode())
            for table in self.tables.values():
                digest.update(np.ascontiguousarray(table).data)
            for names in self.names.values():
                digest.update(names.utf8.data)
                digest.update(names.offsets.data)
            self._fingerprint = digest.hexdigest()
        return self._fingerprint

    def trust_fingerprint(self, fingerprint: str) -> None:
        """Spares the computation to who has verified the files that the fingerprint was computed over."""
        self._fingerprint = fingerprint

    def row(self, name: str, table: str | None = None) -> int:
        """The row of a name, or in a table of words of the form in which its corpus was read: Wine as wine, する as 為る.

        Raises: InputError E0420 for a name that is not there, with those that look like it; ConfigError E0424 for a table.
        """
        names = self.names[self.table_name(table)]
        read = self.info.get("read")
        if isinstance(name, str) and isinstance(read, dict) and name not in names:
            name = next((form for form in forms(name, str(read.get("cut by"))) if form in names), name)
        return names.row(name)

    @overload
    def vector(self, names: str, table: str | None = None) -> np.ndarray: ...
    @overload
    def vector(self, names: Sequence[str], table: str | None = None) -> np.ndarray: ...

    def vector(self, names, table=None):
        """The row of a name, float32 (dim,), or of several, (n_names, dim).

        Raises: InputError E0420 for a name that is not there, with those that look like it; ConfigError E0424 for a table.
        """
        table = self.table_name(table)
        rows = (
            self.row(names, table) if isinstance(names, str) else np.array([self.row(name, table) for name in names], np.int64)
        )
        vectors = self.tables[table][rows].astype(np.float32)
        tensors.check_finite(table, vectors)
        return vectors

    def encode(self, texts: Sequence[str], *, role: str = "document", dim: int | None = None) -> np.ndarray:
        """The rows of names in the first table, float32 (n_names, dim): what `awase encode` asks of any model. The role changes nothing."""
        texts = listed(texts)
        if dim is not None and not 1 <= dim <= self.dim:
            raise ConfigError("E0410", f"the model has {self.dim} dimensions", value=dim, remedy=f"dim from 1 to {self.dim}")
        return np.ascontiguousarray(self.vector(texts)[:, :dim])

    def neighbours(self, name: str, k: int = 10, table: str | None = None) -> list[Neighbour]:
        """The k names closest to a name of a table, best first, without itself; with the order geometry its most likely ancestors,
        the nearest first where several are certain.

        Raises: InputError E0420, ConfigError E0424.
        """
        table = self.table_name(table)
        row, query = self.row(name, table), self.vector(name, table)
        near = self._scores(table, query, euclidean) if self.geometry == "order" else None
        return self._best(table, self._scores(table, query), k, [row], near)

    def similarity(self, a: str, b: str, table: str | None = None) -> float:
        """The cosine of two names' vectors, as gensim calls it; ``neighbours`` measures by the model's own geometry.

        Raises: InputError E0420.
        """
        return float(cosine(self.vector(a, table), self.vector(b, table)[None])[0])

    def most_similar(self, name: str, topn: int = 10, table: str | None = None) -> list[Neighbour]:
        """``neighbours`` by gensim's name: pairs of name and closeness."""
        return self.neighbours(name, topn, table)

    def __contains__(self, name: object) -> bool:
        return name in self.names[self.table_name(None)]

    def __getitem__(self, names):
        """``vector``, of the first table."""
        return self.vector(names)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(names):,} {table}" for table, names in self.names.items())
        return f"<TableModel {self.name!r}: {sizes}, {self.dim} dimensions, {self.geometry}>"

    def analogy(self, a: str, b: str, c: str, k: int = 10) -> list[Neighbour]:
        """a is to b as c is to ...: the k names x of highest cos(x, b - a + c) of unit vectors, without a, b and c themselves (3CosAdd;
        Mikolov et al. 2013, "Linguistic regularities in continuous space word representations").

        Raises: InputError E0420; ConfigError E0423 unless the geometry is the cosine or the dot product.
        """
        if self.geometry not in ("cosine", "dot"):
            raise ConfigError(
                "E0423", f"analogies are differences of directions; this model measures closeness by {self.geometry!r}",
                remedy="use a model of words, as `awase fit corpus.txt --recipe sgns` makes it",
            )  # fmt: skip
        table = self.table_name(None)
        given = self.vector([a, b, c])
        lengths = np.linalg.norm(given, axis=1, keepdims=True)
        unit = given / np.where(lengths > 0, lengths, 1)
        left_out = [self.row(name, table) for name in (a, b, c)]
        return self._best(table, self._scores(table, unit[1] - unit[0] + unit[2], cosine), k, left_out)

    def predict(self, head: str, relation: str, k: int = 10, *, known: bool = False) -> list[Neighbour]:
        """The k likeliest tails of (head, relation, ?), by -|h + r - t|, with head and tail projected for the relation where the model
        has projections (Ji et al. 2015, equation 11). Unless ``known``, links that were trained on are left out.

        Raises: InputError E0420; ConfigError E0423 for a model without entities and relations.
        """
        self._need("predicting", ("entities", "relations"))
        h, r = self.names["entities"].row(head), self.names["relations"].row(relation)
        query, step = self.vector(head, "entities"), self.vector(relation, "relations")
        seen = self._projected(r) if "relation_projections" in self.tables else None
        if seen:
            query = seen(h, query[None])[0]
        left_out = [] if known else self._tails_of(h, r)
        return self._best("entities", self._scores("entities", query + step, seen=seen), k, left_out)

    def _projected(self, relation: int) -> Seen:
        across = self.tables["relation_projections"][relation].astype(np.float32)

        def seen(start: int, rows: np.ndarray) -> np.ndarray:
            projections = self.tables["entity_projections"][start : start + len(rows)].astype(np.float32)
            return rows + np.einsum("nd,nd->n", projections, rows)[:, None] * across

        return seen

    def recommend(self, user: str, k: int = 10, *, known: bool = False) -> list[Neighbour]:
        """The k items closest to a user. Unless ``known``, items that the user had in training are left out.

        Raises: InputError E0420; ConfigError E0423 for a model without users and items.
        """
        self._need("recommending", ("users", "items"))
        scores = self._scores("items", self.vector(user, "users"))
        return self._best("items", scores, k, [] if known else self._tails_of(self.names["users"].row(user)))

    def save(
        self,
        path: Path | str,
        *,
        dtype: Literal["float32", "float16"] = "float32",
        card: str | None = None,
        extra: Mapping[str, bytes] | None = None,
    ) -> None:
        """Writes a folder that ``awase.load`` opens. See ``awase.models.table_folder.save``."""
        from awase.models.table_folder import save

        save(self, path, dtype=dtype, card=card, extra=extra)

    def table_name(self, table: str | None) -> str:
        """The table meant: the first if None. Raises: ConfigError E0424 for one that is not there."""
        if table is None:
            return next(iter(self.names))
        if table not in self.names:
            raise ConfigError("E0424", f"the model has no table {table!r}", remedy=did_you_mean(table, self.names))
        return table

    def _scores(self, table: str, query: np.ndarray, measure: Callable | None = None, seen: Seen | None = None) -> np.ndarray:
        """float64 (n,): how close a vector is to all rows of a table, a block at a time."""
        measure, rows = measure or GEOMETRIES[self.geometry], self.tables[table]
        step = max(1, _BLOCK_FLOATS // rows.shape[1])
        scores = np.empty(len(rows), np.float64)
        for start in range(0, len(rows), step):
            block = np.asarray(rows[start : start + step], np.float32)
            scores[start : start + step] = measure(query, block if seen is None else seen(start, block))
        tensors.check_finite(table, scores)
        return scores

    def _best(
        self, table: str, scores: np.ndarray, k: int, left_out: Sequence[int] | np.ndarray, ties: np.ndarray | None = None
    ) -> list[Neighbour]:
        """The k names of highest score; of equal ones those of higher ``ties`` first, then the lower row."""
        if not 1 <= k <= MAX_K:
            raise ConfigError("E0424", f"k must lie between 1 and {MAX_K:,}", value=k, remedy="10 is usual")
        scores[np.asarray(left_out, np.int64)] = -np.inf
        k = min(k, int(np.isfinite(scores).sum()))
        if not k:
            return []
        rows = np.flatnonzero(scores >= np.partition(scores, len(scores) - k)[len(scores) - k])
        order = np.lexsort((rows, -(rows * 0 if ties is None else ties[rows]), -scores[rows]))
        names = self.names[table]
        return [Neighbour(names[row], float(scores[row])) for row in rows[order[:k]].tolist()]

    def _tails_of(self, head: int, relation: int | None = None) -> np.ndarray:
        """The rows that training linked with a head (and relation)."""
        if self.known is None:
            return np.empty(0, np.int64)
        start, stop = np.searchsorted(self.known[:, 0], [head, head + 1])
        links = self.known[start:stop]
        return links[:, -1] if relation is None else links[links[:, 1] == relation, -1]

    def _need(self, what: str, tables: tuple[str, str]) -> None:
        if not set(tables) <= self.names.keys():
            raise ConfigError(
                "E0423", f"{what} needs tables of {tables[0]} and {tables[1]}; the model has {', '.join(self.names)}",
                remedy="`awase neighbours MODEL NAME` works with any table",
            )  # fmt: skip

    def _check_tables(self) -> None:
        for name, table in self.tables.items():
            if not isinstance(table, np.ndarray) or table.dtype not in _DTYPES or table.ndim != 2 or 0 in table.shape:
                raise InputError(
                    "E0425", f"table {name!r} is not rows of float32 or float16",
                    value=(getattr(table, "dtype", type(table)), getattr(table, "shape", None)), remedy="give an array (n, dim)",
                )  # fmt: skip
            beside = self.tables.get(_BESIDE.get(name, name))
            if beside is None or table.shape != beside.shape:
                raise InputError(
                    "E0425", f"table {name!r} must have the shape of {_BESIDE[name]!r}", value=table.shape, remedy="give one row each"
                )  # fmt: skip
            if not self.mmap:
                self._check_values(name, table)
        if not self.tables or ("entity_projections" in self.tables) != ("relation_projections" in self.tables):
            raise InputError(
                "E0425",
                "tables are missing",
                value=list(self.tables),
                remedy="give at least one; projections of both kinds or of none",
            )
        if len({table.shape[1] for table in self.tables.values()}) > 1:
            raise InputError(
                "E0425", "the tables have different dimensions", value={name: table.shape[1] for name, table in self.tables.items()},
                remedy="train them together",
            )  # fmt: skip

    def _check_values(self, name: str, table: np.ndarray) -> None:
        bad = ~(np.isfinite(table.min(axis=1)) & np.isfinite(table.max(axis=1)))
        problem = "hold NaN or infinity"
        if not bad.any() and self.geometry == "poincare":
            bad = np.einsum("nd,nd->n", table, table, dtype=np.float64) >= 1
            problem = "lie outside the unit ball"
        if bad.any():
            raise InputError(
                "E0425",
                f"{int(bad.sum()):,} rows of table {name!r} {problem}",
                place=f"row {bad.argmax()}",
                remedy="train it again",
            )

    def _checked_names(self, given: Mapping[str, Sequence[str]]) -> dict[str, Names]:
        """The names of each table, in the order of the tables."""
        tables = [table for table in self.tables if table not in _BESIDE]
        if given.keys() != set(tables):
            raise InputError(
                "E0421", "tables and lists of names do not belong together", value=(list(self.tables), list(given)),
                remedy="give the names of each table",
            )  # fmt: skip
        checked = {}
        for table in tables:
            names = given[table]
            checked[table] = names if isinstance(names, Names) else Names(names, table)
            if len(names) != len(self.tables[table]):
                raise InputError(
                    "E0421",
                    f"table {table!r} has {len(self.tables[table]):,} rows and {len(names):,} names",
                    remedy="give one each",
                )
        return checked

    def _checked_known(self, known: np.ndarray) -> np.ndarray:
        """int64, sorted by head."""
        of_two = ("nodes", "nodes") if "nodes" in self.names else ("users", "items")
        tables = {2: of_two, 3: ("entities", "relations", "entities")}.get(known.shape[-1] if known.ndim == 2 else 0)
        if tables is None or known.dtype.kind not in "iu" or not set(tables) <= self.names.keys():
            raise InputError(
                "E0425", "known links are not rows of the tables", value=(known.dtype, known.shape),
                remedy="give (user, item), (node, node) or (head, relation, tail) row numbers",
            )  # fmt: skip
        limits = np.array([len(self.names[table]) for table in tables])
        if len(known) and ((known < 0) | (known >= limits)).any():
            raise InputError("E0425", "known links name rows that are not there", value=limits.tolist(), remedy="save it again")
        return known[np.argsort(known[:, 0], kind="stable")].astype(np.int64)
