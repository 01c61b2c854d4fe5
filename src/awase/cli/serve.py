"""awase serve: a collection over HTTP."""

from typing import Annotated

import typer

from awase.cli.options import Collection, Model

EXAMPLES = (
    "awase serve docs.awase                       # then open http://127.0.0.1:8080/",
    "awase serve docs.awase --port 9000 --host 0.0.0.0 --key-env DOCS_KEY",
    'curl localhost:8080/v1/search -H "content-type: application/json" -d \'{"query": "red wine"}\'',
)
PYTHON = 'awase.serve.server.run("docs.awase")'


def serve(
    collection: Collection,
    host: Annotated[
        str, typer.Option(envvar="AWASE_HOST", help="Where to listen; anything but this machine needs a key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, envvar="AWASE_PORT", help="0 takes any that is free.")] = 8080,
    key_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="The environment variable that holds the key callers must send.")
    ] = None,
    read_key_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="The same for a key that may search but not write.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, envvar="AWASE_THREADS", help="For searching and encoding; at most 4 if not given.")
    ] = None,
    log_requests: Annotated[bool, typer.Option("--log-requests", help="A line for each request, without its texts.")] = False,
    model: Model = None,
) -> None:
    """Serve a collection over HTTP.

    Embeddings as OpenAI's clients ask for them, search, reranking, adding and deleting, and a page to try it on.
    """
    from awase.serve.server import run

    run(
        collection,
        model=model,
        host=host,
        port=port,
        key_env=key_env,
        read_key_env=read_key_env,
        threads=threads,
        log_requests=log_requests,
    )
