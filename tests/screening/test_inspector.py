from __future__ import annotations

import csv
import logging
from pathlib import Path

import numpy as np
import pytest
from skimage.data import astronaut, coffee

from lienet.images import encode_png
from lienet.screening.boxes import Box
from lienet.screening.detection import DEFAULT_DETECTION, DEFAULT_FACE, DEFAULT_TEXT, Detection
from lienet.screening.inspector import Inspector
from lienet.screening.verdict import Verdict

FACE, TEXT = DEFAULT_DETECTION.face_model, DEFAULT_DETECTION.text_model


def test_without_named_models_faces_and_text_are_looked_for(tmp_path: Path):
    inspector = Inspector(DEFAULT_DETECTION)
    assert inspector.name == "yunet+text"
    assert inspector.label == f"yunet:{FACE.sha256}+text:{TEXT.sha256}"
    assert inspector.inspect(astronaut()).reasons == ("face",)
    assert inspector.inspect(coffee()).word == "keep"
    path = tmp_path / "astronaut.png"
    path.write_bytes(encode_png(astronaut()))
    assert inspector.inspect_file(path) == inspector.inspect(astronaut())


def test_unreadable_file_is_refused_for_that_reason(tmp_path: Path):
    inspector = Inspector(DEFAULT_DETECTION)
    broken = encode_png(np.zeros((64, 64, 3), np.uint8))[:-40]
    assert inspector.inspect_bytes(broken) == Verdict(("unreadable",), ())
    assert inspector.inspect_bytes(b"").word == "refuse"
    assert inspector.inspect_file(tmp_path).reasons == ("unreadable",)


class _Found:
    """A detector that finds what it is told to."""

    name = "told"

    def __init__(self, *boxes: Box) -> None:
        self.boxes, self.num_asked = list(boxes), 0

    def find(self, image: object) -> list[Box]:
        self.num_asked += 1
        return self.boxes


def _inspect(faces: tuple[Box, ...], texts: tuple[Box, ...], **changes: object) -> tuple:
    find_all = bool(changes.pop("find_all", True))
    text = DEFAULT_TEXT.model_copy(update=changes)
    inspector = Inspector(Detection(DEFAULT_FACE, text, FACE, TEXT, find_all=find_all))
    inspector._faces, inspector._texts = _Found(*faces), _Found(*texts)
    return inspector, inspector._texts


DOUBTFUL = Box("face", 200, 100, 40, 40, 0.45)
BELOW, FAR = Box("text", 190, 200, 60, 12, 0.9), Box("text", 20, 20, 60, 12, 0.9)


@pytest.mark.parametrize(
    ("faces", "texts", "policy", "people", "reasons"),
    [
        ((), (FAR,), "any", (), ("text",)),
        ((), (FAR,), "near_person", (), ()),
        ((DOUBTFUL,), (FAR, BELOW), "near_person", (), ("text",)),
        ((DOUBTFUL,), (FAR,), "near_person", (), ()),
        ((), (FAR,), "near_person", (Box("person", 0, 0, 90, 90, 1.0),), ("text",)),
        ((), (FAR,), "near_person", (Box("person", 70, 0, 90, 90, 1.0),), ()),
    ],
)
def test_text_counts_as_the_policy_says(faces, texts, policy: str, people, reasons):
    inspector, _ = _inspect(faces, texts, policy=policy)
    verdict = inspector.inspect(coffee(), people=people)
    assert verdict.reasons == reasons
    assert set(verdict.boxes) <= {FAR, BELOW}


def test_text_is_not_searched_where_it_decides_nothing():
    seen = Box("face", 200, 100, 40, 40, 0.9)
    quick, texts = _inspect((seen,), (BELOW,), find_all=False)
    assert (quick.inspect(coffee()).reasons, texts.num_asked) == (("face",), 0)
    thorough, texts = _inspect((seen,), (BELOW,))
    assert (thorough.inspect(coffee()).reasons, texts.num_asked) == (("face", "text"), 1)
    alone, texts = _inspect((), (BELOW,), policy="near_person")
    assert (alone.inspect(coffee()).reasons, texts.num_asked) == ((), 0)


@pytest.mark.parametrize(
    ("face", "text", "said"),
    [
        (FACE, None, f"yunet:{FACE.sha256}, reduced: no text"),
        (None, TEXT, f"text:{TEXT.sha256}, reduced: no face"),
        (None, None, "reduced: no face and no text"),
    ],
)
def test_what_is_not_looked_for_is_said(face, text, said: str):
    inspector = Inspector(Detection(DEFAULT_FACE, DEFAULT_TEXT, face, text))
    assert inspector.label == said
    assert ("face" in inspector.inspect(astronaut()).reasons) == (face is not None)


def test_a_poor_image_is_refused_and_measured():
    inspector, _ = _inspect((), ())
    verdict = inspector.inspect(np.full((200, 200, 3), 90, np.uint8))
    assert verdict.reasons == ("blurred", "flat")
    assert verdict.perceptual_hash is None
    assert inspector.inspect(coffee()).perceptual_hash is not None


def test_recall_on_labelled_photographs(real_data: Path):
    inspector = Inspector(DEFAULT_DETECTION)
    with (real_data / "privacy_truth.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    inspected = [(row, inspector.inspect_file(real_data / row["path"])) for row in rows]
    for kind, least_recall, most_alarms in (("face", 1.0, 9), ("text", 0.85, 7)):
        shows = [row[f"has_{kind}"] == "1" for row, _ in inspected]
        found = [kind in verdict.reasons for _, verdict in inspected]
        hits = sum(one and other for one, other in zip(shows, found, strict=True))
        alarms = [
            row["path"] for row, it in inspected if kind in it.reasons and row[f"has_{kind}"] == "0"
        ]
        logging.info("%s: %d of %d found, false alarms %s", kind, hits, sum(shows), alarms)
        assert hits / sum(shows) >= least_recall
        assert len(alarms) <= most_alarms, alarms
