"""MLflow's server with a page that shows runs as Table 1 from the first click on.

MLflow's own page opens an experiment at its traces of language models, and without figures. Which
of its parts a page shows is kept by the browser, so this one comes with what the browser is to
keep, where it has nothing of its own yet.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lienet.tracking.store import list_pages
from lienet.tracking.table_columns import describe_view

if TYPE_CHECKING:
    from fastapi import FastAPI

_MLFLOW_APP = "mlflow.server.fastapi_app:app"
_APP = "lienet.tracking.first_page:create_app"
_EXPERIMENTS = "lienet-%"
_SCRIPT = """<script>
for (const [key, value] of Object.entries({kept})) {{
  if (localStorage.getItem(key) === null) localStorage.setItem(key, value);
}}
</script></head>"""


def serve(arguments: list[str]) -> None:
    """Run ``mlflow server`` with its own arguments and this page, until it ends."""
    import mlflow.cli
    import mlflow.server

    server: Any = mlflow.server
    build = server._build_uvicorn_command

    def build_with_page(
        options: Any, host: str, port: int, workers: int, app_name: str, *more: Any, **others: Any
    ) -> list[str]:
        command: list[str] = build(options, host, port, workers, app_name, *more, **others)
        if app_name != _MLFLOW_APP:  # with accounts, it is another
            return command
        return [*command[:-1], "--factory", _APP]

    server._build_uvicorn_command = build_with_page
    mlflow.cli.cli(["server", *arguments])


def create_app() -> FastAPI:
    """Return MLflow's application with this page in place of its own."""
    import mlflow.server
    from mlflow.server.fastapi_app import app

    pages: Any = mlflow.server.app
    whole = (Path(pages.static_folder) / "index.html").read_text(encoding="utf-8")
    pages.view_functions["serve"] = lambda: add_kept(whole, _list_experiments())
    application: FastAPI = app
    return application


def add_kept(page: str, experiment_ids: Iterable[str]) -> str:
    """Return MLflow's page with what a new browser is to keep, for experiments of this package."""
    kept = {
        "mlflow.workflowType_v1": json.dumps("machine_learning"),
        "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",  # it would cover the table
    }
    for number in experiment_ids:
        name = f'MLflowLocalStorage-1.1-ExperimentPage-["{number}"]-ReactComponentState'
        kept[name] = describe_view()
    script = _SCRIPT.format(kept=json.dumps(kept).replace("<", "\\u003c"))
    return page.replace("</head>", script, 1)


def _list_experiments() -> list[str]:
    from mlflow.server.handlers import _get_tracking_store

    store: Any = _get_tracking_store()
    found = list_pages(
        lambda token: store.search_experiments(
            filter_string=f"name LIKE '{_EXPERIMENTS}'", page_token=token
        )
    )
    return [str(each.experiment_id) for each in found]


if __name__ == "__main__":
    serve(sys.argv[1:])
