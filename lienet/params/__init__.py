"""The params of a run, typed: every section and every choice, as the whole package takes them.

Its modules own a section each; everybody else imports from here.
"""

from __future__ import annotations

from lienet.params.active import IntendedUse as IntendedUse
from lienet.params.active import Params as Params
from lienet.params.active import load_params as load_params
from lienet.params.active import parse_params as parse_params
from lienet.params.base import Chroma as Chroma
from lienet.params.base import GlobalSkip as GlobalSkip
from lienet.params.base import Name as Name
from lienet.params.base import Positive as Positive
from lienet.params.base import Section as Section
from lienet.params.base import Share as Share
from lienet.params.base import Split as Split
from lienet.params.base import Task as Task
from lienet.params.degradations import Degradation as Degradation
from lienet.params.degradations import DegradedInput as DegradedInput
from lienet.params.degradations import Draw as Draw
from lienet.params.degradations import SplitShares as SplitShares
from lienet.params.degradations import Synthesize as Synthesize
from lienet.params.degradations import degradations as degradations
from lienet.params.evaluation import Bicubic as Bicubic
from lienet.params.evaluation import Evaluate as Evaluate
from lienet.params.evaluation import Export as Export
from lienet.params.evaluation import Input as Input
from lienet.params.evaluation import MethodSpec as MethodSpec
from lienet.params.evaluation import Metric as Metric
from lienet.params.evaluation import Protocol as Protocol
from lienet.params.evaluation import Report as Report
from lienet.params.evaluation import Restoration as Restoration
from lienet.params.evaluation import Time as Time
from lienet.params.evaluation import Unsharp as Unsharp
from lienet.params.evaluation import metrics as metrics
from lienet.params.flows import Flows as Flows
from lienet.params.machines import Cluster as Cluster
from lienet.params.machines import Storage as Storage
from lienet.params.models import AnyModel as AnyModel
from lienet.params.models import FineTuning as FineTuning
from lienet.params.models import Model as Model
from lienet.params.models import architectures as architectures
from lienet.params.photographs import VGG19_ITEM as VGG19_ITEM
from lienet.params.photographs import Download as Download
from lienet.params.photographs import FaceDetection as FaceDetection
from lienet.params.photographs import Filter as Filter
from lienet.params.photographs import Gates as Gates
from lienet.params.photographs import TextDetection as TextDetection
from lienet.params.photographs import Transfer as Transfer
from lienet.params.promotion import LatencyBudget as LatencyBudget
from lienet.params.promotion import Promote as Promote
from lienet.params.promotion import TaskGate as TaskGate
from lienet.params.sources import Div2kSource as Div2kSource
from lienet.params.sources import FfhqSource as FfhqSource
from lienet.params.sources import FolderSource as FolderSource
from lienet.params.sources import OpenImagesSource as OpenImagesSource
from lienet.params.sources import SampleSource as SampleSource
from lienet.params.sources import Source as Source
from lienet.params.sources import sources as sources
from lienet.params.training import VGG19_LAYERS as VGG19_LAYERS
from lienet.params.training import Adversarial as Adversarial
from lienet.params.training import Objective as Objective
from lienet.params.training import Override as Override
from lienet.params.training import Perceptual as Perceptual
from lienet.params.training import Train as Train
