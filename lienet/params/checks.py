"""Checks across params sections: what is wrong between them though each is right in itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from lienet.params.base import Task
from lienet.params.evaluation import metrics
from lienet.params.sources import SampleSource
from lienet.params.variants import find_variant

if TYPE_CHECKING:
    from lienet.params.active import Params
    from lienet.params.models import Model
    from lienet.params.promotion import LatencyBudget


def find_conflicts(params: Params) -> Iterator[str]:
    """Yield what is wrong between sections, each as one line that names the keys."""
    yield from _unknown_tasks(params)
    yield from _privacy_conflicts(params)
    yield from _source_conflicts(params)
    yield from _task_conflicts(params)
    yield from _model_conflicts(params)
    yield from _replicate_conflicts(params)
    yield from _method_conflicts(params)
    yield from _tile_conflicts(params)
    yield from _protocol_conflicts(params)
    yield from _report_conflicts(params)
    yield from _promote_conflicts(params)
    yield from _measure_conflicts(params)


def _privacy_conflicts(params: Params) -> Iterator[str]:
    if params.filter.text.policy == "none" and params.filter.privacy == "full":
        yield "filter.text.policy none looks for no text, which takes filter.privacy: reduced"


def _source_conflicts(params: Params) -> Iterator[str]:
    sources = params.download.sources
    for group in ("exempt_sources", "consented_sources"):
        unknown = set(getattr(params.filter, group)) - set(sources)
        if unknown:
            yield f"filter.{group} names unknown sources {sorted(unknown)}"
    for name in params.filter.exempt_sources:
        if name in params.filter.consented_sources:
            yield f"filter.exempt_sources and consented_sources both name {name}"
        if name in sources and sources[name].split != "test":
            yield f"filter.exempt_sources may hold test sources only, got {name}"
    shares = params.synthesize.split
    if shares.valid_share + shares.test_share >= 1.0:
        yield "synthesize.split leaves nothing for training"
    for name in shares.test_images:
        source = sources.get(name)
        if source is None or isinstance(source, SampleSource) or source.split != "auto":
            yield (
                "synthesize.split.test_images may hold sources of split auto, other than the "
                f"sample, got {name}"
            )


def _task_conflicts(params: Params) -> Iterator[str]:
    for task, degradation in params.synthesize.tasks.items():
        sources, where = degradation.sources or (), f"synthesize.tasks.{task}"
        unknown = set(sources) - set(params.download.sources)
        if unknown:
            yield f"{where}.sources names unknown sources {sorted(unknown)}"
        yield from _poor_references(params, sources, where)
        shown = set(sources) & set(params.filter.consented_sources)
        if shown and not degradation.shows_faces:
            yield f"{where}.sources: the faces of {sorted(shown)} are for tasks of faces alone"
        if not params.sources_of(task):
            yield f"{where}.sources leaves the task without a photograph"
        if task not in params.train.overrides:
            yield f"train.overrides lacks {task}; {{}} leaves train as it is"
    for name in params.synthesize.real_sources:
        if name not in params.filter.exempt_sources:
            yield f"synthesize.real_sources must be among filter.exempt_sources, got {name}"
        for task in params.synthesize.tasks:
            if name in params.sources_of(task):
                yield (
                    f"synthesize.tasks.{task}.sources: of the real photographs {name} is no "
                    "reference"
                )


def _unknown_tasks(params: Params) -> Iterator[str]:
    named: dict[str, Collection[Task]] = {
        "train.overrides": params.train.overrides,
        "report.figure_protocols": params.report.figure_protocols,
        "promote.tasks": params.promote.tasks,
    }
    for name, metric in params.evaluate.metrics.items():
        named[f"evaluate.metrics.{name}.tasks"] = metric.tasks or ()
    for section, entries in (
        ("models", params.models),
        ("evaluate.methods", params.evaluate.methods),
        ("evaluate.protocols", params.evaluate.protocols),
    ):
        named |= {f"{section}.{key}.task": (each.task,) for key, each in entries.items()}
    for where, tasks in named.items():
        unknown = sorted(set(tasks) - set(params.synthesize.tasks))
        if unknown:
            yield f"{where} must name tasks of synthesize.tasks, got {', '.join(unknown)}"


def _poor_references(params: Params, names: tuple[str, ...], where: str) -> Iterator[str]:
    for name in names:
        source = params.download.sources.get(name)
        if source is not None and not source.is_reference:
            yield f"{where}.sources: the low resolution of {name} is no reference"


def _model_conflicts(params: Params) -> Iterator[str]:
    for key, model in params.models.items():
        where = f"models.{key}"
        degradation = params.synthesize.tasks[model.task]
        scales = degradation.list_scales()
        if key != f"{model.task}-{model.name}":
            yield f"{where} must be keyed {model.task}-{model.name}"
        if model.scale not in scales and degradation.enlarges:
            yield f"{where}.scale {model.scale} is not in synthesize.tasks.{model.task}.scales"
        elif model.scale not in scales:
            yield f"{where}.scale must be 1, as {model.task} keeps an image's size"
        if model.objective not in params.train.objectives:
            yield f"{where}.objective {model.objective} is not one of train.objectives"


def _replicate_conflicts(params: Params) -> Iterator[str]:
    """Yield what keeps a model from being another with a seed of its own, and nothing else."""
    seeds: dict[str, dict[int, str]] = {}
    for key, model in params.models.items():
        where, first = f"models.{key}.replicate_of", params.models.get(model.replicate_of or key)
        if first is None:
            yield f"{where} must be a key of models, got {model.replicate_of}"
            continue
        if model.replicate_of is not None:
            if first.replicate_of is not None:
                yield f"{where} must be no replicate itself, got {model.replicate_of}"
            for name in _list_differing(model, first):
                yield f"{where}: {name} must be that of {model.replicate_of}; seeds may differ"
        same = seeds.setdefault(model.replicate_of or key, {})
        other = same.setdefault(params.seed_of(model), key)
        if other != key:
            yield f"models.{key}.seed must differ from that of {other}, got {params.seed_of(model)}"


def _list_differing(model: Model, first: Model) -> Iterator[str]:
    ours, its = model.model_dump(), first.model_dump()
    for name in sorted((ours.keys() | its.keys()) - {"name", "seed"}):
        if ours.get(name) != its.get(name):
            yield name


def _method_conflicts(params: Params) -> Iterator[str]:
    for key, method in params.evaluate.methods.items():
        where = f"evaluate.methods.{key}"
        if key != f"{method.task}-{method.name}":
            yield f"{where} must be keyed {method.task}-{method.name}"
        if key in params.models:
            yield f"{where} has the name of a model"
        enlarges = params.synthesize.tasks[method.task].enlarges
        if method.method != "unsharp" and (method.method == "bicubic") != enlarges:
            yield f"{where}: {method.method} is not for the task {method.task}"


def _tile_conflicts(params: Params) -> Iterator[str]:
    for task, degradation in params.synthesize.tasks.items():
        where, scales = f"synthesize.tasks.{task}", degradation.list_scales()
        for scale in scales:
            if degradation.tile_px % scale or degradation.tile_stride_px % scale:
                yield f"{where}.tile_px and tile_stride_px must divide by {scale}"
        patch_px, factor = params.train.for_task(task).patch_px, max(scales)
        if patch_px * factor > degradation.tile_px:
            yield (
                f"train.patch_px {patch_px} x scale {factor} exceeds {where}.tile_px "
                f"{degradation.tile_px}"
            )


def _protocol_conflicts(params: Params) -> Iterator[str]:
    for name, protocol in params.evaluate.protocols.items():
        degradation = params.synthesize.tasks[protocol.task]
        made_by = find_variant(
            degradation, protocol.jpeg_quality, protocol.jpeg_chroma, side_px=protocol.side_px
        )
        if made_by is None or protocol.scale not in degradation.list_scales():
            yield f"evaluate.protocols.{name} asks for inputs that synthesize does not make"
        is_jpeg = protocol.jpeg_quality is not None
        if protocol.colour == "matlab_luma" and (degradation.kind != "sr" or is_jpeg):
            yield (
                f"evaluate.protocols.{name}.colour matlab_luma is for tasks of kind sr without "
                "JPEG, of which papers print bicubic rows"
            )
        if protocol.grey_images and protocol.colour != "matlab_luma":
            yield f"evaluate.protocols.{name}.grey_images are told apart by matlab_luma alone"


def _report_conflicts(params: Params) -> Iterator[str]:
    chosen = params.report.figure_protocols
    for task, name in chosen.items():
        protocol = params.evaluate.protocols.get(name)
        if protocol is None or protocol.task != task:
            yield f"report.figure_protocols.{task} is not one of {task}'s evaluate.protocols"
    for task in sorted({model.task for model in params.models.values()} - set(chosen)):
        yield f"report.figure_protocols lacks {task}"
    for pair in params.report.compare:
        yield from _poor_pair(params, *pair)


def _poor_pair(params: Params, ours: str, other: str) -> Iterator[str]:
    where, known = "report.compare", {**params.models, **params.evaluate.methods}
    for key in (ours, other):
        if key not in known:
            yield f"{where} must name keys of models or evaluate.methods, got {key}"
        elif (model := params.models.get(key)) is not None and model.replicate_of is not None:
            yield f"{where}: {key} stands in the row of {model.replicate_of}, which is to be named"
    if ours == other:
        yield f"{where} compares {ours} with itself"
    elif {ours, other} <= known.keys() and known[ours].task != known[other].task:
        yield f"{where} must name two of one task, got {ours} and {other}"


def _promote_conflicts(params: Params) -> Iterator[str]:
    for task, gate in params.promote.tasks.items():
        protocol = params.evaluate.protocols.get(gate.protocol)
        if protocol is None or protocol.task != task:
            yield f"promote.tasks.{task}.protocol is not one of {task}'s evaluate.protocols"
        elif gate.max_latency is not None:
            yield from _poor_latency_reference(params, task, gate.max_latency, protocol.scale)
    methods = [*params.models.values(), *params.evaluate.methods.values()]
    for task in sorted({method.task for method in methods} - set(params.promote.tasks)):
        yield f"promote.tasks lacks {task}"


def _measure_conflicts(params: Params) -> Iterator[str]:
    rule, measured = params.promote, ["psnr_db", "ssim", *params.evaluate.metrics]
    tolerated = ((f"promote.tolerances.{name}", name, metrics.names()) for name in rule.tolerances)
    for where, name, allowed in (("promote.measure", rule.measure, measured), *tolerated):
        if name not in allowed:
            yield f"{where} must be one of {', '.join(allowed)}, got {name}"
        elif not metrics.get(name).is_ranked:
            yield f"{where} must be a metric whose better value is better, got {name}"


def _poor_latency_reference(
    params: Params, task: Task, budget: LatencyBudget, scale: int
) -> Iterator[str]:
    key, where = budget.reference, f"promote.tasks.{task}.max_latency.reference"
    model = params.models.get(key)
    if model is None:
        yield f"{where} must be a key of models, got {key}"
    elif model.task != task:
        yield f"{where} must be of the task {task}, got {key} of {model.task}"
    elif model.scale != scale:
        yield f"{where} must be of scale {scale} as its protocol, got {key} of {model.scale}"
