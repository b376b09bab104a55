"""Where a run comes from: the commit and its cleanliness, and the hashes DVC gave to its data.

Reads only; a checkout without git, or data that DVC has not met, gives fewer tags and no error.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

_CODE = ("lienet", "params.yaml", "dvc.yaml", "constraints.txt")
_GIT_TIMEOUT_S = 10.0


def describe_code(root: Path) -> dict[str, str]:
    """Return the tags of the commit that ``root`` stands at; none where git cannot say."""
    commit = _ask_git(root, "rev-parse", "HEAD")
    if commit is None:
        return {}
    changes = _ask_git(root, "status", "--porcelain", "--", *_CODE)
    tags = {"mlflow.source.git.commit": commit, "lienet.git_commit": commit}
    if changes is not None:
        tags["lienet.git_dirty"] = str(bool(changes)).lower()
    return tags


def describe_data(lock_path: Path, task: str) -> dict[str, str]:
    """Return one tag for each split of the task's shards that ``dvc.lock`` holds a hash of."""
    try:
        lock: Any = yaml.safe_load(lock_path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return {}
    stages = (lock.get("stages") or {}) if isinstance(lock, dict) else {}
    folder = f"data/shards/{task}/"
    tags = {}
    for stage in stages.values():
        for out in stage.get("outs", []):
            path = str(out.get("path", ""))
            if path.startswith(folder) and "md5" in out:
                tags[f"lienet.data.{path.removeprefix(folder)}"] = str(out["md5"])
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
