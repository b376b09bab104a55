"""Models by name: built from their params, stored with a card that says what they are.

Weights are safetensors; nothing is ever unpickled.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from lienet.errors import ModelError
from lienet.files import sha256_of_file, write_bytes, write_json
from lienet.networks.auxiliary import list_training_parts
from lienet.networks.folding import collapse_branches
from lienet.params import AnyModel, Model
from lienet.workspace import CARD_NAME, WEIGHTS_NAME


class ModelCard(BaseModel):
    """What ``model.json`` says: enough to rebuild the network and to trace where it came from."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    task: str
    name: str
    architecture: str
    spec: dict[str, Any]
    """The entry of ``models`` in params that built it."""
    scale: int
    num_params: int
    steps: int
    seed: int
    data_sha256: dict[str, str]
    """The hash of each split's shards that it was trained and chosen on."""
    run_key: str
    """Identifies the tracked run; the same through train, export and evaluate."""
    weights_sha256: str
    valid_psnr_db: float | None
    training: dict[str, Any] = Field(default_factory=dict)
    """The params of ``train`` and of the objective that decide weights, as in the run key."""


def build_model(spec: Model) -> nn.Module:
    """Build a network with fresh weights, drawn from torch's global generator.

    Args:
        spec: an entry of ``models`` in params.

    Returns:
        A module from ``n 3 h w`` in [0, 1] to ``n 3 h*scale w*scale``, not clipped.
    """
    network: nn.Module = spec.build()
    return network


def count_parameters(model: nn.Module) -> int:
    """Return the number of trained parameters that an output depends on, branches as one layer."""
    inferring = collapse_branches(model)
    unused = {id(each) for part in list_training_parts(inferring) for each in part.parameters()}
    return sum(each.numel() for each in inferring.parameters() if id(each) not in unused)


def save_model(model_dir: Path, model: nn.Module, card: ModelCard) -> ModelCard:
    """Write weights and card, each atomically; return the card with the weights' hash."""
    state = {name: value.contiguous().cpu() for name, value in model.state_dict().items()}
    write_bytes(model_dir / WEIGHTS_NAME, save(state))
    signed = card.model_copy(update={"weights_sha256": sha256_of_file(model_dir / WEIGHTS_NAME)})
    write_json(model_dir / CARD_NAME, signed.model_dump())
    return signed


def load_model(model_dir: Path) -> tuple[nn.Module, ModelCard]:
    """Rebuild a stored model in eval mode.

    Raises:
        ModelError: the card or the weights are missing, cut short or do not fit each other.
    """
    card = read_card(model_dir)
    model = build_model(_parse_spec(card, model_dir / CARD_NAME))
    path = model_dir / WEIGHTS_NAME
    try:
        model.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelError(
            f"weights in {path} do not fit the model {card.name}: {str(error)[:200]}",
            remedy=f"run lienet train {card.task}-{card.name}",
        ) from error
    return model.eval(), card


def _parse_spec(card: ModelCard, path: Path) -> Model:
    try:
        spec: Model = TypeAdapter(AnyModel).validate_python(card.spec)
    except ValidationError as error:
        raise ModelError(
            f"{path} holds no model that can be built: {error.errors()[0]['msg']}",
            remedy="name the file with its architecture in plugins, or train the model anew",
        ) from error
    return spec


def read_card(model_dir: Path) -> ModelCard:
    """Read ``model.json``.

    Raises:
        ModelError: it is missing or not a model card.
    """
    path = model_dir / CARD_NAME
    try:
        return ModelCard.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise ModelError(
            f"{path} is not a readable model card: {str(error)[:200]}",
            remedy="train the model first",
        ) from error
