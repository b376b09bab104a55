"""The commit that a run comes from, and whether code or params differ from it.

Reads only; a checkout without git gives no tags and no error.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

_CODE = ("lienet", "params.yaml", "dvc.yaml", "constraints.txt")
COMMIT_TAG = "lienet.git_commit"
_GIT_TIMEOUT_S = 10.0


def describe_code(root: Path) -> dict[str, str]:
    """Return the tags of the commit that ``root`` stands at; none where git cannot say."""
    commit = _ask_git(root, "rev-parse", "HEAD")
    if commit is None:
        return {}
    changes = _ask_git(root, "status", "--porcelain", "--", *_CODE)
    tags = {"mlflow.source.git.commit": commit, COMMIT_TAG: commit}
    if changes is not None:
        tags["lienet.git_dirty"] = str(bool(changes)).lower()
    return tags


def _ask_git(root: Path, *words: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=_GIT_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
