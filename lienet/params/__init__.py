"""The params of a run, typed: every section and every choice, as the whole package takes them.

Its modules own a section each; everybody else imports from here.
"""

from __future__ import annotations

from lienet.params.active import IntendedUse, Params, load_params, parse_params
from lienet.params.base import (
    Chroma,
    GlobalSkip,
    Name,
    Positive,
    Section,
    Share,
    Split,
    Task,
)
from lienet.params.degradations import (
    Degradation,
    DegradedInput,
    Draw,
    SplitShares,
    Synthesize,
    degradations,
)
from lienet.params.evaluation import (
    Bicubic,
    Evaluate,
    Export,
    Input,
    Latency,
    MethodSpec,
    Metric,
    Protocol,
    Report,
    Restoration,
    Unsharp,
    metrics,
)
from lienet.params.flows import Flows
from lienet.params.machines import Cluster, Storage
from lienet.params.models import AnyModel, Model, architectures
from lienet.params.photographs import (
    VGG19_ITEM,
    Download,
    FaceDetection,
    Filter,
    Gates,
    TextDetection,
    Transfer,
)
from lienet.params.promotion import Measure, Promote, TaskGate
from lienet.params.sources import (
    Div2kSource,
    FfhqSource,
    FolderSource,
    OpenImagesSource,
    SampleSource,
    Source,
    sources,
)
from lienet.params.training import (
    VGG19_LAYERS,
    Adversarial,
    Objective,
    Override,
    Perceptual,
    Train,
)

__all__ = [
    "AnyModel",
    "Adversarial",
    "Chroma",
    "Bicubic",
    "Input",
    "MethodSpec",
    "metrics",
    "Metric",
    "Cluster",
    "Degradation",
    "DegradedInput",
    "Div2kSource",
    "Download",
    "Draw",
    "Evaluate",
    "Export",
    "FaceDetection",
    "FfhqSource",
    "Filter",
    "Flows",
    "FolderSource",
    "Gates",
    "GlobalSkip",
    "IntendedUse",
    "Latency",
    "Measure",
    "Model",
    "Name",
    "Objective",
    "OpenImagesSource",
    "Override",
    "Perceptual",
    "Positive",
    "Promote",
    "Protocol",
    "Report",
    "Restoration",
    "SampleSource",
    "Section",
    "Share",
    "Source",
    "Split",
    "SplitShares",
    "Storage",
    "Synthesize",
    "Task",
    "TaskGate",
    "TextDetection",
    "Train",
    "Transfer",
    "Unsharp",
    "VGG19_ITEM",
    "VGG19_LAYERS",
    "Params",
    "architectures",
    "degradations",
    "load_params",
    "parse_params",
    "sources",
]
