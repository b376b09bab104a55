"""A trained and measured model made one of those that come with the package.

Owns what must be there before a network is shipped, and what its card says. Nothing is made up by
hand: every value is read from what the pipeline wrote.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path

from lienet.deployment.shipped_weights import (
    SHIPPED_DIR,
    TrainingData,
    WeightsCard,
    write_index,
)
from lienet.errors import DataError, InputError
from lienet.evaluation.scores import Evaluation, read_evaluation
from lienet.files import sha256_of_file, write_bytes, write_json
from lienet.manifests.trained_on import iterate_trained_on
from lienet.networks.registry import ModelCard, read_card
from lienet.params import Model, Params
from lienet.params.licences import USES, WEIGHTS_NOTE, Use, find_least
from lienet.shards.reading import read_index as read_shards
from lienet.tracking.provenance import describe_code
from lienet.workspace import ONNX_NAME, WEIGHTS_NAME, Workspace

MAX_SHIPPED_BYTES = 10_000_000
"""Of all that comes with the package."""
_NOTICES: dict[Use, str] = {
    "non_commercial": "trained on photographs that permit no commercial use",
    "academic": "trained on photographs for academic research only",
    "unknown": "trained on photographs whose licences are not known",
}


def release(
    params: Params, workspace: Workspace, item: str, *, folder: Path = SHIPPED_DIR
) -> WeightsCard:
    """Copy a model's files into a folder of weights, with a card, and enter it in the index.

    Args:
        params: the active set, by which the model was measured.
        workspace: holds the model, its evaluation, and the list of what it was trained on.
        item: a key of ``models``.
        folder: where the weights go; one of the same name is replaced.

    Raises:
        InputError: no such model.
        ModelError: the model is not trained.
        DataError: something is missing, does not belong together, or is too large.
    """
    if item not in params.models:
        raise InputError(f"the models are {', '.join(params.models)}", got=item)
    spec = params.models[item]
    remedy = f"run dvc repro evaluate@{item}"
    card = read_card(workspace.model_dir(spec.task, spec.name))
    measured = read_evaluation(workspace.evaluation_path(spec.task, spec.name), remedy=remedy)
    files = _find_files(workspace, spec, card, measured, remedy)
    size_bytes = sum(path.stat().st_size for path in files.values())
    scale = f"_x{card.scale}"
    name = f"{spec.task}_{spec.name.removesuffix(scale)}{scale}"
    others = [each for each in folder.glob("*") if each.stem != name]
    total_bytes = size_bytes + sum(each.stat().st_size for each in others if each.is_file())
    if total_bytes > MAX_SHIPPED_BYTES:
        raise DataError(
            f"weights that come with lienet are at most {MAX_SHIPPED_BYTES / 1e6:g} MB in all",
            got=f"{total_bytes / 1e6:.1f} MB",
            remedy=f"remove others from {folder}",
        )
    shipped = _make_card(params, workspace, spec, card, measured, name, files)
    for suffix, path in files.items():
        write_bytes(folder / f"{name}.{suffix}", path.read_bytes())
    write_json(folder / f"{name}.json", shipped.model_dump(mode="json"))
    write_index(folder)
    return shipped


def _find_files(
    workspace: Workspace, spec: Model, card: ModelCard, measured: Evaluation, remedy: str
) -> dict[str, Path]:
    model_dir = workspace.model_dir(spec.task, spec.name)
    files = {"onnx": model_dir / ONNX_NAME, "safetensors": model_dir / WEIGHTS_NAME}
    for path in files.values():
        if not path.is_file():
            raise DataError(f"{path} is missing", remedy=remedy)
    parity_path = workspace.export_report_path(spec.task, spec.name)
    try:
        exported_sha256 = json.loads(parity_path.read_bytes())["onnx_sha256"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{parity_path} is missing or broken", remedy=remedy) from error
    if exported_sha256 != sha256_of_file(files["onnx"]):
        raise DataError(f"{files['onnx']} is not the file that was checked", remedy=remedy)
    weights_sha256 = sha256_of_file(files["safetensors"])
    if not weights_sha256 == card.weights_sha256 == measured.weights_sha256:
        raise DataError(
            f"the weights, card and evaluation of {spec.task}-{spec.name} are not of one training",
            remedy=remedy,
        )
    return files


def _make_card(
    params: Params,
    workspace: Workspace,
    spec: Model,
    card: ModelCard,
    measured: Evaluation,
    name: str,
    files: dict[str, Path],
) -> WeightsCard:
    data = _describe_data(workspace, spec.task)
    use = find_least(each.use for each in data if each.use in USES)
    commit = describe_code(workspace.root).get("lienet.git_commit")
    if commit is None:
        raise DataError(f"the commit of {workspace.root} is not known", remedy="use a git clone")
    return WeightsCard(
        name=name,
        task=spec.task,
        model=spec.name,
        architecture=card.architecture,
        scale=card.scale,
        num_params=card.num_params,
        steps=card.steps,
        seed=card.seed,
        commit=commit,
        run_key=card.run_key,
        sha256={suffix: sha256_of_file(path) for suffix, path in files.items()},
        licence=WEIGHTS_NOTE,
        use=use,
        notice=_NOTICES.get(use),
        data=data,
        data_sha256=measured.data_sha256,
        protocols={
            protocol: params.evaluate.protocols[protocol].model_dump(mode="json")
            for protocol in measured.results
            if protocol in params.evaluate.protocols
        },
        results={
            protocol: {name: result.as_json() for name, result in sets.items()}
            for protocol, sets in measured.results.items()
        },
    )


def _describe_data(workspace: Workspace, task: str) -> list[TrainingData]:
    uses = read_shards(workspace.shards_dir(task) / "train").sources
    licences: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as spill:
        for record in iterate_trained_on([workspace.trained_on_path(task)], Path(spill)):
            licences.setdefault(record.source, Counter())[record.licence] += 1
    return [
        TrainingData(
            source=source,
            use=uses.get(source, "unknown"),
            num_photographs=found.total(),
            licences=dict(sorted(found.items())),
        )
        for source, found in sorted(licences.items())
    ]
