"""One promotion at a time, on one machine by a lock file, and across machines by MLflow itself.

MLflow has no locks, but a registered model's name is unique: whoever creates the model
``<name>.lock`` holds the lease, and deletes it. The holder of the lock file knows a lease that this
workspace left behind, as after a kill, and takes it away at once. A lease of another workspace is
taken away once it has been watched unchanged for ``stale_s``, by the watcher's own clock.
"""

from __future__ import annotations

import hashlib
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lienet.errors import ToolError
from lienet.files import locked

if TYPE_CHECKING:
    from mlflow import MlflowClient

OWNER_TAG = "lienet.owner"
STALE_S = 120.0
_POLL_S = 0.2


@contextmanager
def hold_lease(
    client: MlflowClient, state_dir: Path, name: str, *, stale_s: float = STALE_S
) -> Iterator[Callable[[], None]]:
    """Hold the lease on a registered model while the body runs; waits its turn.

    Yields a function that raises ToolError if the lease was taken away meanwhile.

    Args:
        client: of the store.
        state_dir: of the workspace; holds the lock file.
        name: of the registered model.
        stale_s: must be longer than any body takes.

    Raises:
        ToolError: others hold it in turn for longer than ten times ``stale_s``.
    """
    with locked(state_dir / f"{name}.lock"):
        workspace = _name_workspace(state_dir)
        owner = f"{workspace}/{os.getpid()}-{uuid.uuid4().hex[:8]}"
        _acquire(client, f"{name}.lock", owner, workspace, stale_s)

        def confirm() -> None:
            if _find_owner(client, f"{name}.lock") != owner:
                raise ToolError(f"the lease on {name} was taken away", remedy="run it again")

        try:
            yield confirm
        finally:
            if _find_owner(client, f"{name}.lock") == owner:
                client.delete_registered_model(f"{name}.lock")


def _acquire(client: MlflowClient, name: str, owner: str, workspace: str, stale_s: float) -> None:
    deadline = time.monotonic() + 10.0 * stale_s
    seen, since = None, time.monotonic()
    while not _create(client, name, owner):
        holder, now = _find_owner(client, name), time.monotonic()
        if holder != seen:
            seen, since = holder, now
        is_ours = holder is not None and holder.startswith(f"{workspace}/")
        if holder is not None and (is_ours or now - since > stale_s):
            _remove(client, name, holder)
        elif now > deadline:
            raise ToolError(f"{name} is held by other promotions", remedy="try again later")
        else:
            time.sleep(_POLL_S)


def _create(client: MlflowClient, name: str, owner: str) -> bool:
    from mlflow.exceptions import MlflowException

    text = "A promotion is under way; this entry goes when it ends."
    try:
        client.create_registered_model(name, tags={OWNER_TAG: owner}, description=text)
    except MlflowException as error:
        if error.error_code == "RESOURCE_ALREADY_EXISTS":
            return False
        raise
    return True


def _find_owner(client: MlflowClient, name: str) -> str | None:
    found = _ask(client, name)
    return None if found is None else str(found.tags.get(OWNER_TAG, ""))


def _remove(client: MlflowClient, name: str, holder: str) -> None:
    """Delete a lease left behind; who else saw it may have been quicker."""
    from mlflow.exceptions import MlflowException

    if _find_owner(client, name) != holder:
        return
    try:
        client.delete_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise


def _ask(client: MlflowClient, name: str) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def _name_workspace(state_dir: Path) -> str:
    """Return what tells this workspace from others, without telling of the machine."""
    place = f"{socket.gethostname()}:{state_dir.resolve()}"
    return hashlib.sha256(place.encode()).hexdigest()[:16]
