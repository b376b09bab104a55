"""Every photograph of a manifest gets a verdict, the same for any number of workers."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from typer.testing import CliRunner

from lienet.cli import app
from lienet.errors import DataError, ToolError
from lienet.images import decode_image, encode_jpeg, encode_png
from lienet.manifests.records import read_filtered, read_manifest, write_manifest
from lienet.params import Params, load_params
from lienet.screening.boxes import Box
from lienet.screening.detection import find_detection
from lienet.screening.inspector import Inspector
from lienet.stages import filter as stage
from lienet.workspace import Workspace
from tests.stages.raw_folder import store_raw


@pytest.fixture(autouse=True)
def _no_named_models(monkeypatch: pytest.MonkeyPatch):
    for kind in ("FACE", "TEXT"):
        monkeypatch.delenv(f"LIENET_{kind}_MODEL", raising=False)
    find_detection.cache_clear()
    yield
    find_detection.cache_clear()


@pytest.fixture
def workspace(tmp_path: Path, repository: Path) -> Workspace:
    (tmp_path / "params.yaml").write_bytes((repository / "profiles/sample.yaml").read_bytes())
    return Workspace(tmp_path)


@pytest.fixture
def params(workspace: Workspace) -> Params:
    return load_params(workspace.params_path)


def _run(params: Params, workspace: Workspace, **changes: object) -> dict[str, object]:
    changed = params.model_copy(update=changes)
    stage.run(changed, workspace, "sample")
    path = workspace.filtered_dir("sample") / "manifest.parquet"
    return {record.key.removeprefix("sample__"): record for record in read_filtered(path)}


def _store_a_face_and_a_cup(workspace: Workspace) -> None:
    pictures = {"astronaut": skimage.data.astronaut(), "coffee": skimage.data.coffee()}
    store_raw(workspace, {name: encode_png(pixels) for name, pixels in pictures.items()})


def test_its_items_are_the_sources(params: Params):
    assert stage.list_items(params) == ["sample", "portrait"]


def test_faces_are_refused_and_the_rest_is_kept(
    params: Params, workspace: Workspace, caplog: pytest.LogCaptureFixture
):
    astronaut = encode_png(skimage.data.astronaut())
    broken = astronaut[:5000]
    coffee = encode_png(skimage.data.coffee()[:128, :128])
    store_raw(workspace, {"astronaut": astronaut, "broken": broken, "coffee": coffee, "none": b""})
    with caplog.at_level(logging.INFO):
        judged = _run(params, workspace)
    assert {name: (record.verdict, record.reasons) for name, record in judged.items()} == {
        "astronaut": ("refuse", ("face",)),
        "broken": ("refuse", ("unreadable",)),
        "coffee": ("keep", ()),
    }
    (box,) = json.loads(judged["astronaut"].boxes)
    assert box["kind"] == "face"
    assert 200 < box["left_px"] + box["width_px"] / 2 < 250
    assert judged["astronaut"].score > 0.9
    assert (judged["coffee"].score, judged["coffee"].boxes) == (0.0, "[]")
    labels = {record.detector for record in judged.values()}
    assert labels == {f"yunet:{params.filter.face.sha256}+text:{params.filter.text.sha256}"}
    assert "kept 1 of 3 photographs, refused 1 for face, 1 for unreadable" in caplog.text


@pytest.mark.parametrize("word", ["exempt", "consented"])
def test_exempt_and_consented_sources_pass_unseen(params: Params, workspace: Workspace, word: str):
    store_raw(workspace, {"astronaut": b"not even an image"})
    passed = params.filter.model_copy(update={f"{word}_sources": ("sample",)})
    (record,) = _run(params, workspace, filter=passed).values()
    assert (record.verdict, record.detector, record.score) == ("keep", word, 0.0)
    assert record.perceptual_hash == ""


def test_what_passes_unseen_has_its_hash_all_the_same(params: Params, workspace: Workspace):
    store_raw(workspace, {"astronaut": encode_png(skimage.data.astronaut())})
    seen = _run(params, workspace)["astronaut"].perceptual_hash
    passed = params.filter.model_copy(update={"exempt_sources": ("sample",)})
    assert _run(params, workspace, filter=passed)["astronaut"].perceptual_hash == seen != ""


def test_the_bytes_do_not_depend_on_workers_or_on_an_earlier_run(
    params: Params, workspace: Workspace
):
    generator = np.random.default_rng(0)
    shapes = generator.integers(32, 64, (20, 2))
    pictures = {
        f"p{index:02}": encode_png(generator.integers(0, 256, (*shape, 3), np.uint8))
        for index, shape in enumerate(shapes)
    }
    store_raw(workspace, pictures)
    path = workspace.filtered_dir("sample") / "manifest.parquet"
    leftover = path.parent.parent / ".sample.killed.part"
    leftover.mkdir(parents=True)
    few = {"pass_sides_px": (64,), "turned_sides_px": ()}
    face = params.filter.face.model_copy(update=few)
    quick = params.filter.model_copy(update={"face": face})
    _run(params, workspace, num_workers=1, filter=quick)
    alone = path.read_bytes()
    _run(params, workspace, num_workers=2, filter=quick)
    assert path.read_bytes() == alone
    assert [file.name for file in path.parent.iterdir()] == ["manifest.parquet"]
    assert not leftover.exists()


def test_without_a_detector_it_stops_and_keeps_nothing_or_says_that_privacy_is_reduced(
    params: Params, workspace: Workspace
):
    _store_a_face_and_a_cup(workspace)
    text = params.filter.text.model_copy(update={"model": "absent.onnx"})
    chosen = params.filter.model_copy(update={"text": text})
    with pytest.raises(ToolError, match=r"filter\.text\.model must name an ONNX file"):
        _run(params, workspace, filter=chosen)
    assert not workspace.filtered_dir("sample").exists()
    reduced = _run(params, workspace, filter=chosen.model_copy(update={"privacy": "reduced"}))
    assert reduced["coffee"].detector == f"yunet:{chosen.face.sha256}, reduced: no text"
    counts = json.loads(workspace.refusal_counts_path("sample").read_text())
    assert counts["privacy"] == "reduced"


def test_another_model_in_the_environment_stops_it_with_its_name(
    params: Params, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    _store_a_face_and_a_cup(workspace)
    (tmp_path / "other.onnx").write_text("another model")
    monkeypatch.setenv("LIENET_FACE_MODEL", str(tmp_path / "other.onnx"))
    with pytest.raises(ToolError, match=r"other\.onnx is not the model that filter\.face\.sha256"):
        _run(params, workspace)


def test_refusing_everything_warns_and_goes_on(
    params: Params, workspace: Workspace, caplog: pytest.LogCaptureFixture
):
    store_raw(workspace, {"astronaut": encode_png(skimage.data.astronaut())})
    _run(params, workspace)
    assert "no photograph is left to use" in caplog.text


def test_poor_and_doubled_pictures_are_refused_with_what_was_measured(
    params: Params, workspace: Workspace
):
    coffee = skimage.data.coffee()
    pictures = {
        "coffee": encode_png(coffee),
        "again": encode_png(cv2.resize(coffee, (300, 200), interpolation=cv2.INTER_AREA)),
        "blurred": encode_png(cv2.GaussianBlur(skimage.data.rocket()[:400, :600], (0, 0), 6)),
        "pressed": encode_jpeg(skimage.data.chelsea(), quality=30, chroma="4:2:0"),
    }
    store_raw(workspace, pictures)
    judged = _run(params, workspace)
    reasons = {name: record.reasons for name, record in judged.items()}
    # All are said to be of one size: the first by key stays.
    assert reasons == {
        "again": (),
        "blurred": ("blurred",),
        "coffee": ("near_duplicate",),
        "pressed": ("compressed",),
    }
    assert judged["coffee"].duplicate_of == "sample__again"
    assert (judged["pressed"].jpeg_quality, judged["coffee"].jpeg_quality) == (30, 0)
    assert judged["blurred"].sharpness < 0.2 < judged["coffee"].sharpness
    opened = params.filter.gates.model_copy(
        update=dict.fromkeys(type(params.filter.gates).model_fields)
    )
    unfiltered = params.filter.model_copy(update={"gates": opened})
    assert {one.verdict for one in _run(params, workspace, filter=unfiltered).values()} == {"keep"}


def test_reports_count_list_compare_and_show_only_what_is_asked_for(
    params: Params, workspace: Workspace
):
    _store_a_face_and_a_cup(workspace)
    _run(params, workspace)
    folder = workspace.refusals_dir("sample")
    assert [path.name for path in folder.iterdir()] == ["refused.csv"]
    counts = json.loads(workspace.refusal_counts_path("sample").read_text())
    assert counts["reasons"] == {"face": 1}
    assert (counts["photographs"], counts["kept"], counts["refused"]) == (2, 1, 1)
    (workspace.root / "truth.csv").write_text("path,has_face,has_text\nastronaut,1,0\ncoffee,0,0\n")
    asked = params.filter.model_copy(update={"truth": "truth.csv", "contact_sheet": True})
    _run(params, workspace, filter=asked)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["contact_sheet.png", "precision_recall.csv", "refused.csv"]
    rows = (folder / "precision_recall.csv").read_text().splitlines()
    assert rows[1] == "face,2,1,1,1,0,1.0,1.0"
    assert decode_image((folder / "contact_sheet.png").read_bytes()).shape == (96, 96, 3)


def test_no_byte_of_a_refused_image_is_written_anywhere(params: Params, workspace: Workspace):
    content = encode_png(skimage.data.astronaut())
    store_raw(workspace, {"astronaut": content})
    _run(params, workspace)
    sizes = [path.stat().st_size for path in workspace.root.rglob("*") if path.is_file()]
    assert sum(size >= len(content) for size in sizes) == 1  # the raw file itself


def test_purged_files_go_and_their_verdicts_stay_in_later_runs(
    params: Params, workspace: Workspace
):
    _store_a_face_and_a_cup(workspace)
    purging = params.filter.model_copy(update={"purge_refused": True})
    first = _run(params, workspace, filter=purging)
    images = workspace.raw_dir("sample") / "images"
    assert [path.name for path in images.iterdir()] == ["sample__coffee.png"]
    assert _run(params, workspace, filter=purging) == first
    assert _run(params, workspace) == first
    assert first["astronaut"].reasons == ("face",)


def test_of_a_source_on_this_machine_nothing_is_purged_by_default(
    params: Params, workspace: Workspace
):
    assert params.filter.purge_refused == "remote"
    _store_a_face_and_a_cup(workspace)
    _run(params, workspace)
    assert len(list((workspace.raw_dir("sample") / "images").iterdir())) == 2


def test_labels_of_persons_come_from_the_raw_manifest(
    params: Params, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    store_raw(workspace, {"coffee": encode_png(skimage.data.coffee())})
    path = workspace.raw_dir("sample") / "manifest.parquet"
    (record,) = read_manifest(path)
    write_manifest(path, [replace(record, people="[[0.0, 0.5, 0.25, 1.0]]")])
    seen = []
    inspect_bytes = Inspector.inspect_bytes

    def spy(self: Inspector, content: bytes, **options: object) -> object:
        seen.append(options["people"])
        return inspect_bytes(self, content, **options)

    monkeypatch.setattr(Inspector, "inspect_bytes", spy)
    _run(params, workspace)
    assert seen == [(Box("person", 0, 256, 128, 256, 1.0),)]


def test_a_missing_image_names_its_key_and_the_remedy(params: Params, workspace: Workspace):
    store_raw(workspace, {"coffee": encode_png(skimage.data.coffee())})
    (workspace.raw_dir("sample") / "images/sample__coffee.png").unlink()
    with pytest.raises(DataError, match=r"sample__coffee.*run lienet download sample again"):
        _run(params, workspace)


def test_inspect_prints_a_list_of_objects(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    models = real_data / "models"
    monkeypatch.setenv("LIENET_FACE_MODEL", str(models / "face_detection_yunet_2023mar.onnx"))
    Path("a.png").write_bytes(encode_png(skimage.data.astronaut()))
    Path("b.png").write_bytes(b"broken")
    Path("c.png").write_bytes(encode_png(skimage.data.coffee()))
    ran = CliRunner().invoke(app, ["inspect", "--json", "."])
    assert ran.exit_code == 0
    first, broken, last = json.loads(ran.stdout)
    assert first["reasons"] == ["face"]
    assert first["faces"][0]["score"] > 0.9
    assert (broken["path"], broken["verdict"]) == ("b.png", "refuse")
    assert broken["reasons"] == ["unsupported_format"]
    quality = last.pop("quality")
    assert last == {"path": "c.png", "verdict": "keep", "reasons": [], "faces": [], "texts": []}
    assert (quality["min_side_px"], quality["jpeg_quality"]) == (400, 0)


def test_inspect_outside_a_workspace_shows_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_bytes(encode_png(skimage.data.coffee()))
    ran = CliRunner().invoke(app, ["inspect", "a.png"])
    assert ran.exit_code == 0
    assert "1 of 1 kept, by yunet+text" in ran.stdout
