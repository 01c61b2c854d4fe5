"""What a server was told: where it listens, which keys it knows, and its limits."""

import ipaddress
import os
from dataclasses import dataclass, field

from awase.core import limits
from awase.core.errors import ConfigError


def default_threads() -> int:
    """How many searches and encodings run at once if nothing is said: one for each processor, at most four."""
    return min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class Settings:
    """Where to listen, the keys and the limits. Without a key the server listens on this machine only.

    key: allows everything; read_key: everything but writes. Raises ConfigError E0901 to E0903.

    >>> Settings(host="0.0.0.0")
    Traceback (most recent call last):
    awase.core.errors.ConfigError: E0901: a server that other machines can reach needs a key
      value: '0.0.0.0'
      to do: name the environment variable that holds it: --key-env NAME; or listen on 127.0.0.1
    """

    host: str = "127.0.0.1"
    port: int = 8080
    key: str | None = field(default=None, repr=False)
    read_key: str | None = field(default=None, repr=False)
    threads: int = field(default_factory=default_threads)
    max_body_bytes: int = limits.MAX_BODY_BYTES
    max_bodies_bytes: int = limits.MAX_BODIES_BYTES
    max_connections: int = limits.MAX_CONNECTIONS
    max_queue: int = limits.MAX_QUEUE
    deadline_s: float = limits.REQUEST_DEADLINE_S
    head_timeout_s: float = limits.HEAD_TIMEOUT_S
    body_timeout_s: float = limits.BODY_TIMEOUT_S
    write_timeout_s: float = limits.WRITE_TIMEOUT_S

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise ConfigError("E0903", "a port is a number from 0 to 65,535", value=self.port, remedy="choose another --port")
        if self.key is None and not is_loopback(self.host):
            raise ConfigError(
                "E0901", "a server that other machines can reach needs a key", value=self.host,
                remedy="name the environment variable that holds it: --key-env NAME; or listen on 127.0.0.1",
            )  # fmt: skip
        if "" in (self.key, self.read_key):
            raise ConfigError("E0902", "a key must not be empty: anybody could send it", remedy="give another one, or none")
        if self.read_key is not None and self.read_key == self.key:
            raise ConfigError("E0902", "the read-only key is the key that may write", remedy="choose another one")
        if self.read_key is not None and self.key is None:
            raise ConfigError("E0902", "a read-only key needs a key beside it", remedy="add --key-env NAME")


def key_from(variable: str) -> str:
    """The key that an environment variable holds. Raises ConfigError E0902; the error never shows the key.

    >>> key_from("NO_SUCH_VARIABLE")
    Traceback (most recent call last):
    awase.core.errors.ConfigError: E0902: the environment variable of the key is not set
      value: 'NO_SUCH_VARIABLE'
      to do: export NO_SUCH_VARIABLE=$(openssl rand -hex 32)
    """
    key = os.environ.get(variable, "")
    make = f"export {variable}=$(openssl rand -hex 32)"
    if not key:
        raise ConfigError("E0902", "the environment variable of the key is not set", value=variable, remedy=make)
    if not all("!" <= character <= "~" for character in key):
        raise ConfigError("E0902", "a key is made of ASCII characters without spaces", value=variable, remedy=make)
    return key


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "", "example.org")]
    [True, True, True, False, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
