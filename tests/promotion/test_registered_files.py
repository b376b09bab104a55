"""A registered network is fetched by its address."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lienet.errors import InputError
from lienet.promotion.registered_files import fetch_registered
from lienet.promotion.registry import open_registry
from lienet.workspace import Workspace
from tests.tracking.registered import make_package, write_quickly


@pytest.fixture
def workspace(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("lienet.tracking.model_versions.build_folder", write_quickly)
    made = Workspace(tmp_path / "a clone")
    made.state_dir.mkdir(parents=True)
    shutil.copy(empty_store, made.state_dir / "mlflow.db")
    return made


def test_by_alias_and_by_number(workspace: Workspace, tmp_path: Path):
    package = make_package(tmp_path, "a")
    with open_registry(workspace, "sr") as registry:
        registry.set_champion(registry.register(package))
    for address in ("models:/lienet-sr@champion", "models:/lienet-sr/1"):
        folder = tmp_path / address.removeprefix("models:/lienet-").replace("/", "_")
        folder.mkdir()
        path, label = fetch_registered(workspace, address, folder)
        assert path.read_bytes() == package.onnx
        assert label == "a"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("models:/lienet-sr@challenger", "nothing is registered as"),
        ("models:/lienet-sr/7", "nothing is registered as"),
        ("models:/another", "a registered model is named as models:/lienet-TASK@champion"),
    ],
)
def test_what_is_not_there_is_one_line(
    workspace: Workspace, tmp_path: Path, address: str, said: str
):
    with pytest.raises(InputError, match=said):
        fetch_registered(workspace, address, tmp_path)
