"""Characters and pairs of neighbouring characters of the words of scripts that are written without spaces.

Works on what ``words.spans`` returns, so that words and n-grams are numbered alike.
"""

import numpy as np
from numba import njit

RUN = 0  # the class (see ``words.cut``) of characters that are not gathered into words; all take three bytes or more


@njit(cache=True, nogil=True)
def _size(byte):
    """Bytes of the character that begins with this one."""
    return 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4


@njit(cache=True, nogil=True)
def _is_run(data, at, classes):
    byte = data[at]
    if byte < 0xE0:
        return False
    if byte >= 0xF0:
        return True
    return classes[(byte & 0x0F) << 12 | (data[at + 1] & 0x3F) << 6 | (data[at + 2] & 0x3F)] == RUN


@njit(cache=True, nogil=True)
def expand(data, begins, ends, bounds, classes, out_begins, out_ends, out_bounds):
    """Writes the spans with each run of RUN characters replaced by its n-grams; returns how many there are."""
    n = 0
    for text in range(len(bounds) - 1):
        out_bounds[text] = n
        for word in range(bounds[text], bounds[text + 1]):
            at, end = begins[word], ends[word]
            if not _is_run(data, at, classes):
                out_begins[n], out_ends[n] = at, end
                n += 1
                continue
            while at < end:
                after = at + _size(data[at])
                out_begins[n], out_ends[n] = at, after
                n += 1
                if after < end:
                    out_begins[n], out_ends[n] = at, after + _size(data[after])
                    n += 1
                at = after
    out_bounds[len(bounds) - 1] = n
    return n


def expand_twin(data, begins, ends, bounds, classes, out_begins, out_ends, out_bounds):
    """What ``expand`` computes, by decoding each word."""
    n = 0
    for text in range(len(bounds) - 1):
        out_bounds[text] = n
        for word in range(bounds[text], bounds[text + 1]):
            string = bytes(data[begins[word] : ends[word]]).decode()
            first = ord(string[0])
            grams = [string]
            if (classes[first] if first < len(classes) else RUN) == RUN:
                grams = [string[i : i + size] for i in range(len(string)) for size in (1, 2) if i + size <= len(string)]
            at, previous = begins[word], ""
            for gram in grams:
                if len(gram) == 1 and previous:
                    at += len(previous.encode())
                out_begins[n], out_ends[n] = at, at + len(gram.encode())
                previous = gram if len(grams) > 1 and len(gram) == 1 else previous
                n += 1
    out_bounds[len(bounds) - 1] = n
    return n


def char_ngrams(data, begins, ends, bounds, classes):
    """Spans in which every run of RUN characters is replaced by its characters and its pairs of neighbours.

    data, begins, ends, bounds as ``words.spans`` takes and returns them; returns new begins, ends, bounds. Words stay.

    >>> text = np.frombuffer("ab 漢字か".encode(), np.uint8)
    >>> classes = np.ones(65536, np.uint8); classes[[ord(c) for c in "漢字か"]] = RUN
    >>> begins, ends, _ = char_ngrams(text, np.array([0, 3]), np.array([2, 12]), np.array([0, 2]), classes)
    >>> [bytes(text[a:b]).decode() for a, b in zip(begins, ends)]
    ['ab', '漢', '漢字', '字', '字か', 'か']
    """
    room = int((ends - begins).sum())  # a run of c characters has 2c - 1 n-grams and at least 3c bytes
    out_begins, out_ends, out_bounds = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(len(bounds), np.int64)
    n = expand(data, begins, ends, bounds, classes, out_begins, out_ends, out_bounds)
    return out_begins[:n], out_ends[:n], out_bounds
