"""Kinds of source: lienet's own are found by name, and a user's own finds photographs likewise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lienet.catalogues.found import FoundFile
from lienet.catalogues.kinds import Folder
from lienet.catalogues.remote import Depot
from lienet.params import Source, load_params, sources
from tests.folder_source import folder_source


class Drawer(Source):
    """One photograph."""

    licence: str

    def find(self, root: Path, depot: Depot) -> Iterator[FoundFile]:
        yield FoundFile("a.png", str(root / "a.png"), self.licence, "me", "here", self.split)


class Cabinet(Source):
    """Nothing is known of it."""

    def find(self, root: Path, depot: Depot) -> Iterator[FoundFile]:
        return iter(())


DRAWER = {"kind": "drawer", "permitted_use": None, "split": "auto", "licence": "CC0-1.0"}


@pytest.fixture
def depot(repository: Path, tmp_path: Path) -> Depot:
    return Depot(tmp_path, load_params(repository / "params.yaml").download.transfer)


def test_the_five_kinds_are_built_in():
    assert {"div2k", "ffhq", "folder", "open_images", "sample"} <= set(sources.names())


def test_a_kind_of_ones_own_finds_its_files_and_has_a_use(depot: Depot, tmp_path: Path):
    drawer = Drawer.model_validate(DRAWER)
    (found,) = drawer.find(tmp_path, depot)
    assert (found.location, found.licence) == (str(tmp_path / "a.png"), "CC0-1.0")
    assert drawer.use == "commercial"
    assert drawer.is_reference


def test_a_licence_that_is_not_stated_permits_nothing_that_is_known():
    stated = {key: value for key, value in DRAWER.items() if key != "licence"}
    assert Cabinet.model_validate(stated).use == "unknown"


def test_a_folder_is_found_with_and_without_a_manifest(depot: Depot, tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "b.png").write_bytes(b"")
    source = Folder.model_validate(folder_source(path=str(tmp_path), split="auto"))
    names = [file.name for file in source.find(tmp_path, depot)]
    assert names == ["a.png", "b.png"]
    (tmp_path / "list.csv").write_text("path\nb.png\n")
    listed = source.model_copy(update={"manifest": "list.csv"})
    assert [file.name for file in listed.find(tmp_path, depot)] == ["b.png"]
