from __future__ import annotations

from pathlib import Path

import pytest

from lienet.deployment.ncnn_network import NcnnNetwork
from lienet.errors import ModelError
from tests.deployment.formats.phone_tools import needs


def test_a_missing_file_is_one_clear_error(tmp_path: Path):
    with pytest.raises(ModelError, match=r"got .*none.param; export the model first"):
        NcnnNetwork(tmp_path / "none.param")


@needs("ncnn")
def test_a_broken_file_is_one_clear_error(tmp_path: Path):
    for name in ("a.param", "a.bin"):
        (tmp_path / name).write_bytes(b"not a network")
    with pytest.raises(ModelError, match="is not a usable"):
        NcnnNetwork(tmp_path / "a.param")
