"""Pages of reports, kept and served by Prefect's server under ``/lienet/reports/RUN``.

A worker on any machine sends its run's page here, since a browser opens no ``file://`` link. Who
may call the server's API may send and see them. A page is one file, and is shown without the
rights of the server's own pages.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from uuid import UUID

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from flows.server_access import AUTH_VARIABLE
from lienet.files import write_bytes

PATH = "/lienet/reports"
KEEPS = {"lienet": "reports"}
"""The header by which a server that keeps pages is known before one is sent to it."""
_MAX_BYTES = 256 * 2**20
_MAX_PAGES = 60


def make_route(folder: Path) -> Route:
    """Return the route that keeps pages in a folder, the latest of them, and serves them."""

    async def answer(request: Request) -> Response:
        if not _is_known(request):
            asks = {"WWW-Authenticate": 'Basic realm="lienet"'}
            return PlainTextResponse("who asks?", status_code=401, headers=asks)
        try:
            path = folder / f"{UUID(request.path_params['run'])}.html"
        except ValueError:
            return PlainTextResponse("no flow run's id", status_code=404)
        return await (_keep(request, path) if request.method == "PUT" else _show(path))

    return Route(f"{PATH}/{{run}}", answer, methods=["GET", "PUT"])


async def _keep(request: Request, path: Path) -> Response:
    page = bytearray()
    async for chunk in request.stream():
        page += chunk
        if len(page) > _MAX_BYTES:
            return PlainTextResponse("the page is too large", status_code=413)
    write_bytes(path, bytes(page))
    pages = sorted(path.parent.glob("*.html"), key=lambda each: each.stat().st_mtime)
    for old in pages[:-_MAX_PAGES]:
        old.unlink(missing_ok=True)
    return PlainTextResponse("kept", status_code=201)


async def _show(path: Path) -> Response:
    if not path.is_file():
        return PlainTextResponse("there is no such page", status_code=404, headers=KEEPS)
    rights = {"Content-Security-Policy": "sandbox allow-scripts allow-popups"}
    return FileResponse(path, media_type="text/html", headers={**KEEPS, **rights})


def _is_known(request: Request) -> bool:
    """Return whether the caller gives the user and password that Prefect's API asks for."""
    expected = os.environ.get(AUTH_VARIABLE)
    if not expected:
        return True
    token = base64.b64encode(expected.encode()).decode()
    given = request.headers.get("authorization", "")
    return secrets.compare_digest(given.encode(), f"Basic {token}".encode())
