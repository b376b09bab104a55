"""What a run is called in Prefect, and its tags: by what it was asked for, not by chance."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

_MAX_CHARS = 80
_MAX_TARGETS = 8


def name_run() -> str:
    """Return the name of the flow run that this is called in."""
    due = flow_run.get_scheduled_start_time()
    return describe_run(flow_run.get_flow_name() or "run", flow_run.get_parameters() or {}, due)


def describe_run(flow: str, parameters: dict[str, Any], due: datetime) -> str:
    """Return the name of a run: its flow, what it was asked for, and the minute it was due."""
    profile, targets = parameters.get("profile"), parameters.get("targets") or []
    asked = " ".join([*([str(profile)] if profile else []), *map(str, targets)])
    if len(asked) > _MAX_CHARS:
        asked = f"{asked[: _MAX_CHARS - 1]}…"
    return " ".join(word for word in (flow, asked, f"{due:%Y-%m-%d %H:%M}") if word)


def list_tags(profile: str, targets: list[str], commit: str) -> list[str]:
    """Return a run's tags: the set of params, each target, the commit."""
    return [f"profile:{profile}", *targets[:_MAX_TARGETS], f"commit:{commit[:10]}"]


def tag_run(tags: list[str]) -> None:
    """Add tags to the flow run that this is called in."""
    run_id = flow_run.get_id()
    if run_id is None:
        return
    both = dict.fromkeys([*(flow_run.get_tags() or []), *tags])
    with get_client(sync_client=True) as client:
        client.update_flow_run(UUID(str(run_id)), tags=list(both))
