"""Communities by number. Spellings that differ in case or in a leading "r/" are one community."""

import re

import numpy as np
import pyarrow as pa

from awase.data.compute import pc

_PREFIX = re.compile(r"\A/?r/", re.IGNORECASE)


class Communities:
    """Numbers the communities of rows as they come, and counts how each is written."""

    def __init__(self):
        self._number: dict[str, int] = {}
        self._written: list[dict[str, int]] = []

    def numbers(self, names: pa.Array) -> np.ndarray:
        """int32 (n,) for names (n,); of what has none, that of "". The loop is over the distinct names of a block.

        >>> communities = Communities()
        >>> communities.numbers(pa.array(["Wine", "r/wine", "beer", "WINE", "Wine"], pa.large_string())).tolist(), communities.names()
        ([0, 0, 1, 0, 0], ['Wine', 'beer'])
        """
        coded = pc.utf8_trim_whitespace(names.fill_null("")).dictionary_encode()
        places = coded.indices.to_numpy()
        counts = np.bincount(places, minlength=len(coded.dictionary))
        numbers = []
        for name, count in zip(coded.dictionary.to_pylist(), counts.tolist()):
            name = _PREFIX.sub("", name)
            number = self._number.setdefault(name.casefold(), len(self._number))
            if number == len(self._written):
                self._written.append({})
            self._written[number][name] = self._written[number].get(name, 0) + count
            numbers.append(number)
        return np.array(numbers, np.int32)[places]

    def names(self) -> list[str]:
        """Each as it is written most often; of equals the first by letters, so that the order of a dump changes nothing."""
        return [min(written, key=lambda name: (-written[name], name)) for written in self._written]
