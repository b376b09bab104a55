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

    def refuse_linked_data(self) -> None:
        """Refuse a ``data`` or ``reports`` that leads out of the workspace: DVC cannot keep it.

        Raises:
            InputError: one does.
        """
        for folder in (self.root / "data", self.root / "reports"):
            if not folder.resolve().is_relative_to(self.root.resolve()):
                raise InputError(
                    f"{folder.name} must lie in the clone itself, as DVC takes no outputs outside",
                    got=f"a link to {folder.resolve()}",
                    remedy="clone on the larger disk, or move DVC's cache there (docs/sharing.md)",
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
    def durations_dir(self) -> Path:
        """How long each entry took when it last ran here, ``<stage>/<item>.json``."""
        return self.state_dir / "durations"

    @property
    def reports_dir(self) -> Path:
        """What people read."""
        return self.root / "reports"

    @property
    def metrics_dir(self) -> Path:
        """DVC's metrics: a few figures of each method, ``<task>/<model>.json``."""
        return self.reports_dir / "metrics"

    @property
    def code_dir(self) -> Path:
        """The fingerprint of each stage's code, ``<stage>.json``."""
        return self.root / "data" / "code"

    @property
    def resolved_dir(self) -> Path:
        """What each entry of dvc.yaml depends on of the params, ``<stage>/<item>.json``."""
        return self.root / "data" / "params"

    def resolved_path(self, stage: str, item: str) -> Path:
        """The resolved params of one entry."""
        return self.resolved_dir / stage / f"{item}.json"

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

    def splits_note_path(self, task: str) -> Path:
        """Which split each photograph of a task fell to in the last run; no stage's output."""
        return self.state_dir / "splits" / f"{task}.parquet"

    def model_dir(self, task: str, model: str) -> Path:
        """``weights.safetensors``, ``model.json``, ``history.csv`` and ``model.onnx``."""
        return self.root / "data" / "models" / task / model

    def formats_dir(self, task: str, model: str) -> Path:
        """What a model was converted to, and ``formats.json``, which lists it."""
        return self.model_dir(task, model) / "formats"

    def checkpoint_dir(self, task: str, model: str) -> Path:
        """Training state that outlives a killed run."""
        return self.state_dir / "train" / task / model

    def report_dir(self, stage: str) -> Path:
        """The reports of one stage."""
        return self.reports_dir / stage

    def refusal_counts_path(self, source: str) -> Path:
        """How many images of a source were refused, by reason."""
        return self.report_dir("filter") / source / "counts.json"

    def refusals_dir(self, source: str) -> Path:
        """Which images of a source were refused, and if asked for precision, recall and a sheet."""
        return self.report_dir("filter") / source / "refused"

    def export_report_path(self, task: str, model: str) -> Path:
        """The parity report of one exported model."""
        return self.report_dir("export") / task / f"{model}.json"

    def timings_path(self, task: str) -> Path:
        """How long everything of a task takes."""
        return self.report_dir("time") / f"{task}.json"

    def evaluation_path(self, task: str, model: str) -> Path:
        """All that was measured of one model."""
        return self.report_dir("evaluate") / task / f"{model}.json"

    def format_costs_path(self, task: str, model: str) -> Path:
        """What each format of one model costs; no model's name has a hyphen."""
        return self.report_dir("evaluate") / task / f"{model}-formats.json"

    def format_costs_dir(self, task: str, model: str) -> Path:
        """The scores of single images for each format of one model."""
        return self.report_dir("evaluate") / task / f"{model}-formats"

    def evaluation_dir(self, task: str, model: str) -> Path:
        """``per_image.csv`` and ``images/`` of one model."""
        return self.report_dir("evaluate") / task / model
