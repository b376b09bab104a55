"""The networks: an entry for each model, its architecture saying which keys it has."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, ClassVar

from pydantic import (
    Field,
    SerializationInfo,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from lienet.params.base import (
    SCALES,
    Name,
    Positive,
    Scale,
    Section,
    Sha256,
    Task,
    is_unset,
    registered_in,
)
from lienet.plugins import Registry

NUM_LANDMARKS = 5
"""Of a face: right eye, left eye, tip of the nose, right and left corner of the mouth."""
LANDMARK_CELL_PX = 4
"""Pixels for each cell of a heat map, per side."""


WITH_REPLICATES = {"with": "replicates"}
"""The context of a dump that says which models repeat another."""


class FineTuning(Section):
    """A training that goes on from given weights, where others start from drawn ones."""

    weights: str
    """The name of weights that come with lienet, such as ``sr_lienet_fast_x4``; or the path of a
    .safetensors file, relative to the folder of params.yaml."""
    sha256: Sha256
    """Of the file: other weights are other params."""
    steps: Positive
    """In place of ``train.steps``."""
    quantised: bool
    """Round weights and activations of convolutions as ``executorch_int8`` does, so that the
    network learns to live with it; needs the extra ``mobile``."""


class Model(Section):
    """One network by its params: the base of every architecture.

    An architecture of one's own is a subclass that is registered in :data:`architectures`; its
    fields are what params may set, and :meth:`build` makes the network.
    """

    scales: ClassVar[tuple[Scale, ...]] = SCALES
    """What it can enlarge by; 1 is for the tasks that keep an image's size."""
    learns_landmarks: ClassVar[bool] = False
    """Whether its own losses take heat maps of a face's landmarks."""
    is_of_paper: ClassVar[bool] = False
    """Whether it is one of the paper's own networks, which tables show as ours."""

    task: Task
    name: Name
    scale: Scale
    """1 for the tasks that keep an image's size."""
    objective: Name
    """The entry of ``train.objectives`` that it minimises."""
    architecture: Name
    learning_rate: Annotated[float, Field(gt=0.0)] | None = Field(None, exclude_if=is_unset)
    """Its own, in place of ``train.learning_rate``; null takes that."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = Field(None, exclude_if=is_unset)
    """Its own, of weights and patches, in place of ``seed``; null takes that."""
    fine_tuning: FineTuning | None = Field(None, exclude_if=is_unset)
    """Where its training starts; null draws its weights."""
    replicate_of: str | None = Field(None, exclude_if=is_unset)
    """The key of the model that it repeats with another seed; the report shows both as one row."""

    @abstractmethod
    def build(self) -> Any:
        """Return the network, a torch module, its weights drawn from torch's global generator.

        It maps ``n 3 h w`` in [0, 1] to ``n 3 h*scale w*scale``, not clipped, for any n, h and w.
        Import torch in here, not above: params are read by commands that do without it.
        """

    @model_serializer(mode="wrap")
    def _leave_out_what_it_repeats(
        self, serialize: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> dict[str, Any]:
        """Say ``replicate_of`` by request alone, since it changes none of the entry's bytes."""
        dumped: dict[str, Any] = serialize(self)
        if info.context != WITH_REPLICATES:
            dumped.pop("replicate_of", None)
        return dumped

    @model_validator(mode="after")
    def _can_enlarge(self) -> Model:
        if self.scale not in self.scales:
            fitting = " or ".join(map(str, self.scales))
            raise ValueError(
                f"the architecture {self.architecture} is for scale {fitting}, got {self.scale}"
            )
        return self


architectures: Registry[type[Model]] = Registry(
    "architecture", Model, built_in="lienet.networks.architectures"
)
"""Every architecture's params; a plugin adds its own by ``@architectures.register("name")``."""

AnyModel = Annotated[SerializeAsAny[Model], registered_in(architectures, "architecture")]
"""An entry of ``models``: its ``architecture`` says which class it is of."""


def is_of_paper(architecture: str) -> bool:
    """Return whether a name is that of one of the paper's own architectures."""
    return architecture in architectures.names() and architectures.get(architecture).is_of_paper
