"""A user as the bag of the things it has, and that bag without one of them."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.encoders.bag import Bag
from awase.contrast.encoders.dims import check_dim
from awase.contrast.encoders.gradient import Rows, summed
from awase.contrast.positives.bags import OthersSource, by_group


class OthersBag:
    """f(user) = sum over its n things of table_t / n^p,  f(thing) = table_t,  f(user without t) = (n^p f(user) - table_t) / (n - 1)^p.

    Items are numbered as in ``OthersSource``. There are no vectors of users: whoever has things has a vector, in training or not.

    >>> source = OthersSource(np.array([0, 0]), np.array([0, 1]), n_users=1, n_things=2)
    >>> OthersBag(np.eye(2, dtype=np.float32), source).encode(np.array([0, 1, 3]))
    array([[0.5, 0.5],
           [1. , 0. ],
           [0. , 1. ]], dtype=float32)
    """

    def __init__(self, table: np.ndarray, source: OthersSource, *, power: float = 1.0, threads: int = 1):
        starts, things = by_group(source.users, source.things, source.n_users)
        ids = np.concatenate([things, np.arange(source.n_things)]).astype(np.int32)
        offsets = np.concatenate([starts, starts[-1] + 1 + np.arange(source.n_things)])
        self._bag = Bag(table, np.zeros(len(table), np.float32), ids, offsets, power=power, threads=threads)
        self.parameters, self._source, self._power = {"table": table}, source, power
        self._sizes = np.diff(starts)

    @property
    def dim(self) -> int:
        return self._bag.dim

    def _without(self, items: np.ndarray) -> tuple[np.ndarray, ...]:
        """(items with users for those without a thing, which places these are, the thing, factor of the whole bag, factor of the thing)."""
        at = np.flatnonzero(items >= self._source.n_items)
        examples = items[at] - self._source.n_items
        whole = items.copy()
        whole[at] = users = self._source.users[examples]
        n = self._sizes[users].astype(np.float32)
        share = np.where(n > 1, 1 / np.maximum(n - 1, 1) ** self._power, 0).astype(np.float32)
        return whole, at, self._source.things[examples], share * n**self._power, share

    def encode(self, items: np.ndarray) -> np.ndarray:
        """(n, dim) float32."""
        whole, at, things, factor, share = self._without(items)
        V = self._bag.encode(whole)
        V[at] = factor[:, None] * V[at] - share[:, None] * self.parameters["table"][things]
        return V

    def pull(self, items: np.ndarray, dV: np.ndarray) -> list[Rows]:
        """The gradient of the table from dV (n, dim)."""
        whole, at, things, factor, share = self._without(items)
        d_whole = dV.copy()
        d_whole[at] *= factor[:, None]
        of_bags = self._bag.pull(whole, d_whole)[0]
        rows = np.concatenate([of_bags.rows, things])
        return [summed("table", rows, np.concatenate([of_bags.values, -share[:, None] * dV[at]]))]


@dataclass(frozen=True)
class ThingsBag:
    """The encoder part: a row of ``dim`` numbers for each thing; sums over n^``power``."""

    dim: int = 100
    power: float = 1.0
    name = "bag of things"

    def __post_init__(self):
        check_dim(self.dim, "100 is the default")

    def over(self, source: OthersSource, *, seed: int, threads: int = 1) -> OthersBag:
        """Before training: rows of about unit length, normal with variance 1 / dim."""
        table = np.random.default_rng((seed, 0x574)).standard_normal((source.n_things, self.dim), np.float32)
        return OthersBag(table / np.float32(np.sqrt(self.dim)), source, power=self.power, threads=threads)
