"""Every photograph of a manifest gets a verdict, the same for any number of workers."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from typer.testing import CliRunner

from lienet.cli import app
from lienet.data.manifest import ImageRecord, read_filtered, write_manifest
from lienet.errors import DataError, ToolError
from lienet.images import encode_png
from lienet.params import Params, load_params
from lienet.stages import filter as stage
from lienet.workspace import Workspace


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lienet.sources.zoo.fetch_yunet", lambda cache_dir: None)
    stage.find_detection.cache_clear()
    yield
    stage.find_detection.cache_clear()


@pytest.fixture
def workspace(tmp_path: Path, repository: Path) -> Workspace:
    (tmp_path / "params.yaml").write_bytes((repository / "profiles/sample.yaml").read_bytes())
    return Workspace(tmp_path)


@pytest.fixture
def params(workspace: Workspace) -> Params:
    return load_params(workspace.params_path)


def _store(workspace: Workspace, pictures: dict[str, bytes]) -> None:
    raw_dir = workspace.raw_dir("sample")
    (raw_dir / "images").mkdir(parents=True)
    records = []
    for name, content in pictures.items():
        is_kept = bool(content)
        path = f"images/sample__{name}.png" if is_kept else ""
        if is_kept:
            (raw_dir / path).write_bytes(content)
        record = ImageRecord(
            key=f"sample__{name}",
            source="sample",
            path=path,
            sha256="0" * 64,
            size_bytes=len(content),
            width_px=512,
            height_px=512,
            format="png",
            licence="CC0-1.0",
            author="somebody",
            origin=name,
            split="auto",
            status="kept" if is_kept else "refused",
            reason="" if is_kept else "empty",
        )
        records.append(record)
    write_manifest(raw_dir / "manifest.parquet", records)


def _run(params: Params, workspace: Workspace, **changes: object) -> dict[str, object]:
    changed = params.model_copy(update=changes)
    stage.run(changed, workspace, "sample")
    path = workspace.filtered_dir("sample") / "manifest.parquet"
    return {record.key.removeprefix("sample__"): record for record in read_filtered(path)}


def test_its_items_are_the_sources(params: Params):
    assert stage.list_items(params) == ["sample", "portrait"]


def test_faces_are_refused_and_the_rest_is_kept(
    params: Params, workspace: Workspace, caplog: pytest.LogCaptureFixture
):
    astronaut = encode_png(skimage.data.astronaut())
    broken = astronaut[:5000]
    coffee = encode_png(skimage.data.coffee()[:128, :128])
    _store(workspace, {"astronaut": astronaut, "broken": broken, "coffee": coffee, "none": b""})
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
    assert judged["astronaut"].score == 1.0
    assert (judged["coffee"].score, judged["coffee"].boxes) == (0.0, "[]")
    assert {record.detector for record in judged.values()} == {"cascades"}
    assert "kept 1 of 3 photographs, refused 1 for face, 1 for unreadable" in caplog.text
    assert caplog.text.count("cascades look for faces, and miss many more") == 1
    assert caplog.text.count("text is not looked for") == 1


@pytest.mark.parametrize("word", ["exempt", "consented"])
def test_exempt_and_consented_sources_pass_unseen(params: Params, workspace: Workspace, word: str):
    _store(workspace, {"astronaut": b"not even an image"})
    passed = params.filter.model_copy(update={f"{word}_sources": ("sample",)})
    (record,) = _run(params, workspace, filter=passed).values()
    assert (record.verdict, record.detector, record.score) == ("keep", word, 0.0)


def test_the_bytes_do_not_depend_on_workers_or_on_an_earlier_run(
    params: Params, workspace: Workspace
):
    generator = np.random.default_rng(0)
    shapes = generator.integers(32, 64, (20, 2))
    pictures = {
        f"p{index:02}": encode_png(generator.integers(0, 256, (*shape, 3), np.uint8))
        for index, shape in enumerate(shapes)
    }
    _store(workspace, pictures)
    path = workspace.filtered_dir("sample") / "manifest.parquet"
    leftover = path.parent.parent / ".sample.killed.part"
    leftover.mkdir(parents=True)
    face = params.filter.face.model_copy(update={"pass_sides_px": (64,)})
    quick = params.filter.model_copy(update={"face": face})
    _run(params, workspace, num_workers=1, filter=quick)
    alone = path.read_bytes()
    _run(params, workspace, num_workers=2, filter=quick)
    assert path.read_bytes() == alone
    assert [file.name for file in path.parent.iterdir()] == ["manifest.parquet"]
    assert not leftover.exists()


def test_refusing_everything_warns_and_goes_on(
    params: Params, workspace: Workspace, caplog: pytest.LogCaptureFixture
):
    _store(workspace, {"astronaut": encode_png(skimage.data.astronaut())})
    _run(params, workspace)
    assert "no photograph is left to use" in caplog.text


def test_a_missing_image_names_its_key_and_the_remedy(params: Params, workspace: Workspace):
    _store(workspace, {"coffee": encode_png(skimage.data.coffee())})
    (workspace.raw_dir("sample") / "images/sample__coffee.png").unlink()
    with pytest.raises(DataError, match=r"sample__coffee.*run lienet download sample again"):
        _run(params, workspace)


@pytest.mark.parametrize("kind", ["face", "text"])
def test_a_configured_model_must_be_there(
    params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
):
    monkeypatch.setenv(f"LIENET_{kind.upper()}_MODEL", str(tmp_path / "absent.onnx"))
    folders = {"base_dir": tmp_path, "cache_dir": tmp_path}
    with pytest.raises(ToolError, match=f"LIENET_{kind.upper()}_MODEL must name an ONNX file"):
        stage.find_detection(params.filter.face, params.filter.text, **folders)
    changed = {
        name: getattr(params.filter, name).model_copy(
            update={"model": "folder/none.onnx" if name == kind else None}
        )
        for name in ("face", "text")
    }
    with pytest.raises(ToolError, match=rf"filter\.{kind}\.model must .*got {tmp_path}/folder"):
        stage.find_detection(**changed, **folders)


def test_params_come_before_the_environment(
    params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("ours.onnx", "other.onnx"):
        (tmp_path / name).touch()
    monkeypatch.setenv("LIENET_FACE_MODEL", str(tmp_path / "other.onnx"))
    monkeypatch.setenv("LIENET_TEXT_MODEL", str(tmp_path / "other.onnx"))
    face = params.filter.face.model_copy(update={"model": "ours.onnx"})
    folders = {"base_dir": tmp_path, "cache_dir": tmp_path}
    found = stage.find_detection(face, params.filter.text, **folders)
    assert found.face_model == tmp_path / "ours.onnx"
    assert found.text_model == tmp_path / "other.onnx"


def test_inspect_prints_a_list_of_objects(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    models = real_data / "models"
    monkeypatch.setenv("LIENET_FACE_MODEL", str(models / "face_detection_yunet_2023mar.onnx"))
    monkeypatch.setenv("LIENET_TEXT_MODEL", str(models / "ch_PP-OCRv3_det_infer.onnx"))
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
    assert "1 of 1 kept, by cascades" in ran.stdout
