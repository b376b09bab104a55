from __future__ import annotations

import base64
import hashlib
import shutil
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from lienet.errors import TransferError
from lienet.web import runtime as module
from lienet.web.runtime import FILES, fetch_runtime, find_cached_runtime, unpack_runtime
from tests.loopback_http import serve_http


@pytest.fixture
def archive(packed_runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive whose hash is the one known, and an empty cache."""
    digest = base64.b64encode(hashlib.sha512(packed_runtime.read_bytes()).digest()).decode()
    monkeypatch.setattr(module, "INTEGRITY", f"sha512-{digest}")
    monkeypatch.setenv("LIENET_CACHE", str(tmp_path / "cache"))
    return packed_runtime


def use_npm(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program called npm first on the path."""
    npm = folder / "programs" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent), prepend=":")


def test_npm_s_archive_is_verified_and_kept(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    copy = f'echo "$@" >> {tmp_path}/calls; cp {archive} "$4"/onnxruntime-web-{module.VERSION}.tgz'
    use_npm(tmp_path, monkeypatch, copy)
    assert find_cached_runtime() is None
    kept = fetch_runtime()
    assert kept.read_bytes() == archive.read_bytes()
    assert kept == fetch_runtime() == find_cached_runtime()
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert call.startswith(f"pack onnxruntime-web@{module.VERSION} --pack-destination ")
    assert "--ignore-scripts" in call


def test_an_archive_of_other_bytes_is_refused(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write = f'echo other > "$4"/onnxruntime-web-{module.VERSION}.tgz'
    use_npm(tmp_path, monkeypatch, write)
    with pytest.raises(TransferError, match="is not what lienet was made with"):
        fetch_runtime()
    assert find_cached_runtime() is None


def test_without_a_network_npm_s_reason_is_told_in_one_line(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    use_npm(tmp_path, monkeypatch, "echo 'npm error request failed, reason: no route' >&2; exit 1")
    with pytest.raises(TransferError) as caught:
        fetch_runtime()
    assert str(caught.value) == (
        f"onnxruntime-web {module.VERSION} cannot be fetched from the npm registry: no route; "
        f"run it once with a network; it is kept in {tmp_path / 'cache'}"
    )


def test_without_npm_the_archive_is_transferred(archive: Path, monkeypatch: pytest.MonkeyPatch):
    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = archive.read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    monkeypatch.setattr(shutil, "which", lambda name: None)
    with serve_http(Registry) as url:
        monkeypatch.setattr(module, "URL", f"{url}/onnxruntime-web.tgz")
        assert fetch_runtime().read_bytes() == archive.read_bytes()


def test_only_the_files_of_the_page_are_unpacked(archive: Path, tmp_path: Path):
    unpack_runtime(archive, tmp_path / "page")
    found = {path.name: path.read_text() for path in (tmp_path / "page").iterdir()}
    assert found == {name: name for name in FILES}
