from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from lienet.errors import ToolError
from lienet.screening.dvc_cache import find_cache, remove_cached


def test_without_dvc_there_is_no_cache(tmp_path: Path):
    assert find_cache(tmp_path) is None


def test_dvc_says_where_its_cache_is(tmp_path: Path):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    no_scm = True\n")
    assert find_cache(tmp_path).resolve() == (tmp_path / ".dvc/cache").resolve()
    (tmp_path / ".dvc/config").write_text(f"[cache]\n    dir = {tmp_path}/shared\n")
    (tmp_path / ".dvc/config.local").write_text("[core]\n    no_scm = True\n")
    assert find_cache(tmp_path) == tmp_path / "shared"


def test_a_cache_that_dvc_does_not_tell_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / ".dvc").mkdir()
    failed = subprocess.CompletedProcess([], 1, "", "ERROR: no config")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(ToolError, match="does not say where its cache is: ERROR: no config"):
        find_cache(tmp_path)


def test_only_the_copy_of_that_file_is_removed_and_none_is_needed(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"a photograph")
    md5 = hashlib.md5(b"a photograph").hexdigest()
    copy, other = (tmp_path / "files/md5" / md5[:2] / name for name in (md5[2:], "other"))
    copy.parent.mkdir(parents=True)
    for path in (copy, other):
        path.write_bytes(b"a photograph")
    for _ in range(2):
        remove_cached(tmp_path, tmp_path / "a")
    assert (copy.exists(), other.exists()) == (False, True)
