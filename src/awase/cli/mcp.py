"""awase mcp: a collection or a folder as tools for an agent."""

from typing import Annotated

import typer

from awase.cli.options import Model, Searchable

EXAMPLES = (
    "awase mcp docs.awase                         # in the configuration of the agent, as the command of a server",
    "awase mcp notes -m model",
    "awase mcp docs.awase --writable",
)
PYTHON = 'awase.serve.mcp.run(awase.serve.tools.Tools("docs.awase"))'


def mcp(
    path: Searchable,
    writable: Annotated[bool, typer.Option("--writable", help="Let the agent add texts to the collection.")] = False,
    model: Model = None,
) -> None:
    """Give an agent tools to search with (MCP over stdio).

    The tools are search, explain, info and, with --writable, add. A folder is read again when it has changed.
    """
    from awase.serve.mcp import run
    from awase.serve.tools import Tools

    run(Tools(path, model, writable=writable))
