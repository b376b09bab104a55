"""Versions as installed, by the names that packages are imported by."""

from __future__ import annotations

import platform
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from lienet import versions
from lienet.fingerprint import Fingerprints
from lienet.observers import PACKAGES_LEFT_OUT, RELIED_UPON
from lienet.versions import DISTRIBUTIONS, find_deviations, find_plugin_packages, find_versions


def test_of_python_the_minor_version_counts_and_of_a_build_nothing(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(versions, "version", lambda name: "2.13.0+cpu")
    minor = ".".join(platform.python_version_tuple()[:2])
    assert find_versions(["torch"]) == {"python": minor, "torch": "2.13.0"}


def test_a_package_with_an_unlikely_name_is_found_and_one_that_is_absent_passed_over():
    found = find_versions(["dateutil", "no_such_package"])
    assert found.keys() == {"python", "python-dateutil"}


def test_an_installed_package_with_parts_of_its_own_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "more_parts-1.5.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: more-parts\nVersion: 1.5\n")
    (folder / "entry_points.txt").write_text("[lienet.metrics]\nsharpness = more_parts:measure\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert find_plugin_packages() == {"more-parts": "1.5"}
    assert Fingerprints().of_stage("export").packages["more-parts"] == "1.5"


def test_versions_that_differ_from_the_constraints_are_named(tmp_path: Path):
    path = tmp_path / "constraints.txt"
    path.write_text("# Made by pip freeze\nnumpy==2.4.6\nPyWavelets==1.9.0\n")
    found = {"numpy": "2.5.0", "PyWavelets": "1.9.0", "python": "3.11"}
    expected = ["numpy 2.5.0 is installed, constraints.txt says 2.4.6"]
    assert find_deviations(found, path) == expected
    assert find_deviations(found, tmp_path / "none.txt") == []


def test_packages_are_asked_for_by_the_name_that_they_are_installed_by():
    fingerprints, installed = Fingerprints(), packages_distributions()
    for module in fingerprints.of_all().modules:
        names = fingerprints.graph.read(module).top_names
        names.update(*(RELIED_UPON.get(name, ()) for name in {module, *names}))
        for name in names - {"lienet", *(package.name for package in PACKAGES_LEFT_OUT)}:
            if name not in sys.stdlib_module_names and name in installed:
                expected = {_normalise(distribution) for distribution in installed[name]}
                assert _normalise(DISTRIBUTIONS.get(name, name)) in expected


def _normalise(name: str) -> str:
    return re.sub(r"[._-]+", "-", name).lower()
