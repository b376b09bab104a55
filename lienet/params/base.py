"""What every section is made of: the frozen base class, and the words that several use."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from lienet.errors import ParamsError
from lienet.plugins import Registry


def _with_colons(value: object) -> object:
    is_short = isinstance(value, str | int) and len(str(value)) == 3
    return ":".join(str(value)) if is_short else value


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Positive = Annotated[int, Field(gt=0)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Seconds = Annotated[float, Field(gt=0.0)]
Split = Literal["train", "valid", "test"]
Enlargement = Literal[2, 4]
"""How many times super-resolution enlarges each side."""
Scale = Literal[1, Enlargement]
"""The same, or 1 where an image keeps its size."""
ENLARGEMENTS: tuple[Enlargement, ...] = get_args(Enlargement)
SCALES: tuple[Scale, ...] = get_args(Scale)
Chroma = Annotated[Literal["4:4:4", "4:2:2", "4:2:0"], BeforeValidator(_with_colons)]
"""Subsampling, in files written without its colons: `dvc exp run -S` writes a params file anew
without quotes, and YAML takes a bare 4:2:0 for a number in base 60."""
GlobalSkip = Literal["none", "bicubic", "colour"]
"""What a network's output is added to: nothing, its input brought to size by bicubic upsampling
(at scale 1 the input itself), or that with its colours mapped by twelve learned weights."""
Task = Name
"""The name of an entry of ``synthesize.tasks``."""


def _ascending(pair: tuple[float, float]) -> tuple[float, float]:
    if not pair[0] <= pair[1]:
        raise ValueError(f"a range is [low, high], low first, got {list(pair)}")
    return pair


Range = Annotated[tuple[float, float], AfterValidator(_ascending)]
"""The lowest and the highest value of a draw."""


def within(low: float, high: float) -> AfterValidator:
    """Return the rule that both ends of a range lie within bounds."""

    def check(pair: tuple[float, float]) -> tuple[float, float]:
        if not low <= pair[0] <= pair[1] <= high:
            raise ValueError(f"both ends must lie in [{low:g}, {high:g}], got {list(pair)}")
        return pair

    return AfterValidator(check)


def is_unset(value: object) -> bool:
    """Whether a key that may be left out is; a dump leaves it out then, as ``exclude_if``."""
    return value is None or value == ()


class Section(BaseModel):
    """A frozen group of params in which every key is required and no other is allowed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), allow_inf_nan=False
    )


def registered_in(registry: Registry[type[Any]], key: str) -> BeforeValidator:
    """Return the rule that a mapping is the config of the part that its ``key`` names.

    Use it with the base class of the parts, whose subclasses' fields are then kept in dumps:
    ``Annotated[SerializeAsAny[Base], registered_in(registry, "kind")]``.
    """

    def choose(value: object) -> object:
        if not isinstance(value, dict):
            return value
        if key not in value:
            raise ValueError(f"{key} is missing, which is one of {', '.join(registry.names())}")
        try:
            part = registry.get(str(value[key]))
        except ParamsError as error:
            raise ValueError(str(error).removesuffix("; edit params.yaml")) from None
        return part.model_validate(value)

    return BeforeValidator(choose)
