"""The verbs of the page in a browser: web, serve.

As in :mod:`lienet.cli`, imports stay inside the verbs.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

_Models = Annotated[
    list[Path] | None,
    typer.Option(
        "--model", help="An ONNX file; may be repeated. What comes with lienet if left out."
    ),
]


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (web, serve):
        app.command()(verb)


def web(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A new folder, or one with an earlier page.")
    ],
    model: _Models = None,
) -> None:
    """Write a page that enhances pictures in a browser, for any web server.

    Everything runs on the device that shows the page, which works without a network after the first
    visit. The first time, ONNX Runtime Web is fetched from the npm registry and kept.
    """
    from lienet.web.building import write_page
    from lienet.web.models import choose_models, prepare_models
    from lienet.web.runtime import fetch_runtime

    models = prepare_models(choose_models(model or ()))
    write_page(output, models, fetch_runtime())
    typer.echo(f"{output / 'index.html'}: the page, with {len(models)} models")


def serve(
    model: _Models = None,
    host: Annotated[
        str, typer.Option(help="Other addresses than the loopback's need a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8765,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="LIENET_SERVE_TOKEN",
            help="What the API's users must name; better set in the environment than here.",
        ),
    ] = None,
    max_mb: Annotated[float, typer.Option(min=0.01, help="Largest picture file.")] = 32,
    max_megapixels: Annotated[float, typer.Option(min=0.01, help="Largest picture.")] = 24,
    timeout_s: Annotated[float, typer.Option(min=1, help="Longest wait for a picture.")] = 300,
) -> None:
    """Serve the page, and an HTTP API that enhances pictures on this machine."""
    from lienet.errors import InputError
    from lienet.web.serving import check_address, create_app, listen
    from lienet.web.serving import serve as run

    if token is not None and not token.strip():
        raise InputError("the token is empty", remedy="name one, or unset LIENET_SERVE_TOKEN")
    check_address(host, token)
    from lienet.web.building import write_page
    from lienet.web.models import choose_models, prepare_models
    from lienet.web.requests import Limits
    from lienet.web.runtime import fetch_runtime

    limits = Limits(int(max_mb * 2**20), int(max_megapixels * 1e6), timeout_s)
    with listen(host, port) as listening, TemporaryDirectory(prefix="lienet-page-") as folder:
        models = prepare_models(choose_models(model or ()))
        page_dir = Path(folder) / "page"
        write_page(page_dir, models, fetch_runtime())
        app = create_app(page_dir, models, limits, token=token)
        shown = f"[{host}]" if ":" in host else host
        typer.echo(f"http://{shown}:{listening.getsockname()[1]} until Ctrl-C")
        run(app, listening)
