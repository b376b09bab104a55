"""A training step as it is run here against plain ones of the same network.

Two steps, losses and optimizers included: super-resolution (batch 16, 48-pixel inputs) and the
adversarial one of enhancement (batch 4, 64-pixel inputs), with its discriminator and, where the
data folder has its weights, VGG19. Each form runs in a process of its own, in turn with the others:
the plain fp32 NCHW step, and the step as it is run here, in fp32 and where it is native in bf16, of
which training takes the faster. A ratio is that of the medians. The topic ``peers`` has patches by
processor second, reading included.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import torch
from lightning_fabric import Fabric
from torch import nn

from bench.peer_training import BATCH, PATCH_PX, PROFILE
from lienet.networks.memory_layout import lay_out
from lienet.networks.registry import build_model
from lienet.params import load_params
from lienet.training.allocator import keep_freed_memory
from lienet.training.objectives import Criterion, compute_objective
from lienet.training.precision import FABRIC_NAMES, WORTH_ROUNDING, has_native_bf16

VGG19_NAME = "vgg19_conv1_1_to_conv3_4.npz"
NUM_ROUNDS, PEER_STEPS, NUM_TILES, TILE_PX = 7, 12, 64, 256
GAN_BATCH, GAN_PATCH_PX = 4, 64
Form = Literal["plain", "fp32", "bf16"]
Step = Callable[[], None]


def make_step(form: Form) -> Step:
    """Return one training step of super-resolution."""
    params = load_params(PROFILE)
    model, degraded, reference = _prepare("sr-lienet", BATCH, PATCH_PX, form)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, foreach=form != "plain")

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=form == "bf16"):
            enhanced = model(degraded)
        compute_objective(params.train.objectives["sr"], enhanced.float(), reference)[0].backward()
        optimizer.step()

    return step


def make_gan_step(vgg19_path: Path | None, form: Form) -> Step:
    """Return one adversarial step: the network's and the discriminator's."""
    objective = load_params(PROFILE).train.objectives["enhancement_gan"]
    if vgg19_path is None:
        objective = objective.model_copy(update={"perceptual": None})
    model, degraded, reference = _prepare("face-lienet", GAN_BATCH, GAN_PATCH_PX, form)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, foreach=form != "plain")
    fabric = _start_fabric(form)
    criterion = Criterion(objective, ema_decay=0.999, seed=0, fabric=fabric, vgg19_path=vgg19_path)
    assert criterion.adversary is not None, "the objective is adversarial"
    if form == "plain":
        lay_out(criterion.adversary.discriminator, torch.contiguous_format)
        if criterion.vgg is not None:
            lay_out(criterion.vgg, torch.contiguous_format)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with fabric.autocast():
            enhanced = model(degraded)
        loss, _ = criterion.compute(enhanced.float(), reference, opposed=True)
        loss.backward()
        optimizer.step()
        criterion.learn(enhanced.float(), reference)
        criterion.update_average(criterion.adversary.params.warm_up_steps)

    return step


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Time the steps; VGG19's weights are looked for in ``data_dir``/models."""
    vgg19_path = data_dir / "models" / VGG19_NAME if data_dir is not None else None
    if vgg19_path is not None and not vgg19_path.is_file():
        vgg19_path = None
    step = _compare("training_step", make_step)
    gan_step = _compare("gan_step", partial(make_gan_step, vgg19_path))
    return {
        **step,
        **gan_step,
        "gan_step_perceptual": "left out: no weights" if vgg19_path is None else VGG19_NAME,
    }


def _compare(name: str, make: Callable[[Form], Step]) -> dict[str, float | str]:
    """Return how the form that training takes fares against the plain one."""
    forms: list[Form] = ["plain", "fp32"]
    if has_native_bf16(cuda=False):
        forms.append("bf16")
    seconds: dict[Form, list[float]] = {form: [] for form in forms}
    with ExitStack() as stack:
        pools = {
            form: stack.enter_context(
                ProcessPoolExecutor(
                    1,
                    mp_context=get_context("spawn"),
                    initializer=_begin,
                    initargs=(partial(make, form), form),
                )
            )
            for form in forms
        }
        for _ in range(NUM_ROUNDS):
            for form, pool in pools.items():
                seconds[form].append(pool.submit(_time_step).result())
    medians = {form: statistics.median(values) for form, values in seconds.items()}
    is_worth_it = medians.get("bf16", float("inf")) < WORTH_ROUNDING * medians["fp32"]
    chosen: Form = "bf16" if is_worth_it else "fp32"
    told: dict[str, float | str] = {
        f"{name}_speedup": medians["plain"] / medians[chosen],
        f"{name}_precision": chosen,
        f"{name}_never_slower_than_plain": (
            "met" if medians[chosen] <= medians["plain"] else "missed"
        ),
    }
    for form, median in medians.items():
        told[f"{name}_{form}_s"] = median
    return told


_steps: list[Step] = []


def _begin(make: Callable[[], Step], form: Form) -> None:
    torch.set_num_threads(1)
    if form != "plain":
        keep_freed_memory()
    _steps.append(make())
    for _ in range(2):
        _steps[0]()


def _time_step() -> float:
    started = time.perf_counter()
    _steps[0]()
    return time.perf_counter() - started


def _start_fabric(form: Form) -> Fabric:
    name = FABRIC_NAMES["bf16" if form == "bf16" else "fp32"]
    return Fabric(accelerator="cpu", devices=1, precision=name)


def _prepare(
    key: str, batch_size: int, patch_px: int, form: Form
) -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    """Return a network, a batch and its references, channels-last but for the plain form."""
    torch.manual_seed(0)
    spec = load_params(PROFILE).models[key]
    model = build_model(spec)
    side_px = patch_px * spec.scale
    degraded = torch.rand(batch_size, patch_px, patch_px, 3).permute(0, 3, 1, 2)
    reference = torch.rand(batch_size, side_px, side_px, 3).permute(0, 3, 1, 2)
    if form == "plain":
        return model, degraded.contiguous(), reference.contiguous()
    return lay_out(model), degraded, reference
