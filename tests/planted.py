"""Secrets that are planted in the environment, and the search for them in all that a run wrote."""

from __future__ import annotations

import base64
import gzip
import subprocess
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import pandas as pd

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "/".join(["planted", "aws+secret", "93be20d57a"]),
    "MLFLOW_TRACKING_PASSWORD": "-".join(["planted", "mlflow", "c04f7a61e9"]),
    "PREFECT_API_KEY": "_".join(["pnu", "planted8e05d3a1b762"]),
}
"""What must be found nowhere, by the variable that it belongs to; put together here, since a clone
of the project, which is searched too, holds this file."""


def find_secrets(places: Iterable[Path], outputs: Iterable[str] = ()) -> list[str]:
    """Return where secrets are, however written: plain, in base64 or in a URL.

    Args:
        places: folders, of which every byte is searched, and every object of their git
            repositories; compressed files are opened.
        outputs: what commands printed.
    """
    found = []
    for number, output in enumerate(outputs):
        found += [f"output {number}: {name}" for name in _names_in(output.encode())]
    for place in places:
        for where, content in _contents_of(place):
            found += [f"{where}: {name}" for name in _names_in(content)]
    return found


def _names_in(content: bytes) -> list[str]:
    return [
        name
        for name, secret in SECRETS.items()
        if any(form in content for form in _forms_of(secret))
    ]


def _forms_of(secret: str) -> set[bytes]:
    """Return how a secret may be written; in base64 behind any number of other bytes."""
    forms = {secret.encode(), quote(secret, safe="").encode()}
    for before in range(3):
        encoded = base64.b64encode(b"." * before + secret.encode() + b".." * 3)
        forms.add(encoded[4 : 4 + 4 * (len(secret) // 3 - 2)])
    return forms


def _contents_of(place: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(place.rglob("*")):
        if path.name == ".git" and path.is_dir():
            yield str(path), _objects_of(path)
        if not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes()
        yield str(path), content + str(path).encode()
        if content.startswith(b"\x1f\x8b"):
            yield f"{path} unpacked", gzip.decompress(content)
        elif content.startswith(b"\x78\x9c"):
            yield f"{path} unpacked", zlib.decompress(content)
        elif path.suffix == ".parquet":
            yield f"{path} unpacked", pd.read_parquet(path).to_csv().encode()
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield f"{path} {name}", archive.read(name)


def _objects_of(git_dir: Path) -> bytes:
    """Return every commit, tree and file that a repository holds, experiments included."""
    return subprocess.run(
        ["git", f"--git-dir={git_dir}", "cat-file", "--batch", "--batch-all-objects"],
        check=True,
        capture_output=True,
    ).stdout
