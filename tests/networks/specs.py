"""Specs of every architecture: the paper's networks at its size, their rivals small.

Tests that count parameters by hand count these; a test that wants another says what it changes.
"""

from __future__ import annotations

from lienet.networks.architectures import (
    EnhancementModel,
    EsrganModel,
    LienetModel,
    PlainModel,
    SftganModel,
    SrganModel,
)

_PAPER = {
    "channels": 16,
    "num_blocks": 6,
    "modulate": "concatenation",
    "self_features": True,
    "dense": True,
    "fusion_kernel": 3,
    "block_residual": True,
    "global_skip": "bicubic",
}


def lienet_spec(**changes: object) -> LienetModel:
    base = _PAPER | _super_resolution("lienet", convs_per_block=2)
    return LienetModel.model_validate(base | changes)


def enhancement_spec(**changes: object) -> EnhancementModel:
    base = _PAPER | {
        "task": "face",
        "name": "lienet",
        "architecture": "lienet_enhancement",
        "scale": 1,
        "objective": "enhancement",
        "fold": 4,
        "convs_per_block": 4,
        "spade": True,
    }
    return EnhancementModel.model_validate(base | changes)


def plain_spec(**changes: object) -> PlainModel:
    keys = {"channels": 32, "num_blocks": 6, "global_skip": "bicubic"}
    return PlainModel.model_validate(_super_resolution("plain", **keys) | changes)


def srgan_spec(**changes: object) -> SrganModel:
    keys = {"channels": 8, "num_blocks": 2, "batch_norm": True, "global_skip": "none"}
    return SrganModel.model_validate(_super_resolution("srgan", **keys) | changes)


def esrgan_spec(**changes: object) -> EsrganModel:
    keys = {"channels": 16, "num_blocks": 1, "growth": 8}
    return EsrganModel.model_validate(_super_resolution("esrgan", **keys) | changes)


def sftgan_spec(**changes: object) -> SftganModel:
    keys = {"channels": 8, "num_blocks": 2, "condition_channels": 4}
    return SftganModel.model_validate(_super_resolution("sftgan", **keys) | changes)


def _super_resolution(architecture: str, **keys: object) -> dict[str, object]:
    named = {"name": architecture, "architecture": architecture}
    return {"task": "sr", "scale": 4, "objective": "sr", **named, **keys}
