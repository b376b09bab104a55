"""Specs of every architecture: the paper's networks at its size, their rivals small.

Tests that count parameters by hand count these; a test that wants another says what it changes.
"""

from __future__ import annotations

from lienet.params import EnhancementModel, EsrganModel, LienetModel, SftganModel, SrganModel

_SR = {"task": "sr", "scale": 4, "objective": "sr"}
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
    base = {"name": "lienet", "architecture": "lienet", "convs_per_block": 2}
    return LienetModel.model_validate(_SR | _PAPER | base | changes)


def enhancement_spec(**changes: object) -> EnhancementModel:
    base = {
        "task": "face",
        "name": "lienet",
        "architecture": "lienet_enhancement",
        "scale": 1,
        "objective": "enhancement",
        "fold": 4,
        "convs_per_block": 4,
        "spade": True,
    }
    return EnhancementModel.model_validate(_PAPER | base | changes)


def srgan_spec(**changes: object) -> SrganModel:
    base = {
        "name": "srgan",
        "architecture": "srgan",
        "channels": 8,
        "num_blocks": 2,
        "batch_norm": True,
        "global_skip": "none",
    }
    return SrganModel.model_validate(_SR | base | changes)


def esrgan_spec(**changes: object) -> EsrganModel:
    base = {
        "name": "esrgan",
        "architecture": "esrgan",
        "channels": 16,
        "num_blocks": 1,
        "growth": 8,
    }
    return EsrganModel.model_validate(_SR | base | changes)


def sftgan_spec(**changes: object) -> SftganModel:
    base = {
        "name": "sftgan",
        "architecture": "sftgan",
        "channels": 8,
        "num_blocks": 2,
        "condition_channels": 4,
    }
    return SftganModel.model_validate(_SR | base | changes)
