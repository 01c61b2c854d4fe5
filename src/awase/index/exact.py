"""Exact search: every query against every vector, by dot product, in blocks.

Two roads to the same numbers. A few queries go through a kernel that reads each vector once, at the speed of the memory. Many
queries go through a matrix product, which is several times faster per query but rounds a score differently from block to
block; its best candidates (a few more than k) are scored again by the kernel. So the score of a query and a vector depends on
these two alone: not on the batch, the block or the thread, nor on what was added and deleted before, and equal vectors tie.
"""

import numpy as np

from awase.core.errors import ConfigError, InputError
from awase.core.limits import MAX_K
from awase.core.protocols import Hits
from awase.kernels.lazy import njit
from awase.kernels.start import compiled
from awase.kernels.topk import gather_topk, gather_topk_twin, rank_topk

_FEW_QUERIES = 16  # up to here the kernel is faster than the matrix product (measured, dim 64 to 1024)
_QUERIES = 1024  # of one matrix product
_BLOCK_SCORES = 1 << 22  # scores held at once: 16 MB, whatever the number of vectors
_MORE = 16  # candidates beyond k that the kernel scores again
_TWIN_SPEED = 2_000  # products of two numbers in a microsecond


@njit(fastmath={"reassoc", "contract"}, cache=True, nogil=True)
def _dot(a, b):
    total = np.float32(0.0)
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@njit(cache=True, nogil=True)
def dots(vectors, queries, out):
    """out (q, n) = queries (q, d) @ vectors (n, d).T, each product summed in one order."""
    for row in range(len(vectors)):
        for q in range(len(queries)):
            out[q, row] = _dot(vectors[row], queries[q])


def dots_twin(vectors, queries, out):
    """What `dots` means, in numpy: each product summed in one order, though another one."""
    for query, its_out in zip(queries, out):
        np.einsum("nd,d->n", vectors, query, out=its_out)


@njit(cache=True, nogil=True)
def dots_of(first, second, rows, queries, out):
    """out (q, m): each query against its own rows (q, m) of `first` followed by `second`; -inf where a row is negative."""
    n_first = len(first)
    for q in range(len(queries)):
        for at in range(rows.shape[1]):
            row = rows[q, at]
            if row < 0:
                out[q, at] = -np.inf
            elif row < n_first:
                out[q, at] = _dot(first[row], queries[q])
            else:
                out[q, at] = _dot(second[row - n_first], queries[q])


def dots_of_twin(first, second, rows, queries, out):
    """What `dots_of` means, in numpy."""
    out[:] = -np.inf
    for part, first_row in ((first, 0), (second, len(first))):
        for query, its_rows, its_out in zip(queries, rows, out):
            inside = (its_rows >= first_row) & (its_rows < first_row + len(part))
            its_out[inside] = np.einsum("nd,d->n", part[its_rows[inside] - first_row], query)


