from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from lienet.sources import zoo


def test_a_cached_copy_is_taken_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    content = b"as if it were the model"
    monkeypatch.setattr(zoo, "YUNET_SHA256", hashlib.sha256(content).hexdigest())
    path = tmp_path / "face_detection_yunet_2023mar.onnx"
    path.write_bytes(content)
    assert zoo.fetch_yunet(tmp_path, url="http://127.0.0.1:9/") == path


def test_without_a_network_it_is_done_without_at_once(tmp_path: Path):
    (tmp_path / "face_detection_yunet_2023mar.onnx").write_bytes(b"cut short")
    started_s = time.monotonic()
    assert zoo.fetch_yunet(tmp_path, url="http://127.0.0.1:9/model.onnx") is None
    assert time.monotonic() - started_s < 4
