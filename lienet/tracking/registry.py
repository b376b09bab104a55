"""Registered models: their versions, who is champion and challenger, and who was before.

Each task has one registered model, ``lienet-<task>``. Its tag ``lienet.champions`` is the list of
versions that held the alias ``champion``, the present one last. Aliases name one version each, so
there are never two champions; that two promotions do not undo one another is what
:meth:`Registry.exclusive` is for.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lienet.errors import InputError, ToolError
from lienet.tracking.credentials import take_credentials
from lienet.tracking.delivery import deliver_pending
from lienet.tracking.lease import hold_lease
from lienet.tracking.packaging import CANDIDATE_NAME, SCORES_NAME, Package, build_folder
from lienet.tracking.store import connect, explaining, find_experiment, find_run, tracking_uri
from lienet.workspace import ONNX_NAME, Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, CHALLENGER = "champion", "challenger"
ROLLED_BACK_TAG = "lienet.rolled_back_at"
_HISTORY_TAG = "lienet.champions"
_MAX_HISTORY = 100
_MAX_TAG_CHARS = 5000


@dataclass(frozen=True)
class Version:
    """One version of a registered model."""

    registered_name: str
    number: str
    model: str
    """The model's own name, such as "lienet"."""
    run_id: str
    onnx_sha256: str
    rolled_back_at: str | None

    @property
    def label(self) -> str:
        """How it is spoken of: ``lienet-sr/3``, which ``models:/`` makes an address."""
        return f"{self.registered_name}/{self.number}"


