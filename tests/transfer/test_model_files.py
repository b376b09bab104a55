from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from lienet.errors import TransferError
from lienet.transfer import model_files as zoo


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


def test_the_hash_of_vgg19_is_the_one_in_its_published_name():
    assert f"-{zoo.VGG19_SHA256[:8]}.pth" in zoo.VGG19_URL
    assert len(zoo.VGG19_SHA256) == 64


def test_vgg19_is_taken_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    content = b"as if it were the weights"
    monkeypatch.setattr(zoo, "VGG19_SHA256", hashlib.sha256(content).hexdigest())
    (tmp_path / "vgg19-dcbb9e9d.pth").write_bytes(content)
    assert zoo.fetch_vgg19(tmp_path, url="http://127.0.0.1:9/") == tmp_path / "vgg19-dcbb9e9d.pth"


def test_vgg19_is_not_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lienet.transfer.single_file._BACKOFF_S", 0.001)
    (tmp_path / "vgg19-dcbb9e9d.pth").write_bytes(b"cut short")
    with pytest.raises(TransferError, match=r"cannot fetch .*; try again, or put the file at"):
        zoo.fetch_vgg19(tmp_path, url="http://127.0.0.1:9/vgg19.pth")
