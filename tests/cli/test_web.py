from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from lienet.cli import app
from lienet.deployment.onnx import export_onnx
from lienet.errors import InputError
from lienet.web import building, runtime, serving

run = CliRunner()


@pytest.fixture(scope="module")
def onnx_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2)).eval()
    path = tmp_path_factory.mktemp("network") / "doubling.onnx"
    path.write_bytes(export_onnx(network, opset=18, metadata={}))
    return path


@pytest.fixture(autouse=True)
def _without_runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(runtime, "fetch_runtime", lambda: tmp_path / "archive.tgz")
    monkeypatch.setattr(building, "unpack_runtime", lambda archive, folder: folder.mkdir())


def test_web_writes_the_page_with_the_models_named(onnx_path: Path, tmp_path: Path):
    folder = tmp_path / "page"
    ran = run.invoke(app, ["web", "-o", str(folder), "--model", str(onnx_path)])
    assert ran.exit_code == 0, ran.output
    assert "the page, with 1 models" in ran.output
    assert (folder / "models" / "sr_doubling_x2.onnx").read_bytes() == onnx_path.read_bytes()
    assert (folder / "index.html").is_file()


def test_serve_refuses_other_machines_without_a_token(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("LIENET_SERVE_TOKEN", raising=False)
    ran = run.invoke(app, ["serve", "--host", "0.0.0.0"])
    assert isinstance(ran.exception, InputError)
    assert "need a token" in str(ran.exception)
    ran = run.invoke(app, ["serve", "--token", " "])
    assert isinstance(ran.exception, InputError)


def test_serve_passes_address_and_limits_on(onnx_path: Path, monkeypatch: pytest.MonkeyPatch):
    served: dict[str, object] = {}

    def create(page_dir: Path, models: list[object], limits: object, *, token: str | None) -> str:
        assert (page_dir / "index.html").is_file()
        served.update(num_models=len(models), limits=limits, token=token)
        return "the app"

    monkeypatch.setattr(serving, "create_app", create)
    monkeypatch.setattr(
        serving,
        "serve",
        lambda app, listening: served.update(app=app, address=listening.getsockname()),
    )
    monkeypatch.setenv("LIENET_SERVE_TOKEN", "secret")
    options = ["--host", "127.0.0.1", "--port", "0", "--max-mb", "1", "--max-megapixels", "2"]
    ran = run.invoke(app, ["serve", "--model", str(onnx_path), *options, "--timeout-s", "3"])
    assert ran.exit_code == 0, ran.output
    limits = served.pop("limits")
    assert (limits.max_body_bytes, limits.max_pixels, limits.timeout_s) == (2**20, 2_000_000, 3)  # type: ignore[attr-defined]
    host, port = served.pop("address")  # type: ignore[misc]
    assert host == "127.0.0.1"
    assert f"http://127.0.0.1:{port} until Ctrl-C" in ran.output
    assert served == {"num_models": 1, "token": "secret", "app": "the app"}


def test_a_port_that_is_taken_is_one_line_before_any_work(onnx_path: Path):
    with serving.listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        ran = run.invoke(app, ["serve", "--model", str(onnx_path), "--port", port])
    assert isinstance(ran.exception, InputError)
    assert f"cannot listen at 127.0.0.1, port {port}: Address already in use" in str(ran.exception)
