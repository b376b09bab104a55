"""A network as train stores it, with the weights that it began with; nothing is trained."""

from __future__ import annotations

from pathlib import Path

import torch

from lienet.networks.registry import ModelCard, build_model, count_parameters, save_model
from lienet.params import Model


def store_untrained(model_dir: Path, spec: Model, *, seed: int, run_key: str) -> ModelCard:
    """Write weights and card into ``model_dir``; the same seed gives the same weights."""
    torch.manual_seed(seed)
    model = build_model(spec)
    card = ModelCard(
        task=spec.task,
        name=spec.name,
        architecture=spec.architecture,
        spec=spec.model_dump(),
        scale=spec.scale,
        num_params=count_parameters(model),
        steps=3,
        seed=seed,
        data_sha256={"train": "1", "valid": "2"},
        run_key=run_key,
        weights_sha256="",
        valid_psnr_db=None,
    )
    return save_model(model_dir, model, card)
