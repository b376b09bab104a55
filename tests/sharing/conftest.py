"""What two machines of a team do with one run, told once for all tests of the folder.

The first pushes to an S3 bucket, the second clones, pulls and tries an experiment, both with
secrets in their environment and with the first one's MLflow store served to both.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.loopback_s3 import BUCKET, serve_s3
from tests.loopback_servers import MlflowServer
from tests.planted import SECRETS
from tests.small_clone import Clone

EXPERIMENT = "longer"
STEPS = 8


@dataclass
class Team:
    """Two machines, what they share and what their commands printed."""

    first: Clone
    second: Clone
    mlflow: MlflowServer
    outputs: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="session")
def first_machine(tiny_run: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A copy of the tiny run in which its results are committed; it has no remote."""
    root = tmp_path_factory.mktemp("first") / "a clone"
    shutil.copytree(tiny_run.root, root, symlinks=True)
    clone = Clone(root)
    clone.commit("as run")
    return clone


@pytest.fixture(scope="package")
def team(
    tiny_run: Clone, first_machine: Clone, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Team]:
    """The whole story, once; the servers run on to the last test of the folder."""
    folder = tmp_path_factory.mktemp("team")
    server = MlflowServer(folder / "mlflow", tiny_run.root / "data" / "state" / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch, serve_s3(patch) as bucket, server:
        for name, secret in SECRETS.items():
            patch.setenv(name, secret)
        host = server.url.removeprefix("http://")
        password = SECRETS["MLFLOW_TRACKING_PASSWORD"]
        patch.setenv("MLFLOW_TRACKING_URI", f"http://someone:{password}@{host}")
        first = Clone(folder / "first")
        first_machine.run("git", "clone", "--quiet", str(first_machine.root), str(first.root))
        shutil.copytree(first_machine.root / ".dvc" / "cache", first.root / ".dvc" / "cache")
        team = Team(first, Clone(folder / "second machine"), server)
        add_remote(first, f"s3://{BUCKET}/team", endpointurl=bucket.endpoint)
        team.outputs["push"] = first.run("dvc", "push")
        first.run("git", "clone", "--quiet", str(first.root), str(team.second.root))
        team.outputs["pull"] = team.second.run("dvc", "pull")
        team.outputs["repro"] = team.second.run("dvc", "repro")
        team.outputs["experiment"] = team.second.run(
            *("dvc", "exp", "run", "--name", EXPERIMENT),
            *("--set-param", f"+train.overrides.sr.steps={STEPS}", "evaluate@sr-lienet", "report"),
        )
        patch.undo()
        yield team


def add_remote(clone: Clone, url: str, **settings: str) -> None:
    """Give a clone its remote, as docs/sharing.md says, and commit it."""
    clone.run("dvc", "remote", "add", "--default", "team", url)
    for name, value in settings.items():
        clone.run("dvc", "remote", "modify", "team", name, value)
    clone.commit("The team's remote")
