"""Everything of a task is timed in turn; what has not changed is not timed again."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lienet.deployment.converted import Converted, write_list
from lienet.errors import DataError, ModelError
from lienet.evaluation import in_turn
from lienet.evaluation.in_turn import time_task
from lienet.evaluation.runtime_costs import RuntimeCosts
from lienet.evaluation.timings import Timings
from lienet.files import write_json
from lienet.params import Params
from lienet.workspace import Workspace
from tests.deployment.repeating import write_repeating
from tests.stages.evaluate_inputs import make_quick

WEIGHTS = "ab" * 32


@pytest.fixture
def place(tmp_path: Path, repository: Path) -> tuple[Params, Workspace]:
    """Two networks, one of which has a format that works, one that does not and one that failed."""
    params, place = make_quick(tmp_path, repository)
    chosen = {key: params.models[key] for key in ("sr-lienet", "sr-srgan")}
    params = params.model_copy(update={"models": chosen})
    for name in ("lienet", "srgan"):
        place.model_dir("sr", name).mkdir(parents=True)
        write_repeating(place.model_dir("sr", name) / "model.onnx", 4)
        write_list(place.formats_dir("sr", name), [])
        write_json(place.evaluation_path("sr", name), make_evaluation(name))
    bicubic = make_evaluation("bicubic") | {"architecture": "bicubic", "weights_sha256": ""}
    write_json(place.evaluation_path("sr", "bicubic"), bicubic)
    folder = place.formats_dir("sr", "lienet")
    write_repeating(folder / "good.onnx", 4)
    (folder / "bad.onnx").write_text("no network")
    write_list(
        folder,
        [
            Converted(format="good", tool="t 1", file="good.onnx"),
            Converted(format="bad", tool="t 1", file="bad.onnx"),
            Converted(format="none", tool="t 1", reason="no operator"),
        ],
    )
    return params, place


def make_evaluation(name: str) -> dict[str, Any]:
    return {
        "task": "sr",
        "model": name,
        "architecture": "lienet",
        "scale": 4,
        "num_params": 1,
        "num_macs": 1,
        "macs_output_px": [720, 1280],
        "steps": 1,
        "weights_sha256": WEIGHTS,
        "results": {},
    }


def keep(workspace: Workspace, timings: Timings) -> None:
    write_json(workspace.timings_path("sr"), timings.model_dump(mode="json"))


def test_networks_formats_and_methods_are_timed(
    place: tuple[Params, Workspace], caplog: pytest.LogCaptureFixture
):
    timings = time_task(*place, "sr")
    assert timings.input_px == (16, 24)
    assert {name: [*each.files] for name, each in timings.models.items()} == {
        "lienet": ["onnx", "good"],
        "srgan": ["onnx"],
        "bicubic": ["method"],
    }
    for name, each in timings.models.items():
        is_network = name != "bicubic"
        assert each.weights_sha256 == (WEIGHTS if is_network else "")
        for timing in each.files.values():
            assert [*timing.latency_ms] == ([1, 2] if name == "lienet" else [1])
            assert min(timing.latency_ms.values()) > 0
            assert (timing.peak_memory_mb is not None) == is_network
    assert "lienet as bad is not timed: " in caplog.text


def test_what_has_not_changed_is_not_timed_again(
    place: tuple[Params, Workspace], monkeypatch: pytest.MonkeyPatch
):
    params, workspace = place
    monkeypatch.setattr(in_turn, "measure_busy_processors", lambda: 0.0)
    first = time_task(params, workspace, "sr")
    keep(workspace, first)
    with monkeypatch.context() as patch:
        patch.setattr(in_turn, "measure_runtime", None)
        assert time_task(params, workspace, "sr") == first
    write_repeating(workspace.model_dir("sr", "srgan") / "model.onnx", 3)
    assert time_task(params, workspace, "sr").digest != first.digest
    monkeypatch.setattr(in_turn, "read_processor_name", lambda: "another machine")
    assert time_task(params, workspace, "sr").machine.startswith("another machine, ")


def test_runs_are_in_rounds_and_the_quietest_counts(
    place: tuple[Params, Workspace], monkeypatch: pytest.MonkeyPatch
):
    params, workspace = place
    params = params.model_copy(
        update={"time": params.time.model_copy(update={"num_runs": 12})}, deep=True
    )
    order: list[str] = []

    def measure(path: Path, *, num_threads: int, num_runs: int, **_: int) -> RuntimeCosts:
        assert num_runs == 5
        if path.name == "bad.onnx":
            raise ModelError("no network")
        order.append(f"{path.parent.name} {num_threads}")
        place_ms = (30.0, 10.0, 20.0)[(order.count(order[-1]) - 1) % 3]
        return RuntimeCosts(place_ms / num_threads, place_ms)

    monkeypatch.setattr(in_turn, "measure_runtime", measure)
    timings = time_task(params, workspace, "sr")
    assert order[:5] == order[5:10] == order[10:]
    assert Counter(order)["srgan 1"] == 3
    timing = timings.models["lienet"].files["onnx"]
    assert timing.latency_ms == {1: 10.0, 2: 5.0}
    assert timing.peak_memory_mb == 30.0


@pytest.mark.parametrize(("busy", "is_told"), [(0.02, False), (1.0, True), (None, False)])
def test_a_busy_machine_is_told(
    place: tuple[Params, Workspace],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    busy: float | None,
    is_told: bool,
):
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(in_turn, "measure_busy_processors", lambda: busy)
    assert time_task(*place, "sr").busy_processors == busy
    assert ("kept 1.0 processors busy, so the latencies of sr are too long" in caplog.text) == (
        is_told
    )


def test_what_was_timed_on_a_busy_machine_is_timed_again(
    place: tuple[Params, Workspace], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(in_turn, "measure_busy_processors", lambda: 1.0)
    keep(place[1], time_task(*place, "sr"))
    monkeypatch.setattr(in_turn, "measure_busy_processors", lambda: 0.0)
    assert time_task(*place, "sr").busy_processors == 0.0


def test_a_network_that_repeats_another_is_not_timed(place: tuple[Params, Workspace]):
    params, workspace = place
    again = params.models["sr-srgan"].model_copy(
        update={"name": "srgan_1", "seed": 1, "replicate_of": "sr-srgan"}
    )
    params = params.model_copy(update={"models": {**params.models, "sr-srgan_1": again}})
    assert "srgan_1" not in time_task(params, workspace, "sr").models


def test_what_is_missing_is_named_before_anything_is_timed(
    place: tuple[Params, Workspace], monkeypatch: pytest.MonkeyPatch
):
    params, workspace = place
    monkeypatch.setattr(in_turn, "measure_runtime", None)
    (workspace.model_dir("sr", "srgan") / "model.onnx").unlink()
    with pytest.raises(ModelError, match=r"model.onnx is missing; run `lienet export sr-srgan`"):
        time_task(params, workspace, "sr")
    workspace.evaluation_path("sr", "srgan").unlink()
    with pytest.raises(DataError, match=r"no evaluation at .*; run `lienet evaluate sr-srgan`"):
        time_task(params, workspace, "sr")


def test_a_network_that_cannot_run_is_an_error(place: tuple[Params, Workspace]):
    params, workspace = place
    (workspace.model_dir("sr", "srgan") / "model.onnx").write_text("no network")
    with pytest.raises(ModelError, match=r"model.onnx cannot be measured: "):
        time_task(params, workspace, "sr")
