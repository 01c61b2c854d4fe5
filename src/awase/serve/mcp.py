"""The tools of an agent over the Model Context Protocol, on stdin and stdout (https://modelcontextprotocol.io)."""

import os
import sys
from typing import Any

from awase import __version__
from awase.core.errors import AwaseError, missing_extra
from awase.serve.tools import MOST_BYTES, TOOLS, Tools, shortened


def run(tools: Tools) -> None:
    """Serve until stdin ends or nobody reads stdout. Raises: MissingExtra E0001 without the library ``mcp``."""
    try:
        import anyio
        import mcp_types as types
        from mcp.server.lowlevel import Server
        from mcp.server.stdio import stdio_server
    except ImportError as error:
        raise missing_extra("mcp", "mcp") from error

    one_at_a_time = anyio.CapacityLimiter(1)

    async def listed(context: Any, parameters: Any) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[types.Tool(name=one.name, description=one.description, input_schema=one.schema()) for one in TOOLS]
        )

    async def called(context: Any, parameters: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            text, failed = await anyio.to_thread.run_sync(
                lambda: (tools.call(parameters.name, parameters.arguments or {}), False), limiter=one_at_a_time
            )
        except AwaseError as error:
            text, failed = shortened(str(error), MOST_BYTES), True
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=failed)

    server = Server("awase", version=__version__, on_list_tools=listed, on_call_tool=called)

    async def serve() -> None:
        async with stdio_server(stdout=_Stdout(anyio.wrap_file(sys.stdout))) as (read, write):  # pyright: ignore[reportArgumentType]
            await server.run(read, write, server.create_initialization_options())

    try:
        anyio.run(serve)
    finally:
        tools.close()


class _Stdout:
    """stdout that ends the process when nobody reads it any more: the thread that waits for stdin could not be told."""

    def __init__(self, stream: Any):
        self._stream = stream

    async def write(self, text: str) -> None:
        await self._ended(self._stream.write, text)

    async def flush(self) -> None:
        await self._ended(self._stream.flush)

    async def _ended(self, action: Any, *arguments: str) -> None:
        try:
            await action(*arguments)
        except OSError:
            os._exit(0)  # what was acknowledged is on the disk
