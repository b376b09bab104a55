"""Credentials live in the environment alone: nothing that a run writes or prints holds them."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.planted import SECRETS, find_secrets
from tests.sharing.conftest import Team
from tests.small_clone import Clone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.services,
    pytest.mark.timeout(2400),
    pytest.mark.xdist_group("pipeline"),
]
SECRET = SECRETS["MLFLOW_TRACKING_PASSWORD"]


def test_planted_secrets_are_found_nowhere(team: Team, tiny_run: Clone):
    state = tiny_run.root / "data" / "state"  # where the former runs' artifacts lie
    places = [team.first.root, team.second.root, team.mlflow.folder, state]
    assert find_secrets(places, team.outputs.values()) == []


def test_a_server_that_is_away_is_named_without_its_password(
    team: Team, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://someone:{SECRET}@127.0.0.1:9/path")
    output = team.second.run("lienet", "train", "sr-lienet")
    assert "MLflow at http://127.0.0.1:9/path is not up to date" in output
    assert find_secrets([team.second.root], [output]) == []


def test_the_remote_is_written_down_without_credentials(repository: Path, team: Team):
    for clone in (repository, team.first.root, team.second.root):
        text = (clone / ".dvc" / "config").read_text()
        assert not {"secret", "password", "access_key", "token"} & set(
            text.replace("=", " ").split()
        )
        assert "@" not in text


@pytest.mark.parametrize("before", ["", "u:", "user:"])
def test_the_search_finds_what_is_planted(tmp_path: Path, before: str):
    import gzip

    header = base64.b64encode(f"{before}{SECRET}".encode())
    (tmp_path / "header.txt").write_bytes(b"Authorization: Basic " + header)
    (tmp_path / "packed.gz").write_bytes(gzip.compress(SECRET.encode()))
    clone = Clone(tmp_path / "clone")
    clone.root.mkdir()
    clone.run("git", "init", "--quiet")
    (clone.root / "removed.txt").write_text(SECRET)
    clone.commit("a mistake")
    (clone.root / "removed.txt").unlink()
    found = find_secrets([tmp_path], [f"log: {SECRET}"])
    names = sorted({Path(line.partition(":")[0].split()[0]).name for line in found})
    assert names == [".git", "header.txt", "output", "packed.gz"]
