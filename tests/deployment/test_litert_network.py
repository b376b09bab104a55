from __future__ import annotations

from pathlib import Path

import pytest

from lienet.deployment.litert_network import LitertNetwork
from lienet.errors import ModelError
from tests.deployment.formats.phone_tools import needs


def test_a_missing_file_is_one_clear_error(tmp_path: Path):
    with pytest.raises(ModelError, match=r"got .*none.tflite; export the model first"):
        LitertNetwork(tmp_path / "none.tflite")


@needs("ai_edge_litert")
def test_a_broken_file_is_one_clear_error(tmp_path: Path):
    for name in ("a.tflite", "a.bin"):
        (tmp_path / name).write_bytes(b"not a network")
    with pytest.raises(ModelError, match="is not a usable"):
        LitertNetwork(tmp_path / "a.tflite")
