"""A checkpoint is taken up by the very same run, and by no other."""

from __future__ import annotations

import errno
import logging
import pickle
from pathlib import Path

import pytest
import torch

from lienet.errors import InputError
from lienet.training.checkpoint import (
    CHECKPOINT_NAME,
    load_checkpoint,
    remove_checkpoint,
    save_checkpoint,
)


def test_round_trip(tmp_path: Path):
    state = {"run_key": "a", "step": 3, "model": {"w": torch.arange(3.0)}, "history": [{"step": 1}]}
    save_checkpoint(tmp_path / "new", state)
    loaded = load_checkpoint(tmp_path / "new", run_key="a")
    assert loaded is not None
    assert loaded["step"] == 3
    assert torch.equal(loaded["model"]["w"], torch.arange(3.0))
    assert loaded["history"] == [{"step": 1}]
    assert [path.name for path in (tmp_path / "new").iterdir()] == [CHECKPOINT_NAME]


def test_none_where_there_is_none(tmp_path: Path):
    assert load_checkpoint(tmp_path, run_key="a") is None


def test_another_run_is_not_taken_up(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    save_checkpoint(tmp_path, {"run_key": "a", "step": 1})
    with caplog.at_level(logging.INFO):
        assert load_checkpoint(tmp_path, run_key="b") is None
    assert "other params or data" in caplog.text


def test_one_of_an_older_format_is_not_taken_up(tmp_path: Path):
    torch.save({"run_key": "a", "step": 1}, tmp_path / CHECKPOINT_NAME)
    assert load_checkpoint(tmp_path, run_key="a") is None


class _Trap:
    """Unpickling this would create a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def test_code_inside_a_checkpoint_never_runs(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    sprung = tmp_path / "sprung"
    torch.save({"run_key": "a", "trap": _Trap(sprung)}, tmp_path / CHECKPOINT_NAME)
    assert load_checkpoint(tmp_path, run_key="a") is None
    (tmp_path / CHECKPOINT_NAME).write_bytes(pickle.dumps(_Trap(sprung)))
    assert load_checkpoint(tmp_path, run_key="a") is None
    assert not sprung.exists()
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize("kept", [0, 10, 500])
def test_cut_short(tmp_path: Path, kept: int):
    save_checkpoint(tmp_path, {"run_key": "a", "model": {"w": torch.zeros(1000)}})
    path = tmp_path / CHECKPOINT_NAME
    path.write_bytes(path.read_bytes()[:kept])
    assert load_checkpoint(tmp_path, run_key="a") is None


def test_remove(tmp_path: Path):
    save_checkpoint(tmp_path, {"run_key": "a"})
    remove_checkpoint(tmp_path)
    remove_checkpoint(tmp_path)
    assert load_checkpoint(tmp_path, run_key="a") is None


def test_a_full_disk_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    save_checkpoint(tmp_path, {"run_key": "a"})

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(InputError, match=r"checkpoint\.pt: No space left on device"):
        save_checkpoint(tmp_path, {"run_key": "b"})
    assert load_checkpoint(tmp_path, run_key="a") is not None
