"""Counts and times of requests, as Prometheus reads them (text format 0.0.4)."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What was answered since the start. Used by the event loop's thread only.

    >>> metrics = Metrics()
    >>> metrics.observe("/v1/search", 200, 0.02)
    >>> metrics.text({}).splitlines()[2]
    'awase_requests_total{route="/v1/search",status="200"} 1'
    """

    def __init__(self):
        self._requests: Counter[tuple[str, int]] = Counter()
        self._times: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(_BOUNDS_S) + 1))
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Count one answer. route: a path of the table of routes, so that clients cannot invent labels."""
        self._requests[route, status] += 1
        self._times[route][bisect_left(_BOUNDS_S, seconds)] += 1
        self._seconds[route] += seconds

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """All of it. gauges: name -> (help, value)."""
        lines = [
            *_head("awase_requests_total", "counter", "Requests answered, by route and status."),
            *(
                f'awase_requests_total{{route="{route}",status="{status}"}} {n}'
                for (route, status), n in sorted(self._requests.items())
            ),
            *_head("awase_request_seconds", "histogram", "Time from the head of a request to the end of its answer."),
            *(line for route in sorted(self._times) for line in self._histogram(route)),
        ]
        for name, (what, value) in gauges.items():
            lines += [*_head(name, "gauge", what), f"{name} {value:g}"]
        return "\n".join(lines) + "\n"

    def _histogram(self, route: str) -> Iterable[str]:
        total = 0
        for bound, n in zip((*_BOUNDS_S, "+Inf"), self._times[route], strict=True):
            total += n
            yield f'awase_request_seconds_bucket{{route="{route}",le="{bound}"}} {total}'
        yield f'awase_request_seconds_sum{{route="{route}"}} {self._seconds[route]:.6f}'
        yield f'awase_request_seconds_count{{route="{route}"}} {total}'


def _head(name: str, kind: str, what: str) -> tuple[str, str]:
    return f"# HELP {name} {what}", f"# TYPE {name} {kind}"
