"""A compiled network computes the same; where it cannot be compiled one line says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from lienet.errors import ToolError
from lienet.training.compilation import compiling

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
NETWORK = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.LeakyReLU(0.1))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that was compiled before is taken up."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    torch._dynamo.reset()


def test_unasked_the_network_stays_as_it_is():
    with compiling(NETWORK, asked=False) as network:
        assert network is NETWORK


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
def test_compiled_it_computes_the_same():
    inputs = torch.rand(3, 4)
    with compiling(NETWORK, asked=True) as network:
        torch.testing.assert_close(network(inputs), NETWORK(inputs))


@pytest.mark.slow
def test_a_compiler_that_fails_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("torch._inductor.config.cpp.cxx", ("no_such_compiler",))
    with (
        pytest.raises(ToolError, match=r"^train\.compile: .* set train\.compile to false"),
        compiling(NETWORK, asked=True) as network,
    ):
        network(torch.rand(3, 4))


def test_of_a_folder_with_a_space_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch):
    from torch._dynamo.exc import TorchDynamoException

    monkeypatch.setattr("torch.__file__", "/a b/torch/__init__.py")
    output = "C++ compile error\nOutput:\n/usr/bin/ld: cannot find -ltorch: No such file\n"
    with (
        pytest.raises(ToolError, match=r"cannot find -ltorch.*folder without spaces, or set"),
        compiling(NETWORK, asked=True),
    ):
        raise TorchDynamoException(output)
