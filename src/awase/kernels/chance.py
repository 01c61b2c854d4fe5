"""How far two users' policies are apart by chance: moments of their distance when the events of both come from one policy.

Given how often two users together chose each action in each state, one policy for both means that the events of the first are a draw
without replacement from all of them: no parameter is left to guess. The counts of a state are then multivariate hypergeometric, and
the distance is a sum over the cells (state, action), of which each needs three values only.
"""

import numpy as np

from awase.kernels.lazy import njit

_LANES = 128  # pairs side by side: what is kept of them fits into the nearest cache
_LEAST = np.float32(1e-12)


@njit(cache=True, nogil=True)
def log32(x):
    """log for positive normal float32 with relative error below 3e-7 away from 1, in operations that the compiler vectorises (libm's
    call is not): the exponent times ln 2 plus a polynomial on [sqrt(1/2), sqrt(2)], with Cephes' coefficients."""
    bits = np.float32(x).view(np.int32) - np.int32(0x3F3504F3)  # from sqrt(1/2) on
    exponent = np.float32(bits >> np.int32(23))
    r = np.int32((bits & np.int32(0x7FFFFF)) + np.int32(0x3F3504F3)).view(np.float32) - np.float32(1.0)
    p = np.float32(7.0376836292e-2)
    p = p * r - np.float32(1.1514610310e-1)
    p = p * r + np.float32(1.1676998740e-1)
    p = p * r - np.float32(1.2420140846e-1)
    p = p * r + np.float32(1.4249322787e-1)
    p = p * r - np.float32(1.6668057665e-1)
    p = p * r + np.float32(2.0000714765e-1)
    p = p * r - np.float32(2.4999993993e-1)
    p = p * r + np.float32(3.3333331174e-1)
    square = r * r
    low = p * r * square - np.float32(2.12194440e-4) * exponent - np.float32(0.5) * square
    return low + r + np.float32(0.693359375) * exponent


@njit(cache=True, nogil=True, error_model="numpy")
def _part(x, rest, smoothing, per_u, per_v, weight_u, weight_v):
    """What a cell adds to twice the distance when x of its events are the first user's and ``rest`` the second's."""
    p, q = (x + smoothing) * per_u, (rest + smoothing) * per_v
    return (weight_u * p - weight_v * q) * log32(p / q)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def chance(A, B, smoothing, mean, variance, base):
    """Writes mean (a, b), variance (a, b) and base (a, b) float32 of SWKL between smoothed policies of users of A and B, were both one policy.

    A (a, S, K) and B (S, K, b) float32: how often each user chose each of K actions in each of S states; each user at least once.
    base is the distance when each cell is shared out at its mean: what smoothing alone puts between unequal numbers of events.
    Of a cell: the mean and variance of ``_part`` by three points (the mean of the draw, and one on each side, inside of what can be
    drawn) that have the mean, variance, skewness and, unless a side ends first, the kurtosis of the hypergeometric distribution.
    Between cells of a state: the covariance of parabolas of jointly normal draws.
    """
    S, K, b = B.shape
    # Each number is a float32: one of another kind would widen what it touches.
    zero, half, one, two, three = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2), np.float32(3)
    quarter, five, six, all_smoothing = np.float32(0.25), np.float32(5), np.float32(6), np.float32(K) * smoothing
    all_b = np.zeros((S, b), np.float32)
    total_b = np.zeros(b, np.float32)
    for s in range(S):
        for a in range(K):
            for j in range(b):
                all_b[s, j] += B[s, a, j]
        for j in range(b):
            total_b[j] += all_b[s, j]
    slope = np.empty(_LANES, np.float32)
    bend = np.empty(_LANES, np.float32)
    for i in range(len(A)):
        total_a = A[i].sum()
        for first in range(0, b, _LANES):
            lanes = min(_LANES, b - first)
            mean_row, variance_row = mean[i, first : first + lanes], variance[i, first : first + lanes]
            base_row = base[i, first : first + lanes]
            mean_row[:], variance_row[:], base_row[:] = zero, zero, zero
            for s in range(S):
                n_u = A[i, s].sum()
                weight_u, per_u = n_u / total_a, one / (n_u + all_smoothing)
                slope[:], bend[:] = zero, zero
                all_row, total_row = all_b[s, first : first + lanes], total_b[first : first + lanes]
                for a in range(K):
                    c_u, row = A[i, s, a], B[s, a, first : first + lanes]
                    for j in range(lanes):
                        n_v = all_row[j]
                        weight_v, per_v = n_v / total_row[j], one / (n_v + all_smoothing)
                        n, m = n_u + n_v, c_u + row[j]
                        per_n = one / max(n, one)
                        q = m * per_n
                        mu = q * n_u
                        square = mu * n_v * per_n * (n - m) / max(n - one, one)
                        skew = (n - two * m) * (n - two * n_u) * per_n / max(n - two, one)
                        fourth = n * (n + one) - six * (m * (n - m) + n_u * n_v - square * (five * n - six))
                        fourth = three * square + fourth / max((n - two) * (n - three), one)
                        reach = np.sqrt(max(fourth - quarter * three * skew * skew, zero)) if n > three else n
                        reach = min(reach, mu - max(zero, m - n_v) + half * skew, min(m, n_u) - mu - half * skew)
                        reach = max(reach, _LEAST)
                        below, above = half * skew - reach, half * skew + reach
                        drawn = square > np.float32(1e-9)
                        w_below = square / (-below * two * reach) if drawn else zero
                        w_above = square / (above * two * reach) if drawn else zero
                        low, high = (mu + below, mu + above) if drawn else (mu, mu)
                        at = _part(mu, m - mu, smoothing, per_u, per_v, weight_u, weight_v)
                        d_below = _part(low, m - low, smoothing, per_u, per_v, weight_u, weight_v) - at
                        d_above = _part(high, m - high, smoothing, per_u, per_v, weight_u, weight_v) - at
                        expected = w_below * d_below + w_above * d_above
                        per_square = one / square if drawn else zero
                        # Slope and curvature of the cell as the draw sees them, times q and q^2.
                        along = (w_below * below * d_below + w_above * above * d_above) * per_square * q
                        curved = two * expected * per_square * q * q
                        base_row[j] += half * at
                        mean_row[j] += half * (at + expected)
                        own = w_below * d_below * d_below + w_above * d_above * d_above - expected * expected
                        common = n_u * n_v / max(n - one, one)
                        own += common * along * along - half * common * common * curved * curved
                        variance_row[j] += quarter * own
                        slope[j] += along
                        bend[j] += curved
                for j in range(lanes):
                    common = n_u * all_row[j] / max(n_u + all_row[j] - one, one)
                    shared = half * common * common * bend[j] * bend[j] - common * slope[j] * slope[j]
                    variance_row[j] += quarter * shared


