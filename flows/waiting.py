"""A run that waits for its workspace is pending in Prefect, not running, and says for whom."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import Pause
from prefect.states import Pending, Running

AWAITING = "AwaitingWorkspace"
"""The name of the state."""


class Waiting:
    """The state of one run that may have to wait.

    Args:
        run_id: the flow run; None outside one.
    """

    def __init__(self, run_id: UUID | None) -> None:
        self._run_id = run_id
        self._is_shown = False

    def begin(self, holder: str) -> None:
        """Show that the run waits for another."""
        if self._run_id is None:
            return
        state: State[Any] = Pending(
            name=AWAITING, message=f"the workspace is in use by flow run {holder}"
        )
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(self._run_id, state, force=True)
        self._is_shown = True

    def end(self) -> None:
        """Show that the run goes on.

        Raises:
            Pause: it was suspended while it waited.
        """
        if self._run_id is None or not self._is_shown:
            return
        with get_client(sync_client=True) as client:
            found = client.read_flow_run(self._run_id).state
            if found is not None and found.is_paused():
                raise Pause(state=found)
            if found is not None and found.name == AWAITING:
                client.set_flow_run_state(self._run_id, Running(), force=True)
