from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from lienet.errors import ToolError
from lienet.evaluation.optional.packages import PACKAGES, require_package


def test_the_extra_and_the_constraints_name_the_versions_that_are_taken(repository: Path):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    listed = project["project"]["optional-dependencies"]["metrics"]
    named = {tuple(line.partition(";")[0].split("==")) for line in listed}
    assert named == set(PACKAGES.values())
    pinned = (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert {f"{name}=={version}" for name, version in PACKAGES.values()} <= set(pinned)


@pytest.mark.parametrize(
    ("distribution", "found"), [("lienet-no-such-package", "none"), ("numpy", r"2\.[\d.]+")]
)
def test_a_missing_package_and_another_version_are_one_line(
    monkeypatch: pytest.MonkeyPatch, distribution: str, found: str
):
    monkeypatch.setitem(PACKAGES, "flip", (distribution, "1.7"))
    with pytest.raises(ToolError) as caught:
        require_package("flip")
    said = (
        rf"the metric flip needs {distribution} 1\.7, got {found}; "
        r"pip install '\.\[metrics\]' in lienet's folder, or take flip out of evaluate\.metrics"
    )
    assert re.fullmatch(said, str(caught.value))
