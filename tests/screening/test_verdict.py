from __future__ import annotations

import csv
import io
import json
import logging
import pickle
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from skimage.data import astronaut, coffee

from lienet.errors import InputError
from lienet.images import encode_png
from lienet.params import load_params
from lienet.screening.boxes import Box
from lienet.screening.verdict import (
    DEFAULT_FACE,
    DEFAULT_GATES,
    DEFAULT_TEXT,
    Detection,
    Inspector,
    Verdict,
    format_table,
    list_images,
    to_plain,
)

SHIPPED_ONLY = Detection(DEFAULT_FACE, DEFAULT_TEXT, None, None)
FACE, TEXT = Box("face", 1, 2, 30, 40, 0.75), Box("text", 5, 6, 70, 8, 0.9)


def test_the_defaults_are_those_of_the_sample_profile(repository: Path):
    params = load_params(repository / "profiles" / "sample.yaml")
    assert params.filter.face == DEFAULT_FACE
    assert params.filter.text == DEFAULT_TEXT
    assert params.filter.gates == DEFAULT_GATES


def test_a_detection_travels_between_processes():
    copied = pickle.loads(pickle.dumps(SHIPPED_ONLY))
    assert copied == SHIPPED_ONLY
    assert hash(copied) == hash(SHIPPED_ONLY)


def test_without_named_models_faces_are_found_and_text_is_not_looked_for(tmp_path: Path):
    inspector = Inspector(SHIPPED_ONLY)
    assert inspector.name == "yunet"
    assert inspector.judge(astronaut()).reasons == ("face",)
    assert inspector.judge(coffee()).word == "keep"
    path = tmp_path / "astronaut.png"
    path.write_bytes(encode_png(astronaut()))
    assert inspector.judge_file(path) == inspector.judge(astronaut())


def test_what_cannot_be_read_is_refused_for_that_reason(tmp_path: Path):
    inspector = Inspector(SHIPPED_ONLY)
    broken = encode_png(np.zeros((64, 64, 3), np.uint8))[:-40]
    assert inspector.judge_bytes(broken) == Verdict(("unreadable",), ())
    assert inspector.judge_bytes(b"").word == "refuse"
    assert inspector.judge_file(tmp_path).reasons == ("unreadable",)


def test_plain_values_have_the_agreed_shape():
    plain = to_plain(Path("a.png"), Verdict(("face", "text"), (FACE, TEXT)))
    assert json.loads(json.dumps(plain)) == {
        "path": "a.png",
        "verdict": "refuse",
        "reasons": ["face", "text"],
        "faces": [{"left_px": 1, "top_px": 2, "width_px": 30, "height_px": 40, "score": 0.75}],
        "texts": [{"left_px": 5, "top_px": 6, "width_px": 70, "height_px": 8, "score": 0.9}],
        "quality": None,
    }


def test_the_table_names_each_image_and_box():
    console = Console(width=120, record=True, file=io.StringIO())
    judged = [(Path("a[1].png"), Verdict(("face",), (FACE,) * 6)), (Path("b.png"), Verdict((), ()))]
    console.print(format_table(judged, "yunet"))
    shown = console.export_text()
    assert "a[1].png" in shown
    assert "30×40+1+2 (0.75)" in shown
    assert "and 2 more" in shown
    assert "1 of 2 kept, by yunet" in shown


def test_folders_give_their_images_sorted(tmp_path: Path):
    for name in ("b.png", "a.JPG", "sub/c.dat", "notes.txt", ".hidden/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        content = encode_png(np.zeros((4, 4, 3), np.uint8)) if name != "notes.txt" else b"words"
        (tmp_path / name).write_bytes(content)
    notes = tmp_path / "notes.txt"
    listed = list_images([notes, tmp_path])
    assert [path.name for path in listed] == ["notes.txt", "a.JPG", "b.png", "c.dat"]


def test_missing_paths_and_folders_without_images_are_errors(tmp_path: Path):
    with pytest.raises(InputError, match="there is no file or folder"):
        list_images([tmp_path / "none"])
    with pytest.raises(InputError, match="there is no image in"):
        list_images([tmp_path])


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
    inspector = Inspector(Detection(DEFAULT_FACE, text, None, None, find_all=find_all))
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
    verdict = inspector.judge(coffee(), people=people)
    assert verdict.reasons == reasons
    assert set(verdict.boxes) <= {FAR, BELOW}


def test_text_is_not_searched_where_it_decides_nothing():
    seen = Box("face", 200, 100, 40, 40, 0.9)
    quick, texts = _inspect((seen,), (BELOW,), find_all=False)
    assert (quick.judge(coffee()).reasons, texts.num_asked) == (("face",), 0)
    thorough, texts = _inspect((seen,), (BELOW,))
    assert (thorough.judge(coffee()).reasons, texts.num_asked) == (("face", "text"), 1)
    alone, texts = _inspect((), (BELOW,), policy="near_person")
    assert (alone.judge(coffee()).reasons, texts.num_asked) == ((), 0)


def test_a_poor_image_is_refused_and_measured():
    inspector, _ = _inspect((), ())
    verdict = inspector.judge(np.full((200, 200, 3), 90, np.uint8))
    assert verdict.reasons == ("blurred", "flat")
    assert verdict.perceptual_hash is None
    assert inspector.judge(coffee()).perceptual_hash is not None


def test_recall_on_labelled_photographs(real_data: Path):
    models = real_data / "models"
    inspector = Inspector(
        Detection(
            DEFAULT_FACE,
            DEFAULT_TEXT,
            models / "face_detection_yunet_2023mar.onnx",
            models / "ch_PP-OCRv3_det_infer.onnx",
        )
    )
    with (real_data / "privacy_truth.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    judged = [(row, inspector.judge_file(real_data / row["path"])) for row in rows]
    for kind, least_recall, most_alarms in (("face", 0.95, 10), ("text", 0.85, 5)):
        shows = [row[f"has_{kind}"] == "1" for row, _ in judged]
        found = [kind in verdict.reasons for _, verdict in judged]
        hits = sum(one and other for one, other in zip(shows, found, strict=True))
        alarms = [
            row["path"] for row, it in judged if kind in it.reasons and row[f"has_{kind}"] == "0"
        ]
        logging.info("%s: %d of %d found, false alarms %s", kind, hits, sum(shows), alarms)
        assert hits / sum(shows) >= least_recall
        assert len(alarms) <= most_alarms, alarms
