"""How the flows run the stages: side by side, one run to a workspace, again after a failure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lienet.params.base import Positive, Seconds, Section

Count = Annotated[int, Field(ge=0)]


class Notify(Section):
    """Whom Prefect's server tells of a night that failed, or never ran; by ``make deploy``."""

    webhook: str | None
    """An address that is sent a JSON object of ``subject`` and ``body``."""
    email: str | None
    """A mailbox; LIENET_SMTP in the environment of ``make deploy`` names the mail server."""
    file: str | None
    """A file on the server's machine that is added to."""
    late_after_s: Seconds
    """How long a night may be late before it counts as one that never ran."""


class Flows(Section):
    """What Prefect's flows may do on this machine. Never changes a byte of output."""

    cpu_slots: Count
    """Stages that may run at once, in a run and by the limit ``cpu``; 0 takes one for each core."""
    gpu_slots: Positive
    """Trainings that may run at once on a machine with a GPU, by the limit ``gpu`` as well."""
    overlap: Literal["wait", "skip"]
    """What a run does that finds the workspace in use by another: wait its turn, or end at once."""
    lock_timeout_s: Seconds
    """How long a stage waits for files that another DVC process holds, before it fails."""
    download_retries: Count
    """How often a failed download is started again; what came is kept."""
    download_backoff_s: Seconds
    """The pause before the first of them; each further one is twice as long."""
    resumes: Count
    """How often a run is taken up again whose worker died under it."""
    cancel_grace_s: Seconds
    """What a stage is given to end by itself when its run is cancelled, before it is killed."""
    timeouts_s: dict[str, Seconds]
    """How long a stage may take, by its name before the "@", and a whole run, by the name run,
    before it is ended and fails; none is limited that is not named."""
    notify: Notify
