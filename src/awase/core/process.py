"""What the system says of this process: memory and open files. Linux and macOS say it."""

import sys
from types import ModuleType

from awase.core.errors import BackendError

try:
    import resource
except ModuleNotFoundError:  # Windows, and browsers
    resource = None


def peak_rss_bytes() -> int:
    """The most memory this process ever held. Raises BackendError E0010 where the system does not say."""
    system = _system()
    return system.getrusage(system.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)  # Linux counts in KiB


def allow_open_files(wanted: int) -> None:
    """Raise the soft limit of open files to ``wanted``, or as far as the hard one lets. Raises BackendError E0010."""
    system = _system()
    soft, hard = system.getrlimit(system.RLIMIT_NOFILE)
    most = wanted if hard == system.RLIM_INFINITY else min(wanted, hard)
    if soft != system.RLIM_INFINITY and soft < most:
        system.setrlimit(system.RLIMIT_NOFILE, (most, hard))


def _system() -> ModuleType:
    if resource is None:
        raise BackendError(
            "E0010",
            "this system does not say what a process uses",
            place=sys.platform,
            remedy="use Linux or macOS; on Windows, the Windows Subsystem for Linux",
        )
    return resource
