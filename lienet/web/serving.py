"""The page and a small HTTP API, for this machine unless a token is asked for.

``POST api/enhance`` takes a picture file as its body and answers with a PNG file, and
``GET api/models`` lists the networks. Every refusal is one line of JSON. One picture is enhanced at
a time.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from lienet.errors import InputError, ModelError
from lienet.web.building import HEADERS
from lienet.web.models import PageModel
from lienet.web.requests import Limits, RefusedError, enhance_body, find_model, read_body

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_BODY_TYPES = ("image/", "application/octet-stream")
"""What a page of another site cannot send without asking first, which is never granted."""


def check_address(host: str, token: str | None) -> None:
    """Refuse to serve other machines without a token.

    Raises:
        InputError: ``host`` is not of the loopback, and there is no token.
    """
    if token is None and not _is_loopback(host):
        raise InputError(
            f"{host} can be reached from other machines, which need a token",
            remedy="set LIENET_SERVE_TOKEN, or leave out --host",
        )


def create_app(
    page_dir: Path, models: Sequence[PageModel], limits: Limits, *, token: str | None = None
) -> FastAPI:
    """Return the application.

    Args:
        page_dir: the page's files.
        models: the networks.
        limits: of one request.
        token: what ``Authorization: Bearer`` must name; None serves whoever reaches it, by the
            loopback's names alone, so that no other site's name can be pointed here.
    """
    app = FastAPI(title="lienet", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    turn = asyncio.Lock()

    @app.middleware("http")
    async def guard(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        is_api = request.url.path.startswith("/api/")
        if is_api and token is not None and not _knows(request, token):
            response: Response = _refuse(401, "the header Authorization must name the token")
        else:
            response = await call_next(request)
        response.headers.update({**HEADERS, "Cache-Control": "no-cache"})
        return response

    @app.get("/api/models")
    def list_models() -> list[dict[str, Any]]:
        return [model.entry for model in models]

    @app.post("/api/enhance", response_class=FileResponse)
    async def enhance(
        request: Request,
        model: str | None = None,
        task: str | None = None,
        scale: Annotated[int | None, Query(ge=1)] = None,
    ) -> Response:
        deadline_s = time.monotonic() + limits.timeout_s
        if not request.headers.get("content-type", "").startswith(_BODY_TYPES):
            raise RefusedError(415, "Content-Type must be of an image, such as image/jpeg")
        chosen = find_model(models, model, task, scale)
        folder = tempfile.TemporaryDirectory(prefix="lienet-serve-")
        target = Path(folder.name) / "enhanced.png"
        try:
            async with asyncio.timeout(limits.timeout_s):
                content = await read_body(request.stream(), limits)
                await turn.acquire()
            try:
                work = partial(
                    enhance_body, content, chosen, target, limits=limits, deadline_s=deadline_s
                )
                await asyncio.to_thread(work)
            finally:
                turn.release()
        except BaseException:
            folder.cleanup()
            raise
        return FileResponse(
            target, media_type="image/png", background=BackgroundTask(folder.cleanup)
        )

    _answer_errors(app)
    app.mount("/", StaticFiles(directory=page_dir, html=True))
    if token is None:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*_LOOPBACK_NAMES])
    return app


def listen(host: str, port: int) -> socket.socket:
    """Take an address, before any work is done for it.

    Args:
        host: a name or an address.
        port: 0 takes one that is free.

    Raises:
        InputError: another program has it, or it is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(
            f"cannot listen at {host}, port {port}: {error.strerror or error}",
            remedy="choose another --port",
        ) from error


def serve(app: FastAPI, listening: socket.socket) -> None:
    """Answer requests until interrupted."""
    import uvicorn

    config = uvicorn.Config(app, log_level="warning", server_header=False)
    uvicorn.Server(config).run(sockets=[listening])


def _answer_errors(app: FastAPI) -> None:
    """Make one line of JSON of everything that is refused."""

    def refused(_: Request, error: Exception) -> Response:
        return _refuse(error.status if isinstance(error, RefusedError) else 500, str(error))

    def timed_out(_: Request, __: Exception) -> Response:
        return _refuse(503, "the server is busy, or the picture came too slowly; try again later")

    def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        return _refuse(422, f"{first['loc'][-1]}: {first['msg']}")

    def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _refuse(error.status_code, str(error.detail))

    app.add_exception_handler(RefusedError, refused)
    app.add_exception_handler(ModelError, refused)
    app.add_exception_handler(TimeoutError, timed_out)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


def _refuse(status: int, what: str) -> JSONResponse:
    return JSONResponse({"error": " ".join(what.split())}, status)


def _knows(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
