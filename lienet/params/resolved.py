"""The resolved params of each entry of ``dvc.yaml``: what it depends on, and nothing else.

An entry is one item of a stage, such as ``train sr-lienet``. What another task, source or model
alone reads is left out, and overrides are put in, so that a change makes only those entries stale
whose bytes may change. What is kept is kept by whole sections: a param that is added later counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lienet.params.active import Params
from lienet.params.base import Task
from lienet.params.evaluation import FORMATS_SUFFIX
from lienet.params.models import WITH_REPLICATES
from lienet.params.photographs import VGG19_ITEM

Resolved = dict[str, Any]


def list_entries(params: Params) -> Iterator[tuple[str, str]]:
    """Yield the stage and the item of every entry that depends on params."""
    models, methods = params.models, params.evaluate.methods
    formats = [f"{key}{FORMATS_SUFFIX}" for key in models]
    items = {
        "download": [*params.download.sources, VGG19_ITEM],
        "filter": params.download.sources,
        "synthesize": params.synthesize.tasks,
        "train": models,
        "export": models,
        "evaluate": [*models, *methods, *formats],
        "time": params.report.figure_protocols,
        "report": ["report"],
    }
    for stage, names in items.items():
        for name in names:
            yield stage, name


def resolve(params: Params, stage: str, item: str) -> Resolved:
    """Return the plain values that decide what an entry writes, nested as in ``params.yaml``.

    Of the stage ``code`` that is all params; of a plugin file, none.
    """
    match stage:
        case "code":
            return _dump_all(params) if item == "code" else {}
        case "download":
            return _resolve_download(params, item)
        case "filter":
            return _resolve_filter(params, item)
        case "synthesize":
            return _resolve_synthesize(params, item)
        case "train":
            return _resolve_train(params, item)
        case "export":
            return {"export": _dump(params.export)}
        case "evaluate":
            return _resolve_evaluate(params, item)
        case "time":
            return _resolve_time(params, item)
        case _:
            return _resolve_report(params)


def flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested values by dotted keys; an empty section is a value of its own."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def list_changed(former: Mapping[str, Any], present: Mapping[str, Any]) -> list[str]:
    """Return the dotted keys whose values differ, or that only one of the two has."""
    old, new = dict(flatten(former)), dict(flatten(present))
    return sorted(
        key
        for key in old.keys() | new.keys()
        if key not in old or key not in new or old[key] != new[key]
    )


def _resolve_download(params: Params, item: str) -> Resolved:
    if item == VGG19_ITEM:
        return {"needs_vgg19": params.needs_vgg19}
    download = _dump(params.download, exclude={"transfer"})
    download["sources"] = {item: download["sources"][item]}
    return {"storage": _dump(params.storage), "download": download}


def _resolve_filter(params: Params, source: str) -> Resolved:
    chosen = _dump(params.filter)
    for name in ("exempt_sources", "consented_sources"):
        chosen[name] = [each for each in chosen[name] if each == source]
    return {"filter": chosen}


def _resolve_synthesize(params: Params, task: Task) -> Resolved:
    """Of the sources those that the task is made of, and their order."""
    synthesize = _dump(params.synthesize)
    synthesize["tasks"] = {task: synthesize["tasks"][task]}
    taken = [*params.sources_of(task)]
    if params.synthesize.tasks[task].shows_real:
        taken += params.synthesize.real_sources
    else:
        del synthesize["real_sources"]
    sources = _dump(params.download)["sources"]
    return {
        "seed": params.seed,
        "storage": _dump(params.storage),
        "sources": taken,
        "download": {"sources": {name: sources[name] for name in taken}},
        "synthesize": synthesize,
    }


def _resolve_train(params: Params, key: str) -> Resolved:
    """With the task's overrides and the model's own put in, and the objective that it minimises."""
    spec = params.models[key]
    train = _dump(params.training_of(spec), exclude={"overrides"})
    train["objectives"] = {spec.objective: train["objectives"][spec.objective]}
    return {
        "seed": params.seed_of(spec),
        "intended_use": _dump(params.intended_use),
        "models": {key: _dump(spec)},
        "train": train,
    }


def _resolve_evaluate(params: Params, item: str) -> Resolved:
    """Of protocols, metrics and methods those that the item is measured by, or is."""
    key = item.removesuffix(FORMATS_SUFFIX)
    model, chosen = params.models.get(key), params.evaluate
    spec = model or chosen.methods[key]
    degradation, evaluate = params.synthesize.tasks[spec.task], _dump(chosen)
    evaluate["protocols"] = {
        name: evaluate["protocols"][name]
        for name, protocol in chosen.protocols.items()
        if protocol.task == spec.task and (model is None or protocol.scale == model.scale)
    }
    evaluate["metrics"] = {name: evaluate["metrics"][name] for name in chosen.metrics_of(spec.task)}
    evaluate["methods"] = {} if model is not None else {key: evaluate["methods"][key]}
    if not degradation.shows_faces:
        del evaluate["face_embedding"]
    return {
        "synthesize": {"tasks": {spec.task: {"kind": degradation.kind}}},
        "evaluate": evaluate,
    }


def _resolve_time(params: Params, task: Task) -> Resolved:
    chosen = params.evaluate
    evaluate = _dump(chosen, include={"methods", "tile_px"})
    evaluate["methods"] = {
        key: evaluate["methods"][key] for key, each in chosen.methods.items() if each.task == task
    }
    return {"time": _dump(params.time), "evaluate": evaluate}


def _resolve_report(params: Params) -> Resolved:
    return {
        "seed": params.seed,
        "download": {"sources": _dump(params.download)["sources"]},
        "synthesize": _dump(params.synthesize, include={"real_sources", "tasks"}),
        "models": _dump_all(params)["models"],
        "train": _dump(params.train, include={"objectives"}),
        "evaluate": _dump(params.evaluate),
        "report": _dump(params.report),
    }


def _dump_all(params: Params) -> Resolved:
    """Dump every section, and with each model which other it repeats."""
    dumped: Resolved = params.model_dump(mode="json", context=WITH_REPLICATES)
    return dumped


def _dump(section: Any, **chosen: set[str]) -> Resolved:
    dumped: Resolved = section.model_dump(mode="json", **chosen)
    return dumped
