from __future__ import annotations

import json
from pathlib import Path

import pytest

from lienet.errors import DataError
from lienet.screening.counts import count_refusals, describe_privacy, read_counts
from lienet.workspace import Workspace
from tests.stages.studio import record_of


def _judged(name: str, *reasons: str, detector: str = "yunet:ab+text:cd"):
    verdict = "refuse" if reasons else "keep"
    return record_of(f"p__{name}", "auto", verdict=verdict, reasons=reasons, detector=detector)


def test_an_image_counts_once_and_for_each_of_its_reasons():
    records = [_judged("a"), _judged("b", "face", "text"), _judged("c", "face"), _judged("d")]
    assert count_refusals(records) == {
        "photographs": 4,
        "kept": 2,
        "refused": 2,
        "reasons": {"face": 2, "text": 1},
        "detectors": ["yunet:ab+text:cd"],
        "privacy": "full",
    }


@pytest.mark.parametrize(
    ("detectors", "privacy"),
    [
        (("yunet:ab, reduced: no text", "yunet:ab+text:cd"), "reduced"),
        (("reduced: no face and no text",), "reduced"),
        (("exempt",), "not judged"),
        (("consented",), "not judged"),
    ],
)
def test_privacy_is_what_the_detectors_say(detectors: tuple[str, ...], privacy: str):
    records = [_judged(str(index), detector=each) for index, each in enumerate(detectors)]
    assert count_refusals(records)["privacy"] == privacy


def test_counts_are_read_and_described_by_source(tmp_path: Path):
    workspace = Workspace(tmp_path)
    path = workspace.refusal_counts_path("own")
    path.parent.mkdir(parents=True)
    counts = count_refusals([_judged("a"), _judged("b", "face")])
    path.write_text(json.dumps(counts))
    read = read_counts(workspace, ["own", "unknown"])
    assert list(read) == ["own"]
    said = describe_privacy(read["own"])
    assert said == "privacy full, by yunet:ab+text:cd; 1 of 2 kept"
    path.write_text("[]")
    with pytest.raises(DataError, match="run lienet filter own"):
        read_counts(workspace, ["own"])
