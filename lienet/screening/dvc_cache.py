"""DVC's local cache: where it is, and the removal of one file's copy from it.

What is not in the cache cannot be pushed. A cached file is removed, never written to.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from lienet.errors import ToolError


def find_cache(root: Path) -> Path | None:
    """Return the folder of DVC's cache of a workspace; None where DVC keeps none.

    Raises:
        ToolError: DVC does not say where it is.
    """
    if not (root / ".dvc").is_dir():
        return None
    command = [sys.executable, "-m", "dvc", "cache", "dir"]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise ToolError(
            f"DVC does not say where its cache is: {ran.stderr.strip()[-200:]}",
            remedy="see that `dvc cache dir` works, or set filter.purge_refused: false",
        )
    return root / ran.stdout.strip()


def remove_cached(cache_dir: Path, path: Path) -> None:
    """Remove the cache's copy of a file, if it has one.

    Raises:
        OSError: the file cannot be read, or its copy cannot be removed.
    """
    with path.open("rb") as stream:
        md5 = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    (cache_dir / "files" / "md5" / md5[:2] / md5[2:]).unlink(missing_ok=True)
