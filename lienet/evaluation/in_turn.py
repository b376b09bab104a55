"""Timing everything of a task in turn, so that the figures compare.

Owns the order: round after round each file runs in a process of its own, so that what slows the
machine for a while slows all alike. A round's figure is its median, and the quietest round counts.
"""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lienet.deployment.converted import read_list
from lienet.errors import ModelError
from lienet.evaluation.format_costs import FLOAT32
from lienet.evaluation.methods import make_method, time_method_ms
from lienet.evaluation.runtime_costs import RuntimeCosts, measure_runtime
from lienet.evaluation.scores import read_evaluation
from lienet.evaluation.timings import (
    METHOD,
    ModelTimings,
    Timing,
    Timings,
    read_timings,
)
from lienet.files import sha256_of_file, sha256_of_json
from lienet.params import MethodSpec, Model, Params, Task, Time
from lienet.processor import measure_busy_processors, read_processor_name
from lienet.progress import watch
from lienet.versions import find_versions
from lienet.workspace import ONNX_NAME, Workspace

THREADS_OF_FORMATS = (1, 2)
"""Threads that a network's formats are compared on; one without any is timed on one."""
RUNS_PER_ROUND = 5
_RUNTIMES = ("onnxruntime", "executorch", "ai_edge_litert", "ncnn", "torch", "cv2")
logger = logging.getLogger(__name__)
_Place = tuple[str, str]
"""A model's name, and a format."""


@dataclass(frozen=True)
class _Runner:
    """Something that can be timed."""

    measure: Callable[[int], Mapping[int, RuntimeCosts]]
    """Takes a number of runs; gives costs by number of threads."""
    digest: str


def time_task(params: Params, workspace: Workspace, task: Task) -> Timings:
    """Time every network of a task, in each of its formats, and every method.

    Of a network that repeats another with another seed nothing is timed: it takes as long. What
    was timed before on this machine, all files being the same, is returned as it was, unless the
    machine was busy then.

    Raises:
        DataError: a model has not been evaluated, or the former timings are broken.
        ModelError: a model has not been exported, or cannot be run.
    """
    weights: dict[str, str] = {}
    runners: dict[_Place, _Runner] = {}
    for key, spec in {**params.models, **params.evaluate.methods}.items():
        if spec.task != task or (isinstance(spec, Model) and spec.replicate_of is not None):
            continue
        path = workspace.evaluation_path(task, spec.name)
        measured = read_evaluation(path, remedy=f"run `lienet evaluate {key}`")
        weights[spec.name] = measured.weights_sha256
        if isinstance(spec, Model):
            runners |= _list_files(params.time, workspace, spec)
        else:
            runners[spec.name, METHOD] = _make_runner(params, spec, measured.scale)
    machine = f"{read_processor_name()}, {os.cpu_count()} processors"
    digest = sha256_of_json(
        {
            "machine": machine,
            "versions": find_versions(_RUNTIMES),
            "time": params.time.model_dump(mode="json"),
            "weights": weights,
            "files": {"/".join(place): each.digest for place, each in runners.items()},
        }
    )
    former = read_timings(workspace, task)
    if former is not None and former.digest == digest and not former.is_beside_others:
        logger.info("%s: nothing has changed since it was timed", task)
        return former
    busy = measure_busy_processors()
    found = _measure_in_turn(runners, params.time.num_runs, label=f"time {task}")
    timings = Timings(
        task=task,
        digest=digest,
        machine=machine,
        busy_processors=None if busy is None else round(busy, 2),
        input_px=(params.time.input_height_px, params.time.input_width_px),
        models={
            name: ModelTimings(
                weights_sha256=sha256,
                files={kind: timing for (model, kind), timing in found.items() if model == name},
            )
            for name, sha256 in weights.items()
        },
    )
    if timings.is_beside_others:
        logger.warning(
            "other programs kept %.1f processors busy, so the latencies of %s are too long: "
            "run `lienet time %s` when they have ended",
            *(timings.busy_processors, task, task),
        )
    return timings


def _list_files(chosen: Time, workspace: Workspace, spec: Model) -> dict[_Place, _Runner]:
    """Return a network's files that run here, its own first."""
    folder = workspace.formats_dir(spec.task, spec.name)
    remedy = f"run `lienet export {spec.task}-{spec.name}`"
    paths = {FLOAT32: workspace.model_dir(spec.task, spec.name) / ONNX_NAME}
    if not paths[FLOAT32].is_file():
        raise ModelError(f"{paths[FLOAT32]} is missing", remedy=remedy)
    for each in read_list(folder, remedy=remedy):
        if each.file is not None and each.reason is None:
            paths[each.format] = folder / each.file
    threads = THREADS_OF_FORMATS if len(paths) > 1 else (1,)
    return {
        (spec.name, kind): _Runner(partial(_run_file, path, chosen, threads), sha256_of_file(path))
        for kind, path in paths.items()
    }


def _make_runner(params: Params, spec: MethodSpec, scale: int) -> _Runner:
    """Return a method, at the largest scale that it was measured at."""
    size = params.time
    method = make_method(spec, scale, tile_px=params.evaluate.tile_px)

    def run(num_runs: int) -> Mapping[int, RuntimeCosts]:
        latency_ms = time_method_ms(
            method,
            height_px=size.input_height_px,
            width_px=size.input_width_px,
            num_runs=num_runs,
        )
        return {1: RuntimeCosts(latency_ms, None)}

    return _Runner(run, sha256_of_json([spec.model_dump(mode="json"), scale]))


def _run_file(
    path: Path, chosen: Time, threads: tuple[int, ...], num_runs: int
) -> Mapping[int, RuntimeCosts]:
    return {
        number: measure_runtime(
            path,
            height_px=chosen.input_height_px,
            width_px=chosen.input_width_px,
            num_runs=num_runs,
            num_threads=number,
        )
        for number in threads
    }


def _measure_in_turn(
    runners: Mapping[_Place, _Runner], num_runs: int, *, label: str
) -> dict[_Place, Timing]:
    """Run everything once a round; a format that fails is left out, a network that does is not."""
    num_rounds = -(-num_runs // RUNS_PER_ROUND)
    turns = [place for _ in range(num_rounds) for place in runners]
    measured: dict[_Place, list[Mapping[int, RuntimeCosts]]] = defaultdict(list)
    failed: set[_Place] = set()
    for place in watch(turns, label, noun="turns", total=len(turns)):
        if place in failed:
            continue
        try:
            measured[place].append(runners[place].measure(min(num_runs, RUNS_PER_ROUND)))
        except ModelError as error:
            if place[1] == FLOAT32:
                raise
            logger.warning("%s as %s is not timed: %s", *place, error)
            failed.add(place)
    return {place: _join(measured[place]) for place in runners if place not in failed}


def _join(rounds: list[Mapping[int, RuntimeCosts]]) -> Timing:
    peaks = [each[1].peak_memory_mb for each in rounds]
    known = [peak for peak in peaks if peak is not None]
    return Timing(
        latency_ms={
            number: round(min(each[number].latency_ms for each in rounds), 3)
            for number in rounds[0]
        },
        peak_memory_mb=round(max(known), 3) if known else None,
    )
