"""A training step as it is run here against the plain fp32 NCHW step of the same network.

Two steps, losses and optimizers included: super-resolution (batch 16, 48-pixel inputs) and the
adversarial one of enhancement (batch 4, 64-pixel inputs), with its discriminator and, where the
data folder has its weights, VGG19. Timed in turn: the plain step, the step as it is run where bf16
is native, and where it is not; a ratio is that of the medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from lightning.fabric import Fabric
from torch import nn

from lienet.networks.memory_layout import lay_out
from lienet.networks.registry import build_model
from lienet.params import load_params
from lienet.training.objectives import Criterion, compute_objective
from lienet.training.precision import has_native_bf16

PARAMS_PATH = Path(__file__).resolve().parent.parent / "profiles" / "bench.yaml"
VGG19_NAME = "vgg19_conv1_1_to_conv3_4.npz"
BATCH, PATCH_PX, NUM_PAIRS = 16, 48, 7
GAN_BATCH, GAN_PATCH_PX = 4, 64


def make_step(*, tuned: bool, lowered: bool) -> Callable[[], None]:
    """Return one training step of super-resolution: tuned is channels-last, lowered is in bf16."""
    params = load_params(PARAMS_PATH)
    model, degraded, reference = _prepare("sr-lienet", BATCH, PATCH_PX, tuned=tuned)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, foreach=tuned)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=lowered):
            enhanced = model(degraded)
        compute_objective(params.train.objectives["sr"], enhanced.float(), reference)[0].backward()
        optimizer.step()

    return step


def make_gan_step(vgg19_path: Path | None, *, tuned: bool, lowered: bool) -> Callable[[], None]:
    """Return one adversarial step, the network's and the discriminator's; arguments as above."""
    objective = load_params(PARAMS_PATH).train.objectives["enhancement_gan"]
    if vgg19_path is None:
        objective = objective.model_copy(update={"perceptual": None})
    model, degraded, reference = _prepare("face-lienet", GAN_BATCH, GAN_PATCH_PX, tuned=tuned)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, foreach=tuned)
    fabric = Fabric(accelerator="cpu", devices=1, precision="bf16-mixed" if lowered else "32-true")
    criterion = Criterion(objective, ema_decay=0.999, seed=0, fabric=fabric, vgg19_path=vgg19_path)
    assert criterion.adversary is not None, "the objective is adversarial"
    if not tuned:
        lay_out(criterion.adversary.discriminator, torch.contiguous_format)
        if criterion.vgg is not None:
            lay_out(criterion.vgg, torch.contiguous_format)
    begun = criterion.adversary.params.warm_up_steps

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with fabric.autocast():
            enhanced = model(degraded)
        loss, _ = criterion.compute(enhanced.float(), reference, step=begun)
        loss.backward()
        optimizer.step()
        criterion.learn(
            enhanced.float(), reference, step=begun, halving=1.0, check=lambda told: None
        )

    return step


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Time both steps; VGG19's weights are looked for in ``data_dir``/models."""
    is_native = has_native_bf16(cuda=False)
    vgg19_path = data_dir / "models" / VGG19_NAME if data_dir is not None else None
    if vgg19_path is not None and not vgg19_path.is_file():
        vgg19_path = None

    def make_gan(*, tuned: bool, lowered: bool) -> Callable[[], None]:
        return make_gan_step(vgg19_path, tuned=tuned, lowered=lowered)

    return {
        **_compare("training_step", make_step, is_native=is_native),
        **_compare("gan_step", make_gan, is_native=is_native),
        "gan_step_perceptual": "left out: no weights" if vgg19_path is None else VGG19_NAME,
        "native_bf16": str(is_native),
    }


def _compare(
    name: str, make: Callable[..., Callable[[], None]], *, is_native: bool
) -> dict[str, float]:
    steps = {
        "plain": make(tuned=False, lowered=False),
        "bf16": make(tuned=True, lowered=is_native),
        "fp32": make(tuned=True, lowered=False),
    }
    for step in steps.values():
        step()
    seconds: dict[str, list[float]] = {form: [] for form in steps}
    for _ in range(NUM_PAIRS):
        for form, step in steps.items():
            started = time.perf_counter()
            step()
            seconds[form].append(time.perf_counter() - started)
    medians = {form: statistics.median(values) for form, values in seconds.items()}
    return {
        f"{name}_speedup": medians["plain"] / medians["bf16"],
        f"{name}_speedup_without_bf16": medians["plain"] / medians["fp32"],
        f"{name}_plain_s": medians["plain"],
        f"{name}_s": medians["bf16"],
    }


def _prepare(
    key: str, batch_size: int, patch_px: int, *, tuned: bool
) -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    """Return a network, a batch and its references, channels-last where ``tuned``."""
    torch.manual_seed(0)
    spec = load_params(PARAMS_PATH).models[key]
    model = build_model(spec)
    side_px = patch_px * spec.scale
    degraded = torch.rand(batch_size, patch_px, patch_px, 3).permute(0, 3, 1, 2)
    reference = torch.rand(batch_size, side_px, side_px, 3).permute(0, 3, 1, 2)
    if not tuned:
        return model, degraded.contiguous(), reference.contiguous()
    return lay_out(model), degraded, reference