class Registry:
    """One task's registered model; made by :func:`open_registry`."""

    def __init__(self, client: MlflowClient, uri: str, workspace: Workspace, task: str) -> None:
        self._client = client
        self._uri = uri
        self._workspace = workspace
        self._confirm: Callable[[], None] = lambda: None
        self.name = f"lienet-{task}"

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other promotion of this task waiting, on this machine and on others.

        Raises:
            ToolError: another promotion does not end.
        """
        with hold_lease(self._client, self._workspace.state_dir, self.name) as self._confirm:
            yield

    def find_champion(self) -> Version | None:
        """Return the version that holds the alias ``champion``."""
        return self._find_alias(CHAMPION)

    def register(self, package: Package) -> Version:
        """Return the version of a network, made if the same file is not registered yet."""
        for found in self._list_versions():
            if found.onnx_sha256 == package.onnx_sha256 and found.model == package.name:
                return found
        experiment_id = find_experiment(self._client, self._workspace, self.name)
        run_id = find_run(self._client, experiment_id, package.name, package.run_key)
        return self._create_version(package, experiment_id, run_id)

    def set_challenger(self, version: Version) -> None:
        """Give a version the alias ``challenger``."""
        self._client.set_registered_model_alias(self.name, CHALLENGER, version.number)

    def set_champion(self, version: Version) -> Version | None:
        """Make a version champion; return the one that it replaces.

        Raises:
            ToolError: the alias was moved by something else in the same moment.
        """
        former = self.find_champion()
        history = self._read_history(former)
        self._move_champion([*history, version.number], version.number)
        self._client.set_model_version_tag(self.name, version.number, "lienet.promoted_at", _now())
        self._client.delete_model_version_tag(self.name, version.number, ROLLED_BACK_TAG)
        if self._find_alias(CHALLENGER) == version:
            self._client.delete_registered_model_alias(self.name, CHALLENGER)
        self._mark_runs(version, former)
        return former

    def roll_back(self) -> tuple[Version, Version]:
        """Make the former champion champion again; return (the former, the one that was).

        Raises:
            InputError: there is no champion, or none before it.
        """
        present = self.find_champion()
        if present is None:
            raise InputError(f"{self.name} has no champion", remedy="promote a model first")
        known = {version.number: version for version in self._list_versions()}
        history = [number for number in self._read_history(present)[:-1] if number in known]
        if not history:
            raise InputError(f"{self.name} had no champion before version {present.number}")
        former = known[history[-1]]
        self._move_champion(history, former.number)
        self._client.set_model_version_tag(self.name, present.number, ROLLED_BACK_TAG, _now())
        self._mark_runs(former, present)
        return former, present

    def fetch(self, version: Version, folder: Path) -> tuple[dict[str, Any], str, Path]:
        """Return what the gate needs of a version: its facts, its scores and its ONNX file.

        Raises:
            ToolError: it was registered by something else, and lacks them.
        """
        from mlflow.artifacts import download_artifacts

        source = self._client.get_model_version_download_uri(self.name, version.number)
        place = Path(download_artifacts(source, dst_path=str(folder), tracking_uri=self._uri))
        try:
            facts = json.loads((place / CANDIDATE_NAME).read_text(encoding="utf-8"))
            scores = (place / SCORES_NAME).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ToolError(
                f"{version.label} does not hold what `lienet promote` registers",
                remedy="promote another by hand: lienet promote MODEL --without-gate",
            ) from error
        return facts, scores, place / "artifacts" / ONNX_NAME

    def record(self, version: Version, tags: Mapping[str, str], artifact: str) -> None:
        """Tag a version, and log JSON text to its run as ``gate/version_<number>.json``."""
        for name, value in tags.items():
            self._client.set_model_version_tag(
                self.name, version.number, name, value[:_MAX_TAG_CHARS]
            )
        if version.run_id:
            self._client.log_text(version.run_id, artifact, f"gate/version_{version.number}.json")

    def _create_version(self, package: Package, experiment_id: str, run_id: str) -> Version:
        from mlflow.entities import LoggedModelOutput

        logged = self._client.create_logged_model(
            experiment_id,
            name=package.name,
            source_run_id=run_id,
            tags=dict(package.tags),
            model_type="image-enhancement",
        )
        with tempfile.TemporaryDirectory() as beside:
            folder = Path(beside) / "model"
            build_folder(package, folder, run_id=run_id, model_id=logged.model_id)
            self._client.log_model_artifacts(logged.model_id, str(folder))
        self._client.finalize_logged_model(logged.model_id, "READY")
        self._client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
        self._ensure_registered()
        made = self._client.create_model_version(
            self.name,
            logged.artifact_location,
            run_id=run_id,
            tags=dict(package.tags),
            description=package.card,
            model_id=logged.model_id,
        )
        return _describe(made)

    def _ensure_registered(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(self.name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _list_versions(self) -> list[Version]:
        found, token = [], None
        while True:
            page = self._client.search_model_versions(f"name='{self.name}'", page_token=token)
            found += [_describe(each) for each in page]
            token = page.token
            if not token:
                return found

    def _find_alias(self, alias: str) -> Version | None:
        from mlflow.exceptions import MlflowException

        try:
            return _describe(self._client.get_model_version_by_alias(self.name, alias))
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None  # no such model, or no such alias
            raise

    def _read_history(self, champion: Version | None) -> list[str]:
        """Return the list of champions, made to end with the present one whatever was cut short."""
        if champion is None:
            return []
        tags = self._client.get_registered_model(self.name).tags
        history = [str(number) for number in json.loads(tags.get(_HISTORY_TAG, "[]"))]
        while history and champion.number in history and history[-1] != champion.number:
            history.pop()
        return history if champion.number in history else [*history, champion.number]

    def _move_champion(self, history: list[str], number: str) -> None:
        self._confirm()
        kept = json.dumps(history[-_MAX_HISTORY:])
        self._client.set_registered_model_tag(self.name, _HISTORY_TAG, kept)
        self._client.set_registered_model_alias(self.name, CHAMPION, number)
        found = self.find_champion()
        if found is None or found.number != number:
            raise ToolError(
                f"{self.name}'s champion was moved by something else",
                got=None if found is None else found.label,
                remedy="run it again",
            )

    def _mark_runs(self, champion: Version, former: Version | None) -> None:
        """Let the table of runs show which is champion."""
        if former is not None and former.run_id not in ("", champion.run_id):
            self._client.set_tag(former.run_id, "lienet.promoted", "")
        if champion.run_id:
            self._client.set_tag(champion.run_id, "lienet.promoted", CHAMPION)


@contextmanager
def open_registry(workspace: Workspace, task: str) -> Iterator[Registry]:
    """Connect to the store and deliver to it what stages could not.

    Raises:
        ToolError: MLflow cannot be reached, or refuses; also from within the body.
    """
    uri = take_credentials(tracking_uri(workspace))
    with explaining(uri):
        client = connect(uri, workspace.state_dir)
        deliver_pending(client, workspace)
        yield Registry(client, uri, workspace, task)


def _describe(found: Any) -> Version:
    return Version(
        registered_name=str(found.name),
        number=str(found.version),
        model=found.tags.get("lienet.model", ""),
        run_id=found.run_id or "",
        onnx_sha256=found.tags.get("lienet.onnx_sha256", ""),
        rolled_back_at=found.tags.get(ROLLED_BACK_TAG),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
