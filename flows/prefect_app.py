"""Prefect's server, for uvicorn: the one that `prefect server start` runs, but for its own names.

By itself it answers a request for any host, and with it a page whose name was made to lead here.
This one also keeps the pages of reports, and knows the notices of this project.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.middleware.trustedhost import TrustedHostMiddleware

from flows.report_pages import make_route
from flows.server_access import NAMES_VARIABLE

if TYPE_CHECKING:
    from fastapi import FastAPI


def create_app() -> FastAPI:
    """Return the server with its services, as the settings in the environment say."""
    from prefect.server.api.server import create_app as create

    import flows.notices  # noqa: F401  (the server finds the blocks that it has to use)

    app = create(final=True)
    # Before the pages of the server itself, which answer to every path.
    app.router.routes.insert(0, make_route(Path("data/state/flows/reports").absolute()))
    # The server calls itself by a name of its own, when an automation acts; no page can have it.
    names = [*os.environ[NAMES_VARIABLE].split(","), "prefect-in-memory"]
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=names, www_redirect=False)
    return app
