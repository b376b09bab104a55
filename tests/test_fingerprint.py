"""The fingerprint of a stage: its parts, what changes it, and what it says has changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lienet import versions
from lienet.fingerprint import Fingerprint, Fingerprints

PACKAGE = {
    "__init__.py": "",
    "stages/__init__.py": "",
    "stages/code.py": "",
    "stages/paint.py": "from lienet.colours import mixing\nimport cv2\n",
    "stages/hang.py": "import json\nimport lienet.colours.nails\n",
    "colours/__init__.py": "",
    "colours/mixing.py": "SHARE = 0.5\n",
    "colours/nails.py": "",
    "colours/palette.csv": "red,green\n",
    "colours/tables/more.csv": "1,2\n",
    "colours/py.typed": "",
    "colours/__pycache__/mixing.cpython-311.pyc": "",
    "colours/.DS_Store": "",
    "tracking/__init__.py": "",
    "frames/__init__.py": "",
    "frames/wood.html": "<wood>",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package with two stages."""
    for name, content in PACKAGE.items():
        path = tmp_path / "lienet" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "lienet"


def of_stage(package: Path, stage: str, *extra: Path) -> Fingerprint:
    return Fingerprints(package, extra).of_stage(stage)


def test_stages_are_the_modules_of_their_package_but_code(package: Path):
    assert Fingerprints(package).list_stages() == ["hang", "paint"]


def test_modules_are_those_that_the_stage_imports_with_the_packages_on_the_way(package: Path):
    assert list(of_stage(package, "paint").modules) == [
        "lienet.colours",
        "lienet.colours.mixing",
        "lienet.stages",
        "lienet.stages.paint",
    ]


def test_files_are_those_that_lie_in_packages_of_which_a_module_counts(package: Path):
    found = of_stage(package, "paint")
    assert list(found.files) == ["lienet/colours/palette.csv", "lienet/colours/tables/more.csv"]
    (package / "colours/palette.csv").write_text("red,blue\n")
    assert of_stage(package, "paint").changes_since(found) == ["lienet/colours/palette.csv"]


def test_packages_are_those_that_the_modules_import(package: Path):
    assert list(of_stage(package, "hang").packages) == ["python"]
    assert list(of_stage(package, "paint").packages) == ["opencv-python-headless", "python"]


def test_another_version_of_a_package_makes_its_users_stale_and_no_others(
    package: Path, monkeypatch: pytest.MonkeyPatch
):
    former = {stage: of_stage(package, stage) for stage in ("hang", "paint")}
    monkeypatch.setattr(versions, "version", lambda name: "99.0")
    assert of_stage(package, "hang") == former["hang"]
    (change,) = of_stage(package, "paint").changes_since(former["paint"])
    assert change.startswith("opencv-python-headless ")
    assert change.endswith(" -> 99.0")


def test_a_new_opencv_spares_the_stages_that_read_no_picture(monkeypatch: pytest.MonkeyPatch):
    version = versions.version
    former = {stage: Fingerprints().of_stage(stage) for stage in Fingerprints().list_stages()}
    monkeypatch.setattr(
        versions, "version", lambda name: "99" if "opencv" in name else version(name)
    )
    fingerprints = Fingerprints()
    same = {stage for stage, found in former.items() if fingerprints.of_stage(stage) == found}
    assert same == {"download", "export"}  # photographs are read by Pillow


def test_a_plugin_counts_for_every_stage_with_what_it_imports(package: Path, tmp_path: Path):
    former = {stage: of_stage(package, stage) for stage in ("hang", "paint")}
    plugin = tmp_path / "my_parts.py"
    plugin.write_text("import my_constants\nimport lienet.colours.mixing\nimport numpy\n")
    (tmp_path / "my_constants.py").write_text("X = 1\n")
    changes = of_stage(package, "hang", plugin).changes_since(former["hang"])
    named = ["lienet.colours.mixing", "my_constants.py", "my_parts.py"]
    assert changes == [*named, f"numpy none -> {np.__version__}"]
    with_plugin = of_stage(package, "paint", plugin)
    plugin.write_text(plugin.read_text() + "# a comment\n")
    assert of_stage(package, "paint", plugin) == with_plugin
    (tmp_path / "my_constants.py").write_text("X = 2\n")
    assert of_stage(package, "paint", plugin).changes_since(with_plugin) == ["my_constants.py"]


def test_the_fingerprint_of_all_holds_what_any_stage_is_made_of(package: Path):
    fingerprints = Fingerprints(package)
    before = fingerprints.of_all()
    for stage in fingerprints.list_stages():
        assert fingerprints.of_stage(stage).modules.items() <= before.modules.items()
    assert len(before.digest) == 64
    (package / "colours/nails.py").write_text("LENGTH_MM = 40\n")
    assert Fingerprints(package).of_all().digest != before.digest
