"""The package read as source: its files, its modules, and what each stage is made of."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lienet.fingerprint import Fingerprints


@dataclass(frozen=True)
class Source:
    """One module of the package, parsed."""

    name: str
    path: Path
    """Relative to the checkout."""
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"


@pytest.fixture(scope="session")
def fingerprints(repository: Path) -> Fingerprints:
    """The fingerprints of the checkout's stages, with the import graph that they are made of."""
    return Fingerprints(repository / "lienet")


@pytest.fixture(scope="session")
def sources(repository: Path, fingerprints: Fingerprints) -> dict[str, Source]:
    """Every module of lienet by its dotted name."""
    return {
        name: Source(name, path.relative_to(repository), ast.parse(path.read_bytes()))
        for name, path in fingerprints.graph.paths.items()
    }


@pytest.fixture(scope="session")
def entries(repository: Path) -> dict[str, dict[str, Any]]:
    """The entries of dvc.yaml by name, ``foreach`` unwrapped, templates unresolved."""
    stages = yaml.safe_load((repository / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return {name: stage.get("do", stage) for name, stage in stages.items()}


@pytest.fixture(scope="session")
def pipeline(entries: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The stages alone: an entry ``<stage>_<part>`` is a second way into its stage."""
    return {
        name: entry
        for name, entry in entries.items()
        if not any(name.startswith(f"{stage}_") for stage in entries)
    }


@pytest.fixture(scope="session")
def project_files(repository: Path) -> list[Path]:
    """Every text file that is, or would be, committed; relative to the checkout."""
    if not (repository / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        check=True,
        capture_output=True,
    )
    names = [Path(name) for name in listed.stdout.decode().split("\0") if name]
    binary = {".png", ".jpg", ".webp", ".npz", ".onnx", ".parquet"}
    return [name for name in names if (repository / name).is_file() and name.suffix not in binary]
