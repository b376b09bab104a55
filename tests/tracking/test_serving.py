from __future__ import annotations

import base64
import io
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import skimage.data
from PIL import Image

from lienet.deployment.enhancer import Enhancer
from lienet.images import encode_jpeg, encode_png
from lienet.tracking.model_versions import ModelVersions
from lienet.tracking.store import open_store
from lienet.tracking.track import track
from lienet.workspace import Workspace
from tests.deployment.repeating import write_repeating
from tests.loopback_servers import MlflowServer, find_free_port
from tests.tracking.registered import make_package
from tests.tracking.written import ITEM, load_sample, write_training

SECRET = "planted-secret"
NOT_IMAGES = [
    (None, "base64 text of an image is expected, got NoneType"),
    (5, "base64 text of an image is expected, got int"),
    ("", "base64 text of an image is expected, got str"),
    ("not base64!", "the text is not base64"),
    ("é", "the text is not base64"),
    (base64.b64encode(b"no image").decode(), "are not a whole PNG, JPEG or WebP image"),
]


@pytest.fixture(scope="module")
def serving() -> ModuleType:
    with warnings.catch_warnings(action="ignore"):
        from lienet.tracking import serving
    return serving


def encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


def decode(text: str) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


def make_png(mode: str, size_px: tuple[int, int] = (9, 5)) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size_px, 77 if mode == "L" else (10, 20, 30, 40)[: len(mode)]).save(
        stream, format="PNG"
    )
    return stream.getvalue()


def test_images_come_as_rgb(serving: ModuleType):
    pixels = skimage.data.astronaut()[:20, :30]
    assert np.array_equal(
        serving.decode(encode(encode_png(pixels)), where="row 0", max_pixels=600), pixels
    )
    jpeg = encode(encode_jpeg(pixels, quality=90, chroma="4:2:0"))
    assert serving.decode(jpeg, where="row 0", max_pixels=600).shape == (20, 30, 3)
    grey = serving.decode(encode(make_png("L")), where="row 0", max_pixels=600)
    assert grey.shape == (5, 9, 3)
    assert (grey == 77).all()


@pytest.mark.parametrize(("text", "reason"), NOT_IMAGES)
def test_what_is_no_image_is_told_in_one_line(serving: ModuleType, text: Any, reason: str):
    with pytest.raises(serving.BadImage, match=reason) as raised:
        serving.decode(text, where="row 3", max_pixels=600)
    error = raised.value
    assert error.message.startswith("row 3: ")
    assert "\n" not in error.message
    error.message = "Failed to predict data 'all of it'\nError: ..."
    assert reason in error.message
    assert error.get_http_status_code() == 400


def test_large_broken_and_transparent_images_are_refused(serving: ModuleType):
    whole = encode_png(skimage.data.astronaut()[:20, :30])
    for content, max_pixels, reason in (
        (whole, 599, "at most 599 pixels are taken, got 30x20"),
        (make_png("RGBA"), 600, "has an alpha channel"),
        (whole[:500], 600, "not a whole PNG"),
    ):
        with pytest.raises(serving.BadImage, match=reason):
            serving.decode(encode(content), where="row 0", max_pixels=max_pixels)


@pytest.mark.parametrize("size_px", [(3, 5), (8, 8), (21, 34)])
def test_it_answers_as_the_enhancer_does(
    serving: ModuleType, tmp_path: Path, size_px: tuple[int, int]
):
    import pandas as pd

    write_repeating(tmp_path / "model.onnx", 2)
    context = type("Context", (), {"artifacts": {"onnx": str(tmp_path / "model.onnx")}})
    context.model_config = {}
    model = serving.ImageModel()
    model.load_context(context)
    pixels = np.random.default_rng(1).integers(0, 256, (*size_px, 3), np.uint8)
    table = pd.DataFrame({"image": [encode(encode_png(pixels)), encode(make_png("L"))]})
    answers = model.predict(context, table)["image"]
    expected = Enhancer(tmp_path / "model.onnx", scale=2).enhance(pixels)
    assert np.array_equal(decode(answers[0]), expected)
    assert decode(answers[1]).shape == (10, 18, 3)
    with pytest.raises(serving.BadImage, match="a table with the column image"):
        model.predict(context, table.rename(columns={"image": "picture"}))


def post(url: str, body: bytes) -> tuple[int, str]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 180
    while True:
        try:
            with opener.open(f"{url}/ping", timeout=5):
                return
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.services
@pytest.mark.xdist_group("mlflow_serving")
def test_the_champion_of_a_server_answers_and_no_password_is_kept(
    repository: Path,
    tmp_path: Path,
    empty_store: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    pixels = skimage.data.astronaut()[:24, :40]
    with MlflowServer(tmp_path / "server", empty_store) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url.replace("//", f"//ann:{SECRET}@"))
        workspace = Workspace(tmp_path / "work")
        write_training(workspace)
        assert track(load_sample(repository), workspace) == [ITEM]
        with open_store(workspace) as client:
            versions = ModelVersions(client, workspace, "sr")
            champion = versions.create(make_package(tmp_path, "small"))
            client.set_registered_model_alias("lienet-sr", "champion", champion.number)
            (tmp_path / "fetched").mkdir()
            place = versions.download(champion, tmp_path / "fetched")
            assert json.loads((place / "candidate.json").read_text())["name"] == "small"
        assert SECRET not in "".join(capfd.readouterr())
        port = find_free_port()
        command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"]
        command += ["-m", "models:/lienet-sr@champion", "--host", "127.0.0.1", "-p", str(port)]
        log = tmp_path / "serving.txt"
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        with log.open("wb") as stream:
            served = subprocess.Popen(
                command,
                stdout=stream,
                stderr=stream,
                cwd=tmp_path,
                env={**os.environ, **server.environment, "PATH": path},
                start_new_session=True,
            )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url, served, log)
            row = {"image": encode(encode_png(pixels))}
            for body in ({"dataframe_records": [row]}, {"inputs": [row]}):
                status, text = post(f"{url}/invocations", json.dumps(body).encode())
                assert status == 200, text
                (answer,) = json.loads(text)["predictions"]
                expected = pixels.repeat(4, axis=0).repeat(4, axis=1)
                assert np.array_equal(decode(answer["image"]), expected)
            bodies: list[bytes] = [b"no json", b"[]", b"{}", b'{"inputs": "x"}', b"\xff\xfe"]
            for value in ("not base64!", encode(b"no image"), 5, None, encode(make_png("RGBA"))):
                bodies.append(json.dumps({"dataframe_records": [{"image": value}]}).encode())
            bodies.append(b'{"dataframe_records": [{"picture": "x"}]}')
            for sent in bodies:
                status, text = post(f"{url}/invocations", sent)
                assert (status, text.count("\n"), "stack_trace" in text) == (400, 0, False), text
        finally:
            os.killpg(served.pid, signal.SIGKILL)
            served.wait()
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) > 5
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []
