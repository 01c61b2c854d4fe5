"""Terms of scripts that are written without spaces: characters, pairs of neighbours, and where a run of one script begins.

Works on what ``words.spans`` returns, so that words and these terms are numbered alike. Terms that say where a run begins are written
into an arena behind the text, with the marks ^ and $, which are in no word.
"""

import numpy as np

from awase.kernels.lazy import njit
from awase.kernels.start import compiled

RUN = 0  # the class (see ``words.cut``) of characters that are not gathered into words; all take three bytes or more
NO_SCRIPT, CONTINUES = 0, 255  # scripts: of no interest; that of the character before
LONGEST = 12  # characters of a run that is a term as a whole
BEGIN, END = ord("^"), ord("$")  # no word has them


@njit(cache=True, nogil=True)
def _size(byte):
    """Bytes of the character that begins with this one."""
    return 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4


@njit(cache=True, nogil=True)
def _code(data, at):
    """The code point of the character of three or four bytes at a place."""
    if data[at] < 0xF0:
        return (data[at] & 0x0F) << 12 | (data[at + 1] & 0x3F) << 6 | (data[at + 2] & 0x3F)
    return (data[at] & 0x07) << 18 | (data[at + 1] & 0x3F) << 12 | (data[at + 2] & 0x3F) << 6 | (data[at + 3] & 0x3F)


@njit(cache=True, nogil=True)
def _is_run(data, at, classes):
    byte = data[at]
    return byte >= 0xF0 or (byte >= 0xE0 and classes[_code(data, at)] == RUN)


@njit(cache=True, nogil=True)
def _write(data, begin, end, closed, arena, n):
    """Writes ^ and some characters into the arena, and $ if ``closed``; returns where the arena is filled to."""
    arena[n] = BEGIN
    n += 1
    for at in range(begin, end):
        arena[n] = data[at]
        n += 1
    if closed:
        arena[n] = END
        n += 1
    return n


@njit(cache=True, nogil=True)
def expand(data, begins, ends, bounds, classes, scripts, arena, out_begins, out_ends, out_bounds):
    """Writes the spans with each run of RUN characters replaced by its terms; returns how many there are, and bytes of the arena."""
    n = filled = 0
    behind = len(data)  # where the arena will begin
    for text in range(len(bounds) - 1):
        out_bounds[text] = n
        for word in range(bounds[text], bounds[text + 1]):
            at, end = begins[word], ends[word]
            if not _is_run(data, at, classes):
                out_begins[n], out_ends[n] = at, end
                n += 1
                continue
            script, first, length = NO_SCRIPT, at, 0  # the run of one script: where it begins, and its characters so far
            while at <= end:
                after, of = end + 1, NO_SCRIPT
                if at < end:
                    after = at + _size(data[at])
                    of = scripts[min(_code(data, at), len(scripts) - 1)]
                    if of == CONTINUES:
                        of = script
                if of != script or at == end:
                    if script != NO_SCRIPT and length <= LONGEST:
                        out_begins[n] = behind + filled
                        filled = _write(data, first, at, True, arena, filled)
                        out_ends[n] = behind + filled
                        n += 1
                    script, first, length = of, at, 0
                if at == end:
                    break
                length += 1
                if length == 2 and script != NO_SCRIPT:
                    out_begins[n] = behind + filled
                    filled = _write(data, first, after, False, arena, filled)
                    out_ends[n] = behind + filled
                    n += 1
                out_begins[n], out_ends[n] = at, after
                n += 1
                if after < end:
                    out_begins[n], out_ends[n] = at, after + _size(data[after])
                    n += 1
                at = after
    out_bounds[len(bounds) - 1] = n
    return n, filled


def expand_twin(data, begins, ends, bounds, classes, scripts):
    """The terms (bytes) of each text that ``char_ngrams`` gives, by decoding each word."""

    def of(code, kinds, beyond):
        return int(kinds[code]) if code < len(kinds) else beyond

    texts = []
    for text in range(len(bounds) - 1):
        terms = []
        for word in range(bounds[text], bounds[text + 1]):
            string = bytes(data[begins[word] : ends[word]]).decode()
            if of(ord(string[0]), classes, RUN) != RUN:
                terms.append(string)
                continue
            run, script = "", NO_SCRIPT
            for i, character in enumerate(f"{string}\0"):
                kind = of(ord(character), scripts, int(scripts[-1])) if i < len(string) else NO_SCRIPT
                kind = script if kind == CONTINUES else kind
                if kind != script or i == len(string):
                    if script != NO_SCRIPT and len(run) <= LONGEST:
                        terms.append(f"^{run}$")
                    run, script = "", kind
                if i == len(string):
                    break
                run += character
                if len(run) == 2 and script != NO_SCRIPT:
                    terms.append(f"^{run}")
                terms.append(character)
                if i + 1 < len(string):
                    terms.append(string[i : i + 2])
        texts.append([term.encode() for term in terms])
    return texts


def char_ngrams(data, begins, ends, bounds, classes, scripts):
    """Every run of RUN characters as its terms: each character, each pair of neighbours, and for each run of one script in it
    ^ with its first two characters, and ^ run $ if it is not longer than ``LONGEST`` characters.

    data, begins, ends, bounds as ``words.spans`` takes and returns them; scripts: (n,) uint8, a number for each code point, NO_SCRIPT
    where it begins nothing, CONTINUES where it goes on with what was before; the last number is that of all higher code points.
    Returns new data, begins, ends, bounds. Words stay.

    >>> text = np.frombuffer("ab 漢字か".encode(), np.uint8)
    >>> classes, scripts = np.ones(65536, np.uint8), np.zeros(65536, np.uint8)
    >>> classes[[ord(c) for c in "漢字か"]], scripts[[ord(c) for c in "漢字"]] = RUN, 1
    >>> data, begins, ends, _ = char_ngrams(text, np.array([0, 3]), np.array([2, 12]), np.array([0, 2]), classes, scripts)
    >>> [bytes(data[a:b]).decode() for a, b in zip(begins, ends)]
    ['ab', '漢', '漢字', '^漢字', '字', '字か', '^漢字$', 'か']
    """
    size = int((ends - begins).sum())
    if not compiled(20 * len(bounds) + 3 * size):
        return _joined(expand_twin(data, begins, ends, bounds, classes, scripts))
    # A run of c characters has 3c bytes or more and at most 2c - 1 n-grams and two other terms for each of its characters.
    arena = np.empty(3 * size, np.uint8)  # pages that are not written cost nothing
    out_begins, out_ends, out_bounds = (
        np.empty(2 * size, np.int64),
        np.empty(2 * size, np.int64),
        np.empty(len(bounds), np.int64),
    )
    n, filled = expand(data, begins, ends, bounds, classes, scripts, arena, out_begins, out_ends, out_bounds)
    return np.concatenate([data, arena[:filled]]), out_begins[:n], out_ends[:n], out_bounds


def _joined(texts: list[list[bytes]]):
    """The terms of each text as ``char_ngrams`` returns them."""
    terms = [term for text in texts for term in text]
    ends = np.cumsum([0, *map(len, terms)], dtype=np.int64)
    bounds = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    return np.frombuffer(b"".join(terms), np.uint8), ends[:-1], ends[1:], bounds
