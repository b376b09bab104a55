"""One task's registered model in MLflow: its versions, their aliases, tags and files.

What the aliases mean, and who may have them, is promotion's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from lienet.tracking.packaging import Package, build_folder
from lienet.tracking.runs import find_experiment, find_logged_model, find_run, name_experiment
from lienet.tracking.store import list_pages, tracking_uri
from lienet.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

ROLLED_BACK_TAG = "lienet.rolled_back_at"
_MAX_TAG_CHARS = 5000
_VERSIONS_TAG = "mlflow.modelVersions"
"""By which MLflow's page of a logged model links to its versions."""


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


class ModelVersions:
    """The versions of one task's registered model.

    Args:
        client: of the workspace's store.
        workspace: holds the store, where no other is named.
        task: by name.
    """

    def __init__(self, client: MlflowClient, workspace: Workspace, task: str) -> None:
        self.client = client
        self.name = name_experiment(task)
        self._workspace = workspace

    def list_all(self) -> list[Version]:
        """Return every version."""
        named = f"name='{self.name}'"
        found = list_pages(lambda token: self.client.search_model_versions(named, page_token=token))
        return [_describe(each) for each in found]

    def find_alias(self, alias: str) -> Version | None:
        """Return the version that holds an alias."""
        from mlflow.exceptions import MlflowException

        try:
            return _describe(self.client.get_model_version_by_alias(self.name, alias))
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None  # no such model, or no such alias
            raise

    def create(self, package: Package) -> Version:
        """Register a package as a new version, of the logged model that its figures are for."""
        experiment_id = find_experiment(self.client, self._workspace, self.name)
        run = find_run(self.client, experiment_id, package.name, package.run_key)
        state_dir = self._workspace.state_dir
        logged = find_logged_model(self.client, state_dir, run, package.weights_sha256)
        with TemporaryDirectory() as beside:
            folder = Path(beside) / "model"
            build_folder(package, folder, run_id=run.info.run_id, model_id=logged.model_id)
            self.client.log_model_artifacts(logged.model_id, str(folder))
        self._ensure_registered()
        made = self.client.create_model_version(
            self.name,
            logged.artifact_location,
            run_id=run.info.run_id,
            tags=dict(package.tags),
            description=package.card,
            model_id=logged.model_id,
        )
        versions = [
            *json.loads(logged.tags.get(_VERSIONS_TAG, "[]")),
            {"name": self.name, "version": made.version},
        ]
        tags = {**package.tags, _VERSIONS_TAG: json.dumps(versions)}
        self.client.set_logged_model_tags(logged.model_id, tags)
        return _describe(made)

    def download(self, version: Version, folder: Path) -> Path:
        """Return the folder that a version was registered as, fetched below ``folder``."""
        from mlflow.artifacts import download_artifacts

        source = self.client.get_model_version_download_uri(self.name, version.number)
        return Path(
            download_artifacts(
                source, dst_path=str(folder), tracking_uri=tracking_uri(self._workspace)
            )
        )

    def tag_version(self, version: Version, tags: Mapping[str, str | None]) -> None:
        """Set tags of a version; None deletes one."""
        for tag, value in tags.items():
            if value is None:
                self.client.delete_model_version_tag(self.name, version.number, tag)
            else:
                self.client.set_model_version_tag(
                    self.name, version.number, tag, value[:_MAX_TAG_CHARS]
                )

    def _ensure_registered(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self.client.create_registered_model(self.name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise


def _describe(found: Any) -> Version:
    return Version(
        registered_name=str(found.name),
        number=str(found.version),
        model=found.tags.get("lienet.model", ""),
        run_id=found.run_id or "",
        onnx_sha256=found.tags.get("lienet.onnx_sha256", ""),
        rolled_back_at=found.tags.get(ROLLED_BACK_TAG),
    )
