"""What is asked for is what is used; "auto" is what a trial on this machine shows to be faster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lienet.training import precision
from lienet.training.precision import Precision, choose_precision


class Trial:
    """Tells made-up times, and counts how often it was asked."""

    def __init__(self, **step_s: float) -> None:
        self.step_s, self.asked = step_s, 0

    def __call__(self, name: Precision) -> float:
        self.asked += 1
        return self.step_s[name]


def choose(folder: Path, requested: Any, trial: Trial | None, **subject: Any) -> Precision:
    return choose_precision(
        requested, cuda=False, subject=subject, notes_dir=folder, time_step=trial
    )


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_native_bf16", lambda *, cuda: True)


@pytest.mark.usefixtures("native")
@pytest.mark.parametrize(
    ("bf16_s", "expected"), [(0.05, "bf16"), (0.094, "bf16"), (0.096, "fp32"), (0.2, "fp32")]
)
def test_auto_is_bf16_where_it_saves_a_twentieth(tmp_path: Path, bf16_s: float, expected: str):
    assert choose(tmp_path, "auto", Trial(fp32=0.1, bf16=bf16_s)) == expected


@pytest.mark.usefixtures("native")
def test_what_is_asked_for_is_not_tried(tmp_path: Path):
    trial = Trial(fp32=0.1, bf16=0.2)
    assert [choose(tmp_path, name, trial) for name in ("fp32", "bf16")] == ["fp32", "bf16"]
    assert trial.asked == 0


def test_without_native_bf16_nothing_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(precision, "has_native_bf16", lambda *, cuda: False)
    trial = Trial(fp32=0.1, bf16=0.01)
    assert (choose(tmp_path, "auto", trial), trial.asked) == ("fp32", 0)


@pytest.mark.usefixtures("native")
def test_the_trial_is_made_once_for_a_network_and_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    trial = Trial(fp32=0.1, bf16=0.05)
    assert [choose(tmp_path, "auto", trial, channels=16) for _ in range(2)] == ["bf16", "bf16"]
    assert trial.asked == 2
    choose(tmp_path, "auto", trial, channels=32)
    assert trial.asked == 4
    monkeypatch.setattr("torch.__version__", "99.0")
    choose(tmp_path, "auto", trial, channels=16)
    assert trial.asked == 6
    notes = [json.loads(path.read_text()) for path in tmp_path.iterdir()]
    assert {note["step_s"]["bf16"] for note in notes} == {0.05}


@pytest.mark.usefixtures("native")
def test_several_processes_do_not_try(tmp_path: Path):
    assert choose(tmp_path, "auto", None) == "bf16"


def test_the_processor_is_asked():
    listing = Path("/proc/cpuinfo")
    if not listing.is_file():
        pytest.skip("no /proc/cpuinfo on this system")
    flags = listing.read_text(encoding="ascii")
    assert precision.has_native_bf16(cuda=False) == ("avx512_bf16" in flags or "amx_bf16" in flags)