def chance_twin(A, B, smoothing, mean, variance, base):
    """What ``chance`` computes, in numpy and float64."""
    A, B = A.astype(np.float64)[:, None], B.astype(np.float64).transpose(2, 0, 1)[None]
    n_u, n_v = A.sum(axis=3, keepdims=True), B.sum(axis=3, keepdims=True)
    weight_u, weight_v = n_u / n_u.sum(axis=2, keepdims=True), n_v / n_v.sum(axis=2, keepdims=True)
    n, m, K = n_u + n_v, A + B, A.shape[3]
    q = m / np.maximum(n, 1)
    mu, common = q * n_u, n_u * n_v / np.maximum(n - 1, 1)
    square = common * q * (1 - q)
    skew = (n - 2 * m) * (n - 2 * n_u) / np.maximum(n * (n - 2), 1)
    fourth = n * (n + 1) - 6 * m * (n - m) - 6 * n_u * n_v + 6 * square * (5 * n - 6)
    fourth = 3 * square + fourth / np.maximum((n - 2) * (n - 3), 1)
    reach = np.where(n > 3, np.sqrt(np.maximum(fourth - 0.75 * skew**2, 0)), n)
    least, most = np.maximum(0, m - n_v), np.minimum(m, n_u)
    reach = np.minimum(reach, np.minimum(mu - least + skew / 2, most - mu - skew / 2))
    drawn = square > 1e-9
    below, above = np.where(drawn, skew / 2 - reach, -1), np.where(drawn, skew / 2 + reach, 1)
    w_below, w_above = (np.where(drawn, square / (abs(step) * (above - below)), 0) for step in (below, above))

    def part(x):
        p, q = (x + smoothing) / (n_u + K * smoothing), (m - x + smoothing) / (n_v + K * smoothing)
        return (weight_u * p - weight_v * q) * np.log(p / q)

    at = part(mu)
    d_below, d_above = (np.where(drawn, part(mu + np.where(drawn, step, 0)) - at, 0) for step in (below, above))
    expected = w_below * d_below + w_above * d_above
    per_square = np.where(drawn, 1 / np.where(drawn, square, 1), 0)
    along = (w_below * below * d_below + w_above * above * d_above) * per_square * q
    curved = 2 * expected * per_square * q**2
    own = w_below * d_below**2 + w_above * d_above**2 - expected**2
    between = (common[..., 0] * curved.sum(axis=3)) ** 2 / 2 - ((common * curved) ** 2).sum(axis=3) / 2
    between += (common * along**2).sum(axis=3) - common[..., 0] * along.sum(axis=3) ** 2
    base[...] = at.sum(axis=(2, 3)) / 2
    mean[...] = (at + expected).sum(axis=(2, 3)) / 2
    variance[...] = (own.sum(axis=3) + between).sum(axis=2) / 4
