"""Measured models as the gate compares them: read from a workspace, and from the registry.

Owns what must agree before a model is registered: weights, ONNX file, reports, shards, protocols.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lienet.errors import DataError, LienetError
from lienet.evaluation.scores import PER_IMAGE_NAME, ImageScore, parse_scores, scores_as_csv
from lienet.files import sha256_of_file
from lienet.networks.registry import read_card
from lienet.params import Model, Params
from lienet.params.licences import WEIGHTS_NOTE
from lienet.promotion.card import write_card
from lienet.promotion.gate import Candidate
from lienet.promotion.latency import LatencyComparison, compare_latency
from lienet.screening.counts import describe_privacy, read_counts
from lienet.shards.reading import INDEX_NAME, read_index
from lienet.tracking.packaging import Package
from lienet.tracking.provenance import describe_code
from lienet.workspace import ONNX_NAME, WEIGHTS_NAME, Workspace

_NOT_PACKED = {"scores", "latency", "latency_refusal"}
"""What ``candidate.json`` lacks: scores have a file of their own, latency holds only here."""


def read_challenger(params: Params, workspace: Workspace, spec: Model) -> tuple[Candidate, Package]:
    """Read a measured model from the workspace, and check that its parts belong together.

    Raises:
        DataError: a part is missing, or is of other weights, data or protocols.
        ModelError: the model is not trained.
    """
    remedy = f"run dvc repro, or lienet evaluate {spec.task}-{spec.name}"
    model_dir = workspace.model_dir(spec.task, spec.name)
    card = read_card(model_dir)
    try:
        onnx = (model_dir / ONNX_NAME).read_bytes()
        onnx_sha256 = sha256_of_file(model_dir / ONNX_NAME)
        weights_sha256 = sha256_of_file(model_dir / WEIGHTS_NAME)
        facts = _read_json(workspace.evaluation_path(spec.task, spec.name))
        parity = _read_json(workspace.export_report_path(spec.task, spec.name))
        path = workspace.evaluation_dir(spec.task, spec.name) / PER_IMAGE_NAME
        scores = parse_scores(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{spec.task}-{spec.name} is not measured: {error}", remedy=remedy
        ) from error
    shards_dir = workspace.shards_dir(spec.task)
    indices = {
        split: read_index(shards_dir / split)
        for split in ("train", "valid", "test")
        if (shards_dir / split / INDEX_NAME).is_file()
    }
    names = {score.protocol: None for score in scores}
    test_sha256 = facts["data_sha256"]["test"]
    agree = {
        "the weights": facts["weights_sha256"] == card.weights_sha256 == weights_sha256,
        "the ONNX file": parity["onnx_sha256"] == onnx_sha256,
        "the protocols": bool(names) and names.keys() <= params.evaluate.protocols.keys(),
        "the test shards": "test" not in indices or indices["test"].sha256 == test_sha256,
    }
    for what, does_agree in agree.items():
        if not does_agree:
            raise DataError(
                f"{what} of {spec.task}-{spec.name} are not those of its reports", remedy=remedy
            )
    latency, latency_refusal = _try_to_compare_latency(params, workspace, spec)
    candidate = Candidate(
        name=spec.name,
        scale=spec.scale,
        num_params=facts["num_params"],
        num_macs=facts["num_macs"],
        macs_output_px=facts["macs_output_px"],
        parity_error=parity["max_error"],
        parity_tolerance=parity["tolerance"],
        test_sha256=test_sha256,
        protocols={name: params.evaluate.protocols[name] for name in names},
        scores=scores,
        latency=latency,
        latency_refusal=latency_refusal,
    )
    sources = sorted({source for index in indices.values() for source in index.sources})
    text = write_card(
        facts=facts,
        data={split: index.model_dump() for split, index in indices.items()},
        protocols={name: each.model_dump() for name, each in candidate.protocols.items()},
        licence=WEIGHTS_NOTE,
        purpose=params.synthesize.tasks[spec.task].purpose,
        privacy={
            source: describe_privacy(counts)
            for source, counts in read_counts(workspace, sources).items()
        },
        latency=latency,
    )
    tags = {
        "lienet.task": spec.task,
        "lienet.model": spec.name,
        "lienet.run_key": card.run_key,
        "lienet.onnx_sha256": onnx_sha256,
        "lienet.data.test": candidate.test_sha256,
        "lienet.profile": params.profile,
        **{name: tag for name, tag in describe_code(workspace.root).items() if "lienet" in name},
    }
    return candidate, Package(
        task=spec.task,
        name=spec.name,
        run_key=card.run_key,
        onnx=onnx,
        onnx_sha256=onnx_sha256,
        weights_sha256=card.weights_sha256,
        card=text,
        candidate=candidate.model_dump(mode="json", exclude=_NOT_PACKED),
        scores=scores_as_csv(scores),
        tags=tags,
    )


def unpack(facts: Mapping[str, Any], text: str, *, label: str) -> Candidate:
    """Return the candidate that a registered version holds.

    Args:
        facts: what :func:`read_challenger` put into the package.
        text: its ``per_image.csv``.
        label: the version's, for errors.

    Raises:
        DataError: they cannot be read.
    """
    try:
        return Candidate(**facts, scores=parse_scores(text))
    except (TypeError, ValueError) as error:
        raise DataError(f"{label} cannot be read: {error!r}"[:200]) from error


def measure_again(
    params: Params, former: Candidate, scores: list[ImageScore], test_sha256: str
) -> Candidate:
    """Return a candidate with new scores, of other images or by other protocols."""
    protocols = {score.protocol: params.evaluate.protocols[score.protocol] for score in scores}
    changes = {"test_sha256": test_sha256, "protocols": protocols, "scores": scores}
    return former.model_copy(update=changes)


def _try_to_compare_latency(
    params: Params, workspace: Workspace, spec: Model
) -> tuple[LatencyComparison | None, str | None]:
    """Return the comparison, or why there can be none: a reason against promotion, no failure."""
    try:
        return compare_latency(params, workspace, spec), None
    except LienetError as error:
        return None, str(error)


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
