"""The champion and the challenger of a task, and the champions before.

Each task has one registered model, ``lienet-<task>``. Its tag ``lienet.champions`` is the list of
versions that held the alias ``champion``, the present one last. Aliases name one version each, so
there are never two champions; that two promotions do not undo one another is what
:meth:`Registry.exclusive` is for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from lienet.errors import InputError, ToolError
from lienet.evaluation.scores import PER_IMAGE_NAME
from lienet.tracking.model_versions import ROLLED_BACK_TAG, ModelVersions, Version
from lienet.tracking.packaging import CANDIDATE_NAME, Package
from lienet.tracking.store import open_store
from lienet.workspace import ONNX_NAME, Workspace

CHAMPION, CHALLENGER = "champion", "challenger"
_HISTORY_TAG = "lienet.champions"
_PROMOTED_TAG = "lienet.promoted"
_MAX_HISTORY = 100
_LOCK_TIMEOUT_S = 600.0


class Registry(ModelVersions):
    """One task's champions; made by :func:`open_registry`."""

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other promotion of this task in this workspace waiting.

        Raises:
            ToolError: another promotion does not end.
        """
        path = self._workspace.state_dir / f"{self.name}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(path, timeout=_LOCK_TIMEOUT_S):
                yield
        except Timeout as error:
            raise ToolError(
                f"{self.name} is held by another promotion", remedy="try again later"
            ) from error

    def find_champion(self) -> Version | None:
        """Return the version that holds the alias ``champion``."""
        return self.find_alias(CHAMPION)

    def register(self, package: Package) -> Version:
        """Return the version of a network, made if the same file is not registered yet."""
        for found in self.list_all():
            if found.onnx_sha256 == package.onnx_sha256 and found.model == package.name:
                return found
        return self.create(package)

    def set_challenger(self, version: Version) -> None:
        """Give a version the alias ``challenger``."""
        self._set_alias(CHALLENGER, version)

    def set_champion(self, version: Version) -> Version | None:
        """Make a version champion; return the one that it replaces.

        Raises:
            ToolError: the alias was moved by something else in the same moment.
        """
        former = self.find_champion()
        self._move_champion([*self._read_history(former), version.number], version)
        self.tag_version(version, {"lienet.promoted_at": _now(), ROLLED_BACK_TAG: None})
        if self.find_alias(CHALLENGER) == version:
            self.client.delete_registered_model_alias(self.name, CHALLENGER)
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
        known = {version.number: version for version in self.list_all()}
        history = [number for number in self._read_history(present)[:-1] if number in known]
        if not history:
            raise InputError(f"{self.name} had no champion before version {present.number}")
        former = known[history[-1]]
        self._move_champion(history, former)
        self.tag_version(present, {ROLLED_BACK_TAG: _now()})
        self._mark_runs(former, present)
        return former, present

    def fetch(self, version: Version, folder: Path) -> tuple[dict[str, Any], str, Path]:
        """Return what the gate needs of a version: its facts, its scores and its ONNX file.

        Raises:
            ToolError: it was registered by something else, and lacks them.
        """
        place = self.download(version, folder)
        try:
            facts = json.loads((place / CANDIDATE_NAME).read_text(encoding="utf-8"))
            scores = (place / PER_IMAGE_NAME).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ToolError(
                f"{version.label} does not hold what `lienet promote` registers",
                remedy="promote another by hand: lienet promote MODEL --without-gate",
            ) from error
        return facts, scores, place / "artifacts" / ONNX_NAME

    def record(self, version: Version, tags: Mapping[str, str], artifact: str) -> None:
        """Tag a version, and log JSON text to its run as ``gate/version_<number>.json``."""
        self.tag_version(version, tags)
        if version.run_id:
            path = f"gate/version_{version.number}.json"
            self.client.log_text(version.run_id, artifact, path)

    def _read_history(self, champion: Version | None) -> list[str]:
        """Return the list of champions, made to end with the present one whatever was cut short."""
        if champion is None:
            return []
        stored = self.client.get_registered_model(self.name).tags.get(_HISTORY_TAG, "[]")
        history = [str(number) for number in json.loads(stored)]
        while history and champion.number in history and history[-1] != champion.number:
            history.pop()
        return history if champion.number in history else [*history, champion.number]

    def _move_champion(self, history: list[str], version: Version) -> None:
        kept = json.dumps(history[-_MAX_HISTORY:])
        self.client.set_registered_model_tag(self.name, _HISTORY_TAG, kept)
        self._set_alias(CHAMPION, version)
        found = self.find_champion()
        if found is None or found.number != version.number:
            raise ToolError(
                f"{self.name}'s champion was moved by something else",
                got=None if found is None else found.label,
                remedy="run it again",
            )

    def _mark_runs(self, champion: Version, former: Version | None) -> None:
        """Let the table of runs show which is champion."""
        marks = {former.run_id: ""} if former is not None else {}
        for run_id, mark in (marks | {champion.run_id: CHAMPION}).items():
            if run_id:  # a version that somebody else registered may have no run
                self.client.set_tag(run_id, _PROMOTED_TAG, mark)

    def _set_alias(self, alias: str, version: Version) -> None:
        self.client.set_registered_model_alias(self.name, alias, version.number)


@contextmanager
def open_registry(workspace: Workspace, task: str) -> Iterator[Registry]:
    """Connect to the store.

    Raises:
        ToolError: MLflow cannot be reached, or refuses; also from within the body.
    """
    with open_store(workspace) as client:
        yield Registry(client, workspace, task)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
