"""Inner loops of BM25: build, merge and search the postings of a segment.

A segment holds up to 65,536 consecutive rows (documents), so that a row takes two bytes and the scores of all rows of a segment
stay in the processor's cache. ``terms`` (sorted) are the terms that occur; the postings of ``terms[i]`` are at
``starts[i]:starts[i + 1]`` of ``rows`` (uint16, within the segment, ascending) and ``counts`` (uint16, how often; 65,535 means
"or more"). No score is stored: the length of the texts and the number of documents may change.
"""

import numpy as np

from awase.kernels.lazy import njit
from awase.kernels.topk import merge_row, merge_row_twin

MAX_ROWS = 1 << 16
MAX_COUNT = (1 << 16) - 1
_LEAST = np.float32(1e-38)  # every document that shares a term scores more


@njit(cache=True, nogil=True)
def count_postings(ids, offsets, place, distinct, sizes):
    """Numbers the distinct ids by first appearance (place[id] - 1) and counts the rows of each; returns how many there are."""
    n = 0
    last = np.full(len(distinct), -1, np.int64)
    for row in range(len(offsets) - 1):
        for j in range(offsets[row], offsets[row + 1]):
            term = ids[j]
            if place[term] == 0:
                distinct[n], sizes[n] = term, 0
                n += 1
                place[term] = n
            at = place[term] - 1
            if last[at] != row:
                last[at] = row
                sizes[at] += 1
    return n


@njit(cache=True, nogil=True)
def fill_postings(ids, offsets, place, ends, rows, counts):
    """Writes the postings of each term from ends[place[id] - 1] on, and moves that to where they end."""
    last = np.full(len(ends), -1, np.int64)
    for row in range(len(offsets) - 1):
        for j in range(offsets[row], offsets[row + 1]):
            at = place[ids[j]] - 1
            if last[at] != row:
                last[at] = row
                rows[ends[at]], counts[ends[at]] = row, 1
                ends[at] += 1
            elif counts[ends[at] - 1] < MAX_COUNT:
                counts[ends[at] - 1] += 1


def postings(ids, offsets, n_terms):
    """The postings of one segment: terms, starts, rows, counts (see above).

    ids: int32, the term ids (below n_terms) of all rows, one after another; offsets: (n_rows + 1,) int64 into ids.

    >>> terms, starts, rows, counts = postings(np.int32([7, 3, 7, 3]), np.array([0, 3, 4]), 8)
    >>> terms.tolist(), starts.tolist(), rows.tolist(), counts.tolist()
    ([3, 7], [0, 2, 3], [0, 1, 0], [1, 1, 2])
    """
    place = np.zeros(n_terms, np.int32)  # not filled but mapped to zero pages: a small segment touches few of them
    distinct = np.empty(min(n_terms, len(ids)), np.int32)
    sizes = np.empty(len(distinct), np.int64)
    n = count_postings(ids, offsets, place, distinct, sizes)
    order = np.argsort(distinct[:n])
    starts = np.concatenate([[0], np.cumsum(sizes[order])])
    ends = np.empty(n, np.int64)
    ends[order] = starts[:-1]
    rows, counts = np.empty(starts[-1], np.uint16), np.empty(starts[-1], np.uint16)
    fill_postings(ids, offsets, place, ends, rows, counts)
    return distinct[order], starts, rows, counts