class Exact:
    """Searches float32 vectors (n, dim) by dot product: for unit vectors the cosine.

    The array is used as it is, so a memory map is read block by block and never copied. Vectors can be added and deleted;
    rows are numbered in the order of adding, and a deleted row's number is not used again.

    Errors: E0701 NaN or infinity (in vectors or queries, the rows named), E0702 a wrong shape, E0703 a wrong k.

    >>> index = Exact(np.eye(3, dtype=np.float32))
    >>> index.search(np.float32([[0.5, 1, 0]]), k=2).rows
    array([[1, 0]])
    """

    def __init__(self, vectors: np.ndarray):
        vectors = _matrix(vectors, None, "vectors")
        self.dim = vectors.shape[1]
        self._longest = _length(vectors, "vectors", 0)
        self._first = _read_only(vectors)
        self._room = np.empty((0, self.dim), np.float32)  # the added vectors, with room to grow
        self._second = _read_only(self._room)  # the filled part of it
        self._alive = np.ones(len(vectors), bool)
        self.n_deleted = 0

    def __len__(self) -> int:
        """Rows ever added, the deleted ones too: the length of a mask."""
        return len(self._first) + len(self._second)

    def add(self, vectors: np.ndarray) -> None:
        """Append vectors (m, dim) as rows len(self) ... len(self) + m."""
        vectors = _matrix(vectors, self.dim, "vectors")
        self._longest = max(self._longest, _length(vectors, "vectors", len(self)))
        start, stop = len(self._second), len(self._second) + len(vectors)
        if stop > len(self._room):
            self.reserve(max(len(vectors), len(self._room) // 2))
        self._room[start:stop] = vectors
        self._second = _read_only(self._room[:stop])
        self._alive = np.concatenate([self._alive, np.ones(len(vectors), bool)])

    def reserve(self, n: int) -> None:
        """Make room for n more vectors at once, where adding would make it step by step, copying."""
        grown = np.empty((len(self._second) + n, self.dim), np.float32)
        grown[: len(self._second)] = self._second
        self._room, self._second = grown, _read_only(grown[: len(self._second)])

    def delete(self, rows: np.ndarray) -> None:
        """Leave these rows out of every search from now on."""
        self._alive[rows] = False
        self.n_deleted = len(self._alive) - int(np.count_nonzero(self._alive))

    def search(self, queries: np.ndarray, k: int, mask: np.ndarray | None = None) -> Hits:
        """The k nearest rows to each of queries (q, dim), among those where mask (n,) is true."""
        queries = self.checked_queries(queries)
        check_k(k)
        allowed = self.allowed(mask)
        scores = np.full((len(queries), k), -np.inf, np.float32)
        rows = np.full((len(queries), k), -1, np.int64)
        step = _FEW_QUERIES if len(queries) <= _FEW_QUERIES else _QUERIES
        for start in range(0, len(queries), step):
            some = slice(start, start + step)
            if step == _FEW_QUERIES:
                self._by_kernel(queries[some], allowed, rows[some], scores[some])
            else:
                self._by_product(queries[some], allowed, rows[some], scores[some])
        return Hits(rows, scores)

    def scores_of(self, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """float32 (q, m): the score of each query with its own rows (q, m); -inf where a row is -1."""
        out = np.empty(rows.shape, np.float32)
        kernel = dots_of if compiled(rows.size * self.dim // _TWIN_SPEED, exact=False) else dots_of_twin
        kernel(self._first, self._second, rows, _read_only(_matrix(queries, self.dim, "queries")), out)
        return out

    def arrays(self) -> dict[str, np.ndarray]:
        """What ``from_arrays`` makes an equal index of. Copied only when vectors were added to others; for reading only."""
        parts = [part for part in (self._first, self._second) if len(part)] or [self._first]
        vectors = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return {"vectors": vectors, "deleted": np.flatnonzero(~self._alive)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "Exact":
        """The index that gave these arrays. A memory map is used as it is."""
        index = cls(arrays["vectors"])
        index.delete(arrays["deleted"])
        return index

    def checked_queries(self, queries: np.ndarray) -> np.ndarray:
        """Queries as contiguous float32 (q, dim). Errors: E0701, E0702."""
        queries = _matrix(queries, self.dim, "queries")
        _length(queries, "queries", 0)
        return queries

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """The vectors (n, dim) of these rows, which must rise."""
        cut = np.searchsorted(rows, len(self._first))
        return np.concatenate([self._first[rows[:cut]], self._second[rows[cut:] - len(self._first)]])

    def allowed(self, mask: np.ndarray | None) -> np.ndarray | None:
        """The rows to look at, as booleans; None for all of them."""
        if mask is None:
            return self._alive if self.n_deleted else None
        if mask.shape != (len(self),) or mask.dtype != bool:
            raise ConfigError("E0702", f"a mask must be {len(self)} booleans, one a row", value=(mask.dtype.name, mask.shape))
        return mask & self._alive if self.n_deleted else mask

    def _scan(self, score, n_queries: int, allowed, rows, scores, gather=gather_topk) -> None:
        """Fill the best rows and scores, block by block, from `score(vectors, out)`."""
        step = max(_BLOCK_SCORES // max(n_queries, _FEW_QUERIES), 1)
        room = np.empty(
            n_queries * min(step, len(self)), np.float32
        )  # one for all blocks: fresh pages cost as much as a product
        few = None if allowed is None or np.count_nonzero(allowed) * 4 > len(self) else np.flatnonzero(allowed)
        for first_row, block, left_out in self._blocks(step, allowed) if few is None else self._gathered(step, few):
            found = room[: n_queries * len(block)].reshape(n_queries, len(block))
            score(block, found)
            if left_out is not None:
                found[:, left_out] = -np.inf
            gather(found, first_row, scores, rows)
        if gather is gather_topk:
            rank_topk(scores, rows)
        if few is not None and len(few):
            rows[:] = np.where(rows < 0, -1, few[rows])

    def _blocks(self, step: int, allowed: np.ndarray | None):
        """(first row, vectors, which of them to leave out or None), in the order of the rows."""
        for base, part in ((0, self._first), (len(self._first), self._second)):
            for start in range(0, len(part), step):
                block = part[start : start + step]
                yield base + start, block, None if allowed is None else ~allowed[base + start : base + start + len(block)]

    def _gathered(self, step: int, few: np.ndarray):
        """The same for a few rows only, numbered by their place in `few`: nothing else is read."""
        for start in range(0, len(few), step):
            yield start, _read_only(self.vectors(few[start : start + step])), None

    def _by_kernel(self, queries, allowed, rows, scores) -> None:
        queries = _read_only(queries)
        work = len(queries) * (len(self) * self.dim // _TWIN_SPEED + len(self) // 50)
        score, gather = (dots, gather_topk) if compiled(work, exact=False) else (dots_twin, gather_topk_twin)
        self._scan(lambda block, out: score(block, queries, out), len(queries), allowed, rows, scores, gather)

    def _by_product(self, queries, allowed, rows, scores) -> None:
        k = scores.shape[1]
        near = np.full((len(queries), k + _MORE), -np.inf, np.float32)
        candidates = np.full(near.shape, -1, np.int64)
        self._scan(lambda block, out: np.matmul(queries, block.T, out=out), len(queries), allowed, candidates, near)
        last = near[:, -1]
        exact = self.scores_of(queries, candidates)
        order = np.lexsort((candidates, -exact), axis=1)[:, :k]
        scores[:] = np.take_along_axis(exact, order, 1)
        rows[:] = np.take_along_axis(candidates, order, 1)
        # A row that the product left out can belong to the k best only when rounding is larger than the distance between its
        # score (at most `last`) and the k-th. Rounding of a sum of dim products, in either order: dim * 2^-24 * |query| * |vector|.
        lengths = np.sqrt(np.einsum("qd,qd->q", queries, queries, dtype=np.float64))
        rounding = 2 * self.dim * 2.0**-24 * lengths * self._longest
        doubtful = np.flatnonzero((scores[:, -1] <= last + rounding) & (last > -np.inf) & (rounding > 0))
        for start in range(0, len(doubtful), _FEW_QUERIES):
            some = doubtful[start : start + _FEW_QUERIES]
            again, again_rows = np.full((len(some), k), -np.inf, np.float32), np.full((len(some), k), -1, np.int64)
            self._by_kernel(queries[some], allowed, again_rows, again)
            scores[some], rows[some] = again, again_rows


def check_k(k: int) -> None:
    """k, the number of results, is a whole number from 1 to MAX_K."""
    if not isinstance(k, int | np.integer) or isinstance(k, bool) or not 1 <= k <= MAX_K:
        raise ConfigError("E0703", f"k, the number of results, must be a whole number from 1 to {MAX_K:,}", value=k)


def _matrix(array: np.ndarray, dim: int | None, what: str) -> np.ndarray:
    """The array as contiguous float32 (n, dim); a float32 memory map stays one."""
    array = np.asarray(array)
    if array.ndim != 2 or array.dtype.kind not in "fiu" or (dim is not None and array.shape[1] != dim):
        expected = f"numbers in the shape (n, {dim or 'dim'})"
        raise InputError("E0702", f"{what} must be {expected}", value=(array.dtype.name, array.shape))
    with np.errstate(over="ignore"):  # what overflows is infinite and refused by name
        return np.ascontiguousarray(array, np.float32)


def _length(vectors: np.ndarray, what: str, first_row: int) -> float:
    """The largest Euclidean length of the vectors, which are read block by block and must be finite."""
    longest, step = 0.0, max(_BLOCK_SCORES // max(vectors.shape[1], 1), 1)
    for start in range(0, len(vectors), step):
        block = vectors[start : start + step]
        squares = np.einsum("nd,nd->n", block, block, dtype=np.float64)
        _refuse_nonfinite(block, squares, what, first_row + start)
        longest = max(longest, float(squares.max()))
    return longest**0.5


def _refuse_nonfinite(block: np.ndarray, sums: np.ndarray, what: str, first_row: int) -> None:
    bad = np.flatnonzero(~np.isfinite(sums))
    if len(bad):
        named = ", ".join(str(first_row + row) for row in bad[:5]) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")
        value = float(block[bad[0]][~np.isfinite(block[bad[0]])][0])
        raise InputError("E0701", f"{what} must be finite numbers", place=f"row {named}", value=value, remedy="leave them out")


def _read_only(array: np.ndarray) -> np.ndarray:
    """A view that cannot be written: one type for the compiled kernels, whether the array is a memory map or not."""
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view
