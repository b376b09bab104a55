from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from lienet.deployment.formats import litert_script


def test_the_program_and_its_example_go_to_the_converter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    example = (torch.rand(1, 3, 8, 8),)
    program = torch.export.export(nn.Conv2d(3, 3, 1), example, strict=False)
    torch.export.save(program, tmp_path / "a.pt2")

    def convert(module: nn.Module, arguments: tuple[torch.Tensor, ...]) -> SimpleNamespace:
        made = module(*arguments)
        return SimpleNamespace(export=lambda path: Path(path).write_text(str(tuple(made.shape))))

    monkeypatch.setitem(sys.modules, "litert_torch", SimpleNamespace(convert=convert))
    litert_script.main(str(tmp_path / "a.pt2"), str(tmp_path / "a.tflite"))
    assert (tmp_path / "a.tflite").read_text() == "(1, 3, 8, 8)"
