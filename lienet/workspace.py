"""Where everything lies: the one place that spells the paths under ``data/`` and ``reports/``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lienet.errors import InputError

WEIGHTS_NAME = "weights.safetensors"
CARD_NAME = "model.json"
HISTORY_NAME = "history.csv"
ONNX_NAME = "model.onnx"
"""What lies in the folder of a model: its weights, card and training history, and its export."""


@dataclass(frozen=True)
class Workspace:
    """A checkout that holds ``params.yaml``; every path of a stage starts here."""

    root: Path

    @classmethod
    def find(cls, start: Path) -> Workspace:
        """Return the workspace that ``start`` lies in.

        Raises:
            InputError: no folder from ``start`` upwards holds a params.yaml.
        """
        for folder in (start.resolve(), *start.resolve().parents):
            if (folder / "params.yaml").is_file():
                return cls(folder)
        raise InputError(
            f"no params.yaml in {start} or above it", remedy="run inside a clone of lienet"
        )

    @property
    def params_path(self) -> Path:
        """The active set of params."""
        return self.root / "params.yaml"

    @property
    def profiles_dir(self) -> Path:
        """The ready-made sets of params."""
        return self.root / "profiles"

    @property
    def state_dir(self) -> Path:
        """Resumable state and local stores, outside every stage's outputs."""
        return self.root / "data" / "state"

    @property
    def reports_dir(self) -> Path:
        """What people read."""
        return self.root / "reports"

    @property
    def code_dir(self) -> Path:
        """The fingerprint of each stage's code, ``<stage>.json``."""
        return self.root / "data" / "code"

    def plugin_hash_path(self, plugin: str) -> Path:
        """The hash of a plugin file, which is named as in params."""
        return Path(f"{self.root}/data/plugins/{plugin}.json")

    def depot_dir(self, source: str) -> Path:
        """What a source fetched, kept so that nothing is fetched twice."""
        return self.state_dir / "download" / source

    def raw_dir(self, source: str) -> Path:
        """Downloaded images and their ``manifest.parquet``."""
        return self.root / "data" / "raw" / source

    @property
    def vgg19_dir(self) -> Path:
        """VGG19's published weights, or nothing where no model needs them."""
        return self.root / "data" / "weights" / "vgg19"

    def filtered_dir(self, source: str) -> Path:
        """The privacy verdicts on a source's images, as ``manifest.parquet``."""
        return self.root / "data" / "filtered" / source

    def shards_dir(self, task: str) -> Path:
        """One folder per split, each with its shards and ``index.json``."""
        return self.root / "data" / "shards" / task

    def trained_on_path(self, task: str) -> Path:
        """The list of the photographs that a task was trained on."""
        return self.shards_dir(task) / "trained_on.parquet"

    def model_dir(self, task: str, model: str) -> Path:
        """``weights.safetensors``, ``model.json``, ``history.csv`` and ``model.onnx``."""
        return self.root / "data" / "models" / task / model

    def checkpoint_dir(self, task: str, model: str) -> Path:
        """Training state that outlives a killed run."""
        return self.state_dir / "train" / task / model

    def report_dir(self, stage: str) -> Path:
        """The reports of one stage."""
        return self.reports_dir / stage

    def refusal_counts_path(self, source: str) -> Path:
        """How many images of a source were refused, by reason; a DVC metric."""
        return self.report_dir("filter") / source / "counts.json"

    def refusals_dir(self, source: str) -> Path:
        """Which images of a source were refused, and if asked for precision, recall and a sheet."""
        return self.report_dir("filter") / source / "refused"

    def export_report_path(self, task: str, model: str) -> Path:
        """The parity report of one exported model."""
        return self.report_dir("export") / task / f"{model}.json"

    def evaluation_path(self, task: str, model: str) -> Path:
        """The metrics of one model, a DVC metric."""
        return self.report_dir("evaluate") / task / f"{model}.json"

    def evaluation_dir(self, task: str, model: str) -> Path:
        """``per_image.csv`` and ``images/`` of one model."""
        return self.report_dir("evaluate") / task / model
