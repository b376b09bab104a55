from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lienet.errors import InputError, ToolError
from lienet.promotion.registry import Registry, open_registry
from lienet.tracking.model_versions import Version
from lienet.tracking.store import connect
from lienet.workspace import Workspace
from tests.tracking.registered import make_package, write_quickly

if TYPE_CHECKING:
    from mlflow import MlflowClient


@pytest.fixture
def workspace(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("lienet.tracking.model_versions.build_folder", write_quickly)
    made = Workspace(tmp_path / "a clone")
    made.state_dir.mkdir(parents=True)
    shutil.copy(empty_store, made.state_dir / "mlflow.db")
    return made


def register(registry: Registry, folder: Path, *names: str) -> list[Version]:
    return [registry.register(make_package(folder, name)) for name in names]


def read_aliases(client: MlflowClient) -> dict[str, str]:
    aliases = client.get_registered_model("lienet-sr").aliases
    return {alias: str(number) for alias, number in aliases.items()}


def test_champions_come_and_go_and_the_list_of_them_stays(workspace: Workspace, tmp_path: Path):
    with open_registry(workspace, "sr") as registry:
        assert registry.find_champion() is None
        with pytest.raises(InputError, match="lienet-sr has no champion; promote a model first"):
            registry.roll_back()
        a, b, c = register(registry, tmp_path, "a", "b", "c")
        assert [each.number for each in (a, b, c)] == ["1", "2", "3"]
        assert registry.set_champion(a) is None
        with pytest.raises(InputError, match="had no champion before version 1"):
            registry.roll_back()
        assert registry.set_champion(b) == a
        assert registry.set_champion(c) == b
        assert registry.roll_back() == (b, c)
        assert registry.find_champion() == b
        assert registry.roll_back()[0] == a
        assert registry.find_champion() == a
        assert registry.set_champion(c) == a  # by hand, though it was rolled back
        champion = registry.find_champion()
        assert champion is not None
        assert champion.number == "3"
        assert champion.rolled_back_at is None
        assert registry.roll_back()[0] == a


def test_the_same_file_is_registered_once(workspace: Workspace, tmp_path: Path):
    with open_registry(workspace, "sr") as registry:
        first, again, other = register(registry, tmp_path, "a", "a", "b")
        assert first == again
        assert other.number == "2"
        assert other.label == "lienet-sr/2"


def test_a_champion_chosen_elsewhere_is_rolled_back_to(workspace: Workspace, tmp_path: Path):
    client = connect(f"sqlite:///{workspace.state_dir / 'mlflow.db'}", workspace.state_dir)
    with open_registry(workspace, "sr") as registry:
        a, b, c = register(registry, tmp_path, "a", "b", "c")
        registry.set_champion(a)
        client.set_registered_model_alias("lienet-sr", "champion", b.number)
        registry.set_champion(c)
        assert registry.roll_back()[0] == b
        client.delete_model_version("lienet-sr", a.number)
        with pytest.raises(InputError, match="had no champion before version 2"):
            registry.roll_back()


def test_a_promotion_that_was_cut_short_leaves_no_champion_that_never_was(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with open_registry(workspace, "sr") as registry:
        a, b, c = register(registry, tmp_path, "a", "b", "c")
        registry.set_champion(a)
        registry.set_champion(b)
        with monkeypatch.context() as patch:
            patch.setattr("mlflow.MlflowClient.set_registered_model_alias", lambda *given: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                registry.set_champion(c)
        assert registry.find_champion() == b
        assert registry.roll_back() == (a, b)


def test_a_challenger_that_wins_is_challenger_no_more(workspace: Workspace, tmp_path: Path):
    client = connect(f"sqlite:///{workspace.state_dir / 'mlflow.db'}", workspace.state_dir)
    with open_registry(workspace, "sr") as registry:
        a, b = register(registry, tmp_path, "a", "b")
        registry.set_champion(a)
        registry.set_challenger(b)
        assert read_aliases(client) == {"champion": "1", "challenger": "2"}
        registry.set_champion(b)
        assert read_aliases(client) == {"champion": "2"}
        marks = [client.get_run(each.run_id).data.tags["lienet.promoted"] for each in (a, b)]
        assert marks == ["", "champion"]


def test_what_was_registered_is_fetched_and_the_verdict_recorded(
    workspace: Workspace, tmp_path: Path
):
    client = connect(f"sqlite:///{workspace.state_dir / 'mlflow.db'}", workspace.state_dir)
    with open_registry(workspace, "sr") as registry:
        (version,) = register(registry, tmp_path, "a")
        (tmp_path / "fetched").mkdir()
        facts, scores, onnx_path = registry.fetch(version, tmp_path / "fetched")
        assert (facts, scores) == ({"name": "x"}, "protocol,test_set,key\n")
        assert onnx_path.read_bytes() == (tmp_path / "a.onnx").read_bytes()
        registry.record(version, {"lienet.gate": "kept" * 2000}, '{"passed": false}')
    found = client.get_model_version("lienet-sr", "1")
    assert len(found.tags["lienet.gate"]) == 5000
    assert found.description == "# a\n"
    run = client.get_run(version.run_id)
    assert run.info.run_name == "a"
    assert [each.path for each in client.list_artifacts(version.run_id, "gate")] == [
        "gate/version_1.json"
    ]
    assert len(run.outputs.model_outputs) == 1


def test_a_version_that_lienet_did_not_register_is_named(workspace: Workspace, tmp_path: Path):
    with open_registry(workspace, "sr") as registry:
        (version,) = register(registry, tmp_path, "a")
        (found,) = (workspace.state_dir / "mlartifacts").rglob("candidate.json")
        found.unlink()
        (tmp_path / "fetched").mkdir()
        with pytest.raises(ToolError, match="lienet-sr/1 does not hold what"):
            registry.fetch(version, tmp_path / "fetched")


def test_promotions_of_a_task_take_turns(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lienet.promotion.registry._LOCK_TIMEOUT_S", 0.1)
    with open_registry(workspace, "sr") as registry, open_registry(workspace, "sr") as other:
        with registry.exclusive():  # noqa: SIM117
            with pytest.raises(ToolError, match="lienet-sr is held by another promotion"):
                with other.exclusive():
                    pass
        with other.exclusive():
            pass


def test_a_server_that_is_away_is_one_line(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ann:secret@127.0.0.1:9")
    with (
        pytest.raises(ToolError, match=r"MLflow at http://127.0.0.1:9 does not answer"),
        open_registry(workspace, "sr") as registry,
    ):
        registry.find_champion()
