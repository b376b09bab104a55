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
from lienet.images import encode_png
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
    (base64.b64encode(b"no image").decode(), "not a JPEG, PNG, WebP, TIFF, AVIF or HEIC file"),
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


def save(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format=kind, **options)
    return stream.getvalue()


def make_animation() -> bytes:
    frames = [Image.new("RGB", (9, 5), shade) for shade in ("black", "white")]
    return save(frames[0], "WEBP", save_all=True, append_images=frames[1:])


def make_lying_portrait() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return save(Image.new("RGB", (9, 5)), "JPEG", exif=exif)


def make_deep_scan() -> bytes:
    return save(Image.fromarray(np.full((5, 9), 30_000, np.uint16)), "PNG")


PICTURES = [
    (make_lying_portrait(), "RGB", (10, 18)),
    (make_deep_scan(), "I;16", (18, 10)),
    (save(Image.new("L", (9, 5), 77), "PNG"), "L", (18, 10)),
    (save(Image.new("RGBA", (9, 5), (10, 20, 30, 40)), "PNG"), "RGBA", (18, 10)),
    (save(Image.new("RGB", (9, 5)), "TIFF"), "RGB", (18, 10)),
]


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


def test_large_broken_and_animated_files_are_refused(serving: ModuleType):
    whole = encode_png(skimage.data.astronaut()[:20, :30])
    for content, max_pixels, reason in (
        (whole, 599, "at most 599 pixels, got 30x20"),
        (make_animation(), 600, "several frames"),
        (whole[:500], 600, "not a whole png file"),
    ):
        with pytest.raises(serving.BadImage, match=reason):
            serving.decode(encode(content), where="row 0", max_pixels=max_pixels)


@pytest.fixture
def model(serving: ModuleType, tmp_path: Path) -> Any:
    """A network that repeats every pixel twice per side, as a server loads it."""
    write_repeating(tmp_path / "model.onnx", 2)
    context = type("Context", (), {"artifacts": {"onnx": str(tmp_path / "model.onnx")}})
    context.model_config = {}
    loaded = serving.ImageModel()
    loaded.load_context(context)
    return loaded


def ask(model: Any, contents: list[bytes]) -> list[Image.Image]:
    import pandas as pd

    answers = model.predict(None, pd.DataFrame({"image": [encode(each) for each in contents]}))
    return [Image.open(io.BytesIO(base64.b64decode(text))) for text in answers["image"]]


@pytest.mark.parametrize("size_px", [(3, 5), (8, 8), (21, 34)])
def test_it_answers_as_the_enhancer_does(model: Any, tmp_path: Path, size_px: tuple[int, int]):
    pixels = np.random.default_rng(1).integers(0, 256, (*size_px, 3), np.uint8)
    (answer,) = ask(model, [encode_png(pixels)])
    expected = Enhancer(tmp_path / "model.onnx", scale=2).enhance(pixels)
    assert np.array_equal(np.asarray(answer), expected)


def test_pictures_come_back_upright_at_their_depth_with_grey_and_alpha(model: Any):
    answers = ask(model, [content for content, _, _ in PICTURES])
    assert [(answer.mode, answer.size) for answer in answers] == [
        (mode, size_px) for _, mode, size_px in PICTURES
    ]
    assert (np.asarray(answers[1]) == 30_000).all()
    assert answers[0].getexif()[0x0112] == 1


def test_a_table_without_images_is_told_its_column(serving: ModuleType, model: Any):
    import pandas as pd

    with pytest.raises(serving.BadImage, match="a table with the column image"):
        model.predict(None, pd.DataFrame({"picture": ["x"]}))


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
            for value in ("not base64!", encode(b"no image"), 5, None, encode(make_animation())):
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
