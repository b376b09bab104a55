"""A command whose packages are not installed says which extra brings them."""

from __future__ import annotations

import sys

import pytest

from lienet.cli import main
from lienet.cli.extras import explain_missing_package


@pytest.mark.parametrize(
    ("package", "extra"),
    [
        ("torch", "train"),
        ("distributed", "cluster"),
        ("prefect", "flows"),
        ("fastapi", "serve"),  # in the extra flows as well, which brings more
    ],
)
def test_the_extra_that_brings_a_package_is_named(package: str, extra: str):
    said = explain_missing_package(ModuleNotFoundError(name=f"{package}.nn"))
    assert said is not None
    assert f"needs {package}" in said
    assert f"pip install '.[{extra}]' in lienet's folder" in said


def test_a_package_that_no_extra_brings_is_an_error_of_the_code():
    assert explain_missing_package(ModuleNotFoundError(name="nonsense")) is None


def test_the_command_line_says_it_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], repository
):
    monkeypatch.chdir(repository)
    monkeypatch.setattr(sys, "argv", ["lienet", "models"])
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "lienet.evaluation.costs", raising=False)
    with pytest.raises(SystemExit):
        main()
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "pip install '.[train]'" in error
