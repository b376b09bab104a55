"""From a trained model's files to its task's champion: `lienet promote` and `lienet rollback`.

Owns the way there: what is read, what must agree before anything is registered, and the order of
the steps. The arithmetic is evaluation's, the registry tracking's. A champion that was measured on
other images or by other protocols is measured again, on those of the challenger.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from lienet.errors import DataError, InputError, LienetError
from lienet.evaluation.measuring import score_onnx
from lienet.params import Params, Task
from lienet.promotion.candidates import measure_again, read_challenger, unpack
from lienet.promotion.gate import Candidate, Verdict, describe_gain, is_comparable, judge
from lienet.promotion.registry import Registry, open_registry
from lienet.shards.reading import read_index
from lienet.tracking.model_versions import Version
from lienet.tracking.track import track
from lienet.workspace import Workspace

_BY_HAND = "promoted by hand, without the gate"


@dataclass(frozen=True)
class Outcome:
    """What a promotion came to; the object that `lienet promote --json` writes."""

    model: str
    """Its key in params, such as "sr-lienet"."""
    task: str
    version: str
    """The challenger's, such as "lienet-sr/3"."""
    promoted: bool
    """Whether it is the champion now and was not before."""
    champion: str | None
    """The version that is champion now."""
    champion_model: str | None
    former_champion: str | None
    """The version that was champion before."""
    reasons: tuple[str, ...]
    """Why it is promoted, or why not; of a promotion by hand what the gate said against it."""
    gate: dict[str, object] | None
    """The verdict: gain, interval, images; None where there was nothing to judge."""


def promote(
    params: Params, workspace: Workspace, item: str, *, is_by_hand: bool = False
) -> Outcome:
    """Register a model as challenger, and make it champion if it passes the gate.

    Args:
        params: the active set, by which the model was measured.
        workspace: holds the model, its reports and, where a champion must be measured again, the
            test shards.
        item: a key of ``models``.
        is_by_hand: promote whatever the gate says; what it says is recorded.

    Raises:
        InputError: no such model.
        DataError: the model is not measured, or its files and reports do not belong together.
        ToolError: MLflow cannot be reached.
    """
    if item not in params.models:
        raise InputError(f"the models are {', '.join(params.models)}", got=item)
    spec = params.models[item]
    challenger, package = read_challenger(params, workspace, spec)
    track(params, workspace, [item])
    with open_registry(workspace, spec.task) as registry:
        with registry.exclusive():
            version = registry.register(package)
        return _settle(params, workspace, item, registry, version, challenger, is_by_hand)


def roll_back(workspace: Workspace, task: str) -> tuple[Version, Version]:
    """Make a task's former champion champion again; return (the former, the one that was).

    Raises:
        InputError: there is none.
        ToolError: MLflow cannot be reached.
    """
    with open_registry(workspace, task) as registry, registry.exclusive():
        return registry.roll_back()


def _settle(
    params: Params,
    workspace: Workspace,
    item: str,
    registry: Registry,
    version: Version,
    challenger: Candidate,
    is_by_hand: bool,
) -> Outcome:
    """Judge outside the lock, as it may take minutes; act within it if the champion still is."""
    task = params.models[item].task
    reasons: tuple[str, ...]
    while True:
        champion = registry.find_champion()
        if champion == version:
            reasons = (f"{version.label} is the champion already",)
            return _report(item, task, version, champion, reasons, None)
        verdict: Verdict | None = None
        reasons = ()
        try:
            rival = _read_champion(params, workspace, task, registry, champion, challenger)
            verdict = judge(params, task, challenger, rival)
            reasons = verdict.reasons
        except LienetError:
            if not is_by_hand:
                raise
        if version.rolled_back_at is not None:
            reasons = (f"{version.label} was rolled back at {version.rolled_back_at}", *reasons)
        with registry.exclusive():
            if registry.find_champion() != champion:
                continue  # another promotion was quicker: judge against its champion
            is_champion = is_by_hand or not reasons
            if is_champion:
                registry.set_champion(version)
            else:
                registry.set_challenger(version)
        if is_by_hand:
            reasons = (_BY_HAND, *reasons)
        elif is_champion and verdict is not None:
            reasons = (describe_gain(verdict),)
        outcome = _report(item, task, version, champion, reasons, verdict, is_champion)
        tags = {
            "lienet.gate": "promoted" if is_champion else "kept",
            "lienet.gate.reasons": "; ".join(reasons),
        }
        text = json.dumps(asdict(outcome), indent=2, sort_keys=True)
        registry.record(version, tags, text)
        return outcome


def _report(
    item: str,
    task: str,
    version: Version,
    former: Version | None,
    reasons: tuple[str, ...],
    verdict: Verdict | None,
    is_promoted: bool = False,
) -> Outcome:
    champion = version if is_promoted else former
    return Outcome(
        model=item,
        task=task,
        version=version.label,
        promoted=is_promoted,
        champion=None if champion is None else champion.label,
        champion_model=None if champion is None else champion.model,
        former_champion=None if former is None else former.label,
        reasons=reasons,
        gate=None if verdict is None else asdict(verdict),
    )


def _read_champion(
    params: Params,
    workspace: Workspace,
    task: Task,
    registry: Registry,
    champion: Version | None,
    challenger: Candidate,
) -> Candidate | None:
    """Fetch the champion, measured again where its scores are of other images or protocols."""
    if champion is None:
        return None
    with tempfile.TemporaryDirectory() as beside:
        facts, text, onnx_path = registry.fetch(champion, Path(beside))
        rival = unpack(facts, text, label=champion.label)
        if is_comparable(challenger, rival):
            return rival
        scores = score_onnx(params, workspace, onnx_path, task=task, scale=rival.scale)
    index = read_index(workspace.shards_dir(task) / "test")
    again = measure_again(params, rival, scores, index.sha256)
    if not is_comparable(challenger, again):
        raise DataError(
            f"the champion {champion.label} cannot be measured as {challenger.name} was",
            remedy="run dvc repro, so that the model is measured on the shards that are here",
        )
    return again
