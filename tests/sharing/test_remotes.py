"""What one machine has pushed, a fresh clone pulls, and has nothing left to run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.sharing.conftest import Team, add_remote
from tests.small_clone import Clone, stages_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.services,
    pytest.mark.timeout(2400),
    pytest.mark.xdist_group("pipeline"),
]


def test_an_s3_bucket_brings_a_run_to_another_machine(team: Team, first_machine: Clone):
    assert "files pushed" in team.outputs["push"]
    assert stages_run(team.outputs["repro"]) == set()
    assert "Data and pipelines are up to date." in team.outputs["repro"]


def test_a_folder_brings_a_run_to_another_machine(first_machine: Clone, tmp_path: Path):
    first, second = Clone(tmp_path / "first"), Clone(tmp_path / "second")
    first_machine.run("git", "clone", "--quiet", str(first_machine.root), str(first.root))
    # Objects that the first machine lacks come from its own cache, named as the second's.
    first.run("dvc", "cache", "dir", "--local", str(first_machine.root / ".dvc" / "cache"))
    add_remote(first, str(tmp_path / "shared folder"))
    first.run("dvc", "push")
    first.run("git", "clone", "--quiet", str(first.root), str(second.root))
    second.run("dvc", "pull")
    assert stages_run(second.run("dvc", "repro")) == set()
    assert second.changed_files() == []
    assert _read_outputs(second) == _read_outputs(first_machine)


def test_shards_are_not_stored_twice(team: Team, tmp_path: Path):
    if _has_reflinks(tmp_path):
        pytest.skip("this file system shares blocks by reflinks, which leave no trace to look for")
    shards = list((team.second.root / "data" / "shards" / "sr").rglob("*.tar"))
    assert shards
    assert {path.stat().st_nlink for path in shards} == {2}


def test_no_stage_has_written_through_a_link_into_the_cache(team: Team, tiny_run: Clone):
    for clone in (team.second, tiny_run):
        objects = [
            path
            for path in (clone.root / ".dvc" / "cache" / "files" / "md5").rglob("*")
            if path.is_file()
        ]
        assert len(objects) > 20
        for path in objects:
            name = (path.parent.name + path.name).removesuffix(".dir")
            assert hashlib.md5(path.read_bytes()).hexdigest() == name, path


def test_an_object_that_no_commit_needs_is_collected(team: Team):
    unused = team.second.root / ".dvc" / "cache" / "files" / "md5" / "00" / ("0" * 30)
    unused.parent.mkdir(exist_ok=True)
    unused.write_bytes(b"of a run that nobody kept")
    collect = ("dvc", "gc", "--workspace", "--all-commits", "--all-experiments", "--force")
    team.second.run(*collect, "--dry")
    assert unused.exists()
    team.second.run(*collect)
    assert not unused.exists()
    status = json.loads(team.second.run("dvc", "data", "status", "--json"))
    assert "not_in_cache" not in status


def _read_outputs(clone: Clone) -> dict[str, bytes]:
    """Return the bytes of every file below the outputs that DVC keeps."""
    contents = {}
    for name in clone.locked_hashes():
        path = clone.root / name
        for one in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if one.is_file():
                contents[str(one.relative_to(clone.root))] = one.read_bytes()
    return contents


def _has_reflinks(folder: Path) -> bool:
    from dvc_objects.fs.system import reflink

    (folder / "one").write_bytes(b"1")
    try:
        reflink(str(folder / "one"), str(folder / "other"))
    except OSError:
        return False
    return True
