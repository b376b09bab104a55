"""The work pool: what a run may not choose, whoever asks for the run."""

from __future__ import annotations

from typing import Any

from prefect.utilities.templating import apply_values
from prefect.workers.process import ProcessWorker

from flows.deploy import lock_template

CHOSEN = {"command": "touch /tmp/taken", "env": {"PATH": "/tmp"}, "working_dir": "/tmp"}


def fill(template: dict[str, Any]) -> dict[str, Any]:
    """Fill a template as a worker does."""
    filled: dict[str, Any] = apply_values(template["job_configuration"], CHOSEN)
    return filled


def test_a_run_chooses_no_command_variables_or_folder():
    template = ProcessWorker.get_default_base_job_template()
    assert CHOSEN.items() <= fill(template).items()
    locked = fill(lock_template(template))
    assert {name: locked[name] for name in CHOSEN} == {
        "command": "python -m flows.engine",
        "env": {},
        "working_dir": None,
    }
    assert not CHOSEN.keys() & lock_template(template)["variables"]["properties"].keys()
