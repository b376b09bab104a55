"""A step: its rate, nothing read in it, and two processes that take the one of a joint batch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import FrameType

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor

from lienet.training.loop import start_fabric
from lienet.training.step import learning_rate_at
from tests.training.loop_inputs import GAN, OBJECTIVE, make_train, run

LOOPBACK = "lo" if sys.platform == "linux" else "lo0"
READING = ("item", "tolist", "__float__", "__bool__", "__int__", "cpu", "numpy")


@pytest.fixture(scope="module")
def fabric() -> Fabric:
    return start_fabric(make_train(), "fp32")


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 1.0), (3, 1.0), (4, 0.5), (8, 0.25), (12, 0.25), (99, 0.25)]
)
def test_learning_rate(step: int, expected: float):
    assert learning_rate_at(make_train(learning_rate=1.0), step) == expected


@pytest.mark.parametrize("objective", [OBJECTIVE, GAN], ids=["pixels", "gan"])
def test_nothing_is_read_between_rows(
    fabric: Fabric, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objective: dict[str, object]
):
    """A number that is read makes a GPU's steps wait."""
    step, read_at = 0, set()

    def watch(name: str) -> None:
        read = getattr(Tensor, name)

        def noted(self: Tensor, *args: object, **options: object) -> object:
            frame: FrameType | None = sys._getframe(1)
            if frame is not None and frame.f_globals["__name__"].startswith("lienet"):
                read_at.add(step)
            return read(self, *args, **options)

        monkeypatch.setattr(Tensor, name, noted)

    def follow(done: int) -> None:
        nonlocal step
        step = done

    for name in READING:
        watch(name)
    train = make_train(
        log_every_steps=4, validate_every_steps=8, checkpoint_every_steps=8, grad_clip_norm=1.0
    )
    run(fabric, tmp_path, train=train, objective=objective, on_step=follow)
    assert read_at == {3, 7, 8, 11}  # rows at 4, 8 and 12, and the checkpoint after step 8


@pytest.mark.gpu
@pytest.mark.parametrize("objective", [OBJECTIVE, GAN], ids=["pixels", "gan"])
def test_a_graph_of_the_step_learns_what_the_step_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objective: dict[str, object]
):
    changes = {"accelerator": "cuda", "steps": 24, "learning_rate": 1e-4, "log_every_steps": 8}
    fabric = start_fabric(make_train(**changes), "fp32")
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    learned = []
    for num_eager in (5, 1000):
        monkeypatch.setattr("lienet.training.graphs.EAGER_CALLS", num_eager)
        outcome = run(
            fabric, tmp_path / str(num_eager), train=make_train(**changes), objective=objective
        )
        learned.append(outcome)
    graphed, plain = learned
    for name, weight in plain.model.state_dict().items():
        assert torch.allclose(graphed.model.state_dict()[name], weight, atol=1e-4), name
    for row, expected in zip(graphed.history, plain.history, strict=True):
        assert row == pytest.approx(expected, rel=1e-2, abs=1e-3)


@pytest.mark.gpu
def test_a_run_on_a_gpu_goes_on_where_it_was_killed(tmp_path: Path):
    train = make_train(accelerator="cuda", steps=24)
    fabric = start_fabric(train, "bf16")

    def stop(step: int) -> None:
        if step == 17:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(fabric, tmp_path, train=train, on_step=stop)
    steps: list[int] = []
    resumed = run(fabric, tmp_path, train=train, on_step=steps.append)
    assert steps == list(range(17, 25))
    assert resumed.history[-1]["step"] == 24


def start_two(script: str, folder: Path, repository: Path) -> subprocess.CompletedProcess[str]:
    """Run a module of tests, which launches its second process itself."""
    return subprocess.run(
        [sys.executable, "-m", f"tests.training.{script}", str(folder)],
        cwd=repository,
        env=dict(os.environ, PYTHONPATH=str(repository), GLOO_SOCKET_IFNAME=LOOPBACK),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["pixels", "gan", "auxiliary"])
def test_two_processes_learn_what_one_does_from_the_joint_batch(
    tmp_path: Path, repository: Path, objective: str
):
    ran = start_two("two_processes", tmp_path / objective, repository)
    assert ran.returncode == 0, ran.stderr[-2000:]
    first, second, alone = (
        torch.load(tmp_path / objective / f"{name}.pt") for name in ("0", "1", "alone")
    )
    for name, weight in alone["weights"].items():
        assert torch.equal(first["weights"][name], second["weights"][name]), name
        assert torch.allclose(first["weights"][name], weight, rtol=0, atol=1e-5), name
    assert first["history"] == second["history"]
    for row, expected in zip(first["history"], alone["history"], strict=True):
        assert row == pytest.approx(expected, abs=1e-4)


@pytest.mark.slow
def test_a_process_whose_values_are_not_finite_stops_all(tmp_path: Path, repository: Path):
    ran = start_two("two_processes", tmp_path / "poisoned", repository)
    assert ran.returncode != 0
    for rank in ("0", "1"):
        told = (tmp_path / "poisoned" / f"{rank}.txt").read_text()
        assert "the loss is not finite at step 6, got nan" in told