def postings_twin(ids, offsets, n_terms):
    """What ``postings`` computes, by sorting."""
    n_rows = len(offsets) - 1
    row_of = np.repeat(np.arange(n_rows), np.diff(offsets))
    pairs, counts = np.unique(ids.astype(np.int64) * max(n_rows, 1) + row_of, return_counts=True)
    terms, first = np.unique(pairs // max(n_rows, 1), return_index=True)
    starts = np.append(first, len(pairs))
    return terms.astype(np.int32), starts, (pairs % max(n_rows, 1)).astype(np.uint16), np.minimum(counts, MAX_COUNT)


@njit(cache=True, nogil=True)
def _copy_kept(starts, term, in_rows, in_counts, keep, shift, rows, counts, at):
    for j in range(starts[term], starts[term + 1]):
        row = in_rows[j]
        if keep[row]:
            rows[at], counts[at] = row + shift, in_counts[j]
            at += 1
    return at


@njit(cache=True, nogil=True)
def merge(
    terms_a, starts_a, rows_a, counts_a, keep_a, terms_b, starts_b, rows_b, counts_b, keep_b, terms, starts, rows, counts
):
    """Writes the postings of segment a followed by segment b, without the rows that are not kept; returns (terms, postings)."""
    a = b = n = at = 0
    shift = len(keep_a)
    while a < len(terms_a) or b < len(terms_b):
        starts[n] = at
        term = min(terms_a[a] if a < len(terms_a) else terms_b[b], terms_b[b] if b < len(terms_b) else terms_a[a])
        if a < len(terms_a) and terms_a[a] == term:
            at = _copy_kept(starts_a, a, rows_a, counts_a, keep_a, 0, rows, counts, at)
            a += 1
        if b < len(terms_b) and terms_b[b] == term:
            at = _copy_kept(starts_b, b, rows_b, counts_b, keep_b, shift, rows, counts, at)
            b += 1
        if at > starts[n]:
            terms[n] = term
            n += 1
    starts[n] = at
    return n, at


def merge_twin(
    terms_a, starts_a, rows_a, counts_a, keep_a, terms_b, starts_b, rows_b, counts_b, keep_b, terms, starts, rows, counts
):
    """What ``merge`` computes, by sorting."""
    term_of = np.concatenate([np.repeat(terms_a, np.diff(starts_a)), np.repeat(terms_b, np.diff(starts_b))])
    all_rows = np.concatenate([rows_a.astype(np.int64), rows_b.astype(np.int64) + len(keep_a)])
    kept = np.concatenate([keep_a, keep_b])[all_rows]
    order = np.lexsort((all_rows, term_of))
    order = order[kept[order]]
    found, first = np.unique(term_of[order], return_index=True)
    n, at = len(found), len(order)
    terms[:n], starts[:n], starts[n] = found, first, at
    rows[:at], counts[:at] = all_rows[order], np.concatenate([counts_a, counts_b])[order]
    return n, at


@njit(cache=True, nogil=True)
def count_kept(starts, rows, keep, out):
    """out (n_terms,): how many rows of each term are kept."""
    for i in range(len(out)):
        n = 0
        for j in range(starts[i], starts[i + 1]):
            n += keep[rows[j]]
        out[i] = n


def count_kept_twin(starts, rows, keep, out):
    """What ``count_kept`` computes, by a running sum."""
    out[:] = np.diff(np.concatenate([[0], np.cumsum(keep[rows], dtype=np.int64)])[starts])


@njit(cache=True, nogil=True)
def weigh(ids, offsets, frequencies, n_documents, terms, weights, bounds):
    """The distinct terms of each query, in the order of their first appearance, and what each weighs; returns their number.

    A weight is how often the term occurs in the query times idf = ln(1 + (n - df + 0.5) / (df + 0.5)); a term that is in no
    document is left out.
    """
    n = 0
    for query in range(len(offsets) - 1):
        begin = bounds[query] = n
        for j in range(offsets[query], offsets[query + 1]):
            df = frequencies[ids[j]]
            if df == 0:
                continue
            at = begin
            while at < n and terms[at] != ids[j]:
                at += 1
            if at == n:
                terms[n], weights[n] = ids[j], 0
                n += 1
            weights[at] += np.float32(np.log(1.0 + (n_documents - df + 0.5) / (df + 0.5)))
    bounds[len(offsets) - 1] = n
    return n


def weigh_twin(ids, offsets, frequencies, n_documents, terms, weights, bounds):
    """What ``weigh`` computes, with a dict per query."""
    n = 0
    for query in range(len(offsets) - 1):
        bounds[query] = n
        found: dict[int, np.float32] = {}
        for term in ids[offsets[query] : offsets[query + 1]].tolist():
            if df := frequencies[term]:
                idf = np.float32(np.log(1 + (n_documents - df + 0.5) / (df + 0.5)))
                found[term] = found.get(term, np.float32(0)) + idf
        terms[n : n + len(found)], weights[n : n + len(found)] = list(found), list(found.values())
        n += len(found)
    bounds[len(offsets) - 1] = n
    return n


_AT_ONCE = 256  # postings whose gains are computed before they are added: the divisions then use vector instructions


@njit(cache=True, nogil=True, error_model="numpy")
def accumulate(query_terms, query_weights, terms, starts, rows, counts, norms, scores):
    """Adds weight * count / (count + norm of the row) for every posting of every query term; returns whether there were any."""
    gains = np.empty(_AT_ONCE, np.float32)
    found = False
    for i in range(len(query_terms)):
        term = np.searchsorted(terms, query_terms[i])
        if term == len(terms) or terms[term] != query_terms[i]:
            continue
        found = True
        weight = query_weights[i]
        for begin in range(starts[term], starts[term + 1], _AT_ONCE):
            end = min(begin + _AT_ONCE, starts[term + 1])
            some_rows, some_counts = rows[begin:end], counts[begin:end]
            for j in range(len(some_rows)):
                gains[j] = norms[some_rows[j]]
            for j in range(len(some_rows)):
                count = np.float32(some_counts[j])
                gains[j] = weight * (count / (count + gains[j]))
            for j in range(len(some_rows)):
                scores[some_rows[j]] += gains[j]
    return found


def accumulate_twin(query_terms, query_weights, terms, starts, rows, counts, norms, scores):
    """What ``accumulate`` computes, a term at a time."""
    found = False
    for query_term, weight in zip(query_terms, query_weights):
        for i in np.flatnonzero(terms == query_term):
            found = True
            some = slice(starts[i], starts[i + 1])
            count = counts[some].astype(np.float32)
            scores[rows[some]] += weight * (count / (count + norms[rows[some]]))
    return found


@njit(cache=True, nogil=True)
def search(query_terms, query_weights, bounds, terms, starts, rows, counts, norms, first_row, best_scores, best_rows):
    """Merges the best rows of one segment into best_scores and best_rows (q, k); a row with an infinite norm is not found."""
    scores = np.zeros(len(norms), np.float32)
    dirty = False
    for q in range(len(bounds) - 1):
        if dirty:
            scores[:] = 0
        some = slice(bounds[q], bounds[q + 1])
        dirty = accumulate(query_terms[some], query_weights[some], terms, starts, rows, counts, norms, scores)
        if dirty:
            merge_row(scores, first_row, _LEAST, best_scores[q], best_rows[q])


def search_twin(query_terms, query_weights, bounds, terms, starts, rows, counts, norms, first_row, best_scores, best_rows):
    """What ``search`` computes, in numpy."""
    for q in range(len(bounds) - 1):
        some = slice(bounds[q], bounds[q + 1])
        scores = np.zeros(len(norms), np.float32)
        accumulate_twin(query_terms[some], query_weights[some], terms, starts, rows, counts, norms, scores)
        merge_row_twin(scores, first_row, _LEAST, best_scores[q], best_rows[q])


@njit(cache=True, nogil=True)
def scores_of(query_terms, query_weights, bounds, terms, starts, rows, counts, norms, first_row, wanted, out):
    """out (q, m): the scores of the wanted rows (q, m) that are in this segment; the others are left as they are."""
    scores = np.zeros(len(norms), np.float32)
    for q in range(len(bounds) - 1):
        some = slice(bounds[q], bounds[q + 1])
        accumulate(query_terms[some], query_weights[some], terms, starts, rows, counts, norms, scores)
        for j in range(wanted.shape[1]):
            row = wanted[q, j] - first_row
            if 0 <= row < len(scores):
                out[q, j] = scores[row]
        scores[:] = 0


def scores_of_twin(query_terms, query_weights, bounds, terms, starts, rows, counts, norms, first_row, wanted, out):
    """What ``scores_of`` computes, in numpy."""
    for q in range(len(bounds) - 1):
        some = slice(bounds[q], bounds[q + 1])
        scores = np.zeros(len(norms), np.float32)
        accumulate_twin(query_terms[some], query_weights[some], terms, starts, rows, counts, norms, scores)
        inside = (wanted[q] >= first_row) & (wanted[q] < first_row + len(scores))
        out[q, inside] = scores[wanted[q, inside] - first_row]
