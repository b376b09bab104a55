from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lienet.errors import ModelError
from lienet.files import sha256_of_file
from lienet.networks.published import read_torchvision


class Other:
    """Something that only unpickling could make."""


def test_tensors_are_read_by_name_and_nothing_else_is_unpickled(tmp_path: Path):
    path = tmp_path / "network.pth"
    torch.save({"features.0.bias": torch.ones(3), "epoch": 7}, path)
    read = read_torchvision(path, network="Network", remedy="fetch it")
    assert [*read] == ["features.0.bias"]
    torch.save({"features.0.bias": Other()}, path)
    with pytest.raises(ModelError, match=r"Network's weights in .* cannot be read .*; fetch it"):
        read_torchvision(path, network="Network", remedy="fetch it")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04torn", b"words"])
def test_a_file_that_is_none_is_one_line(tmp_path: Path, content: bytes):
    path = tmp_path / "network.pth"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot be read \(\w+\); fetch it"):
        read_torchvision(path, network="Network", remedy="fetch it")
    with pytest.raises(ModelError, match=r"cannot be read \(FileNotFoundError\)"):
        read_torchvision(tmp_path / "none.pth", network="Network", remedy="fetch it")


def test_a_name_with_a_hash_is_held_against_the_file(tmp_path: Path):
    torch.save({"bias": torch.ones(3)}, tmp_path / "plain.pth")
    content = (tmp_path / "plain.pth").read_bytes()
    right = tmp_path / f"network-{sha256_of_file(tmp_path / 'plain.pth')[:8]}.pth"
    wrong = tmp_path / "network-00000000.pth"
    for path in (right, wrong):
        path.write_bytes(content)
    assert [*read_torchvision(right, network="Network", remedy="")] == ["bias"]
    with pytest.raises(ModelError, match=r"must begin with 00000000, got .*; fetch it anew"):
        read_torchvision(wrong, network="Network", remedy="")
