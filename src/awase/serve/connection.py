"""A connection that does not wait for ever: uvicorn's own, with a time limit for what it lets clients draw out."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

from awase.serve.settings import Settings


def patient(settings: Settings) -> type[H11Protocol]:
    """uvicorn's HTTP protocol, which ends a connection

    - whose request's head, or whose body that nobody wants any more, takes longer than ``head_timeout_s``,
    - whose client does not take its answer for ``write_timeout_s``,
    - that is one more than ``max_connections``.
    """

    class Connection(H11Protocol):
        _head_timer: asyncio.TimerHandle | None = None
        _write_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > settings.max_connections:
                transport.abort()
            self._watch_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch_head()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._watch_head()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._write_timer = self.loop.call_later(settings.write_timeout_s, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._write_timer = _stopped(self._write_timer)

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_timer, self._write_timer = _stopped(self._head_timer), _stopped(self._write_timer)
            super().connection_lost(exc)

        def _watch_head(self) -> None:
            """Run the timer while no request is being answered; more bytes do not set it back."""
            answering = self.cycle is not None and not self.cycle.response_complete
            if answering:
                self._head_timer = _stopped(self._head_timer)
            elif self._head_timer is None:
                self._head_timer = self.loop.call_later(settings.head_timeout_s, self.transport.abort)

    return Connection


def _stopped(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
