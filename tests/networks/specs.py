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
from lienet.networks.light_architectures import (
    EcbsrModel,
    EspcnModel,
    RlfnModel,
    SpanModel,
    VdsrModel,
)
from lienet.networks.restoration_architectures import BopblModel, FsrnetModel, HifaceganModel

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


def vdsr_spec(**changes: object) -> VdsrModel:
    keys = {"channels": 8, "num_layers": 4}
    return VdsrModel.model_validate(_super_resolution("vdsr", **keys) | changes)


def espcn_spec(**changes: object) -> EspcnModel:
    keys = {"channels": 64, "channels_2": 32}
    return EspcnModel.model_validate(_super_resolution("espcn", **keys) | changes)


def ecbsr_spec(**changes: object) -> EcbsrModel:
    keys = {"channels": 8, "num_blocks": 2}
    return EcbsrModel.model_validate(_super_resolution("ecbsr", **keys) | changes)


def span_spec(**changes: object) -> SpanModel:
    return SpanModel.model_validate(_super_resolution("span", channels=8) | changes)


def rlfn_spec(**changes: object) -> RlfnModel:
    keys = {"channels": 8, "num_blocks": 2, "attention_channels": 4}
    return RlfnModel.model_validate(_super_resolution("rlfn", **keys) | changes)


def hifacegan_spec(**changes: object) -> HifaceganModel:
    keys = {"channels": 4, "num_halvings": 3}
    return HifaceganModel.model_validate(_same_size("face", "hifacegan", **keys) | changes)


def bopbl_spec(**changes: object) -> BopblModel:
    keys = {"channels": 4, "latent_channels": 16, "mapping_channels": 8}
    weights = {"reconstruction_weight": 0.1, "kl_weight": 1e-4, "latent_weight": 0.01}
    base = _same_size("old_photo", "bopbl", **keys, **weights)
    return BopblModel.model_validate(base | changes)


def fsrnet_spec(**changes: object) -> FsrnetModel:
    keys = {"channels": 4, "feature_channels": 8, "num_encoder_blocks": 1}
    prior = {"num_hourglasses": 1, "hourglass_depth": 1}
    weights = {"coarse_weight": 1.0, "prior_weight": 0.1}
    base = _same_size("face", "fsrnet", **keys, **prior, **weights)
    return FsrnetModel.model_validate(base | changes)


def _same_size(task: str, architecture: str, **keys: object) -> dict[str, object]:
    named = {"name": architecture, "architecture": architecture}
    return {"task": task, "scale": 1, "objective": "enhancement", **named, **keys}


def _super_resolution(architecture: str, **keys: object) -> dict[str, object]:
    named = {"name": architecture, "architecture": architecture}
    return {"task": "sr", "scale": 4, "objective": "sr", **named, **keys}
