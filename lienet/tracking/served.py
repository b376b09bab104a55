"""``python -m lienet.tracking.served``: MLflow's server over this workspace's store.

While it runs, what works in this workspace goes through it too, and so finds artifacts where all
other machines do. Takes the arguments of ``mlflow server``; ``make server`` is what starts it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lienet.errors import InputError, LienetError
from lienet.files import locked, write_text
from lienet.tracking.locations import SERVED, point_artifacts
from lienet.workspace import Workspace

_LOCK, _ADDRESS = "mlflow-served.lock", "mlflow-served.url"


def main(arguments: list[str]) -> int:
    """Serve until the server ends; return its exit code."""
    try:
        state_dir = Workspace.find(Path.cwd()).state_dir
        with locked(state_dir / _LOCK, waits=False):
            point_artifacts(state_dir / "mlflow.db", SERVED)
            port = arguments[arguments.index("--port") + 1]
            write_text(state_dir / _ADDRESS, f"http://127.0.0.1:{port}")
            command = [sys.executable, "-m", "lienet.tracking.first_page", *arguments]
            return subprocess.run(command, check=False).returncode
    except LienetError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def find_server(state_dir: Path) -> str | None:
    """Return the address of the server that runs over a workspace's store; None if none does."""
    if not (state_dir / _ADDRESS).is_file():
        return None
    try:
        with locked(state_dir / _LOCK, waits=False):
            return None
    except InputError:
        return (state_dir / _ADDRESS).read_text(encoding="utf-8").strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
