"""What a stage runs or imports that decides none of its bytes: the declared list, with reasons.

All else that a stage imports makes it stale when it changes. An entry may hold for some stages
alone; a stage that is not named is on the safe side.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Observer:
    """A module, or a third-party package by the name it is imported by, that is left out."""

    name: str
    """With ``.*`` at its end it is a package and all within."""
    reason: str
    stages: tuple[str, ...] = ()
    """Where it is left out; everywhere if there are none."""

    def covers(self, name: str, stage: str | None) -> bool:
        """Return whether this leaves a name out of a stage, or of the package as a whole."""
        if self.stages and stage not in self.stages:
            return False
        whole = self.name.removesuffix(".*")
        return name == whole or (whole != self.name and name.startswith(f"{whole}."))


_DATA_STAGES = ("download", "filter", "synthesize")
_MEASURES = "measures images, which evaluate alone does"
_UNREAD = "types a section of params that these stages do not read"

OBSERVERS = (
    Observer("lienet", "names for the library's users: stages import what stands behind them"),
    Observer("lienet.tracking.*", "notes for MLflow what was computed; nothing reads it back"),
    Observer("lienet.progress", "bars and lines on a terminal"),
    Observer("lienet.quiet", "keeps what libraries remark from the terminal"),
    Observer(
        "lienet.text_tables",
        "draws tables on a terminal; the report alone writes them to files",
        (*_DATA_STAGES, "train", "export", "evaluate", "time"),
    ),
    Observer("lienet.executors", "who computes changes no byte: results keep the items' order"),
    Observer("lienet.cluster", "as executors, on other machines"),
    Observer("lienet.params.checks", "refuses params, and changes none"),
    Observer("lienet.params.flows", "when stages run, which is Prefect's business"),
    Observer("lienet.params.promotion", "which model becomes champion, after every stage"),
    Observer("lienet.params.photographs", _UNREAD, ("train", "export", "time")),
    Observer("lienet.params.sources", _UNREAD, ("train", "export", "time")),
    Observer("lienet.params.open_images_labels", _UNREAD, ("train", "export", "time")),
    Observer("lienet.params.degradations", _UNREAD, ("download", "filter", "export", "time")),
    Observer(
        "lienet.manifests.splits",
        "divides photographs, which synthesize alone does",
        ("export", "time"),
    ),
    Observer(
        "lienet.catalogues.*",
        "finds photographs, which download alone does",
        ("filter", "synthesize", "evaluate", "time", "report"),
    ),
    Observer(
        "lienet.degradations.built_in",
        "what a kind does is done in synthesize; which kind a task is of, DVC tracks",
        ("train", "evaluate", "time"),
    ),
    Observer(
        "lienet.screening.*",
        "has the detector of landmarks, which training.landmarks pins",
        ("train",),
    ),
    Observer("lienet.weights", "which of them is taken, fine_tuning.sha256 pins", ("train",)),
    Observer("lienet.params.models", _UNREAD, _DATA_STAGES),
    Observer("lienet.params.training", _UNREAD, (*_DATA_STAGES, "export", "evaluate", "time")),
    Observer("lienet.params.evaluation", _UNREAD, (*_DATA_STAGES, "train")),
    Observer(
        "lienet.evaluation.measures",
        "the metrics by name, which these stages do not read",
        ("export", "time"),
    ),
    Observer(
        "lienet.deployment.formats.*",
        "converts networks, which export alone does",
        ("evaluate", "time"),
    ),
    Observer("lienet.evaluation.metrics", _MEASURES, ("time", "report")),
    Observer("lienet.evaluation.vmaf", _MEASURES, ("time", "report")),
    Observer("lienet.evaluation.optional.*", _MEASURES, ("time", "report")),
)
"""Log lines are left out as well, by :mod:`lienet.imports`; the report's words are its output."""

_ONE_VERSION = "evaluation.optional.packages names the one version that is taken"

PACKAGES_LEFT_OUT = (
    Observer("rich", "draws on the terminal"),
    Observer("pydantic", "checks params.yaml, whose values DVC tracks"),
    Observer("yaml", "reads params.yaml, whose values DVC tracks"),
    Observer("aiohttp", "carries bytes, which are verified"),
    Observer("certifi", "whom the carrier of bytes trusts"),
    Observer("filelock", "lets processes take turns"),
    Observer("jaxtyping", "states shapes in annotations, which tests alone check"),
    Observer("yarl", "takes addresses apart"),
    Observer("fsspec", "carries bytes, which are verified"),
    Observer("flip_evaluator", _ONE_VERSION),
    Observer("ssimulacra2", _ONE_VERSION),
    Observer(
        "torch", "makes tensors of images, which these stages do not", (*_DATA_STAGES, "report")
    ),
)

RELIED_UPON = {
    "lienet.deployment.onnx": ("onnxscript", "onnx_ir"),  # torch's exporter writes with them
    "skimage": ("scipy", "pywt"),  # SSIM's filters, and the estimate of noise
}
"""What decides bytes without being imported: by a module of ours, or a package, that needs it."""
