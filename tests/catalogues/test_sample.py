"""The sample is there, is licensed, and fills every split."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from lienet.catalogues import sample
from lienet.catalogues.sample import find_sample
from lienet.errors import ToolError
from lienet.images import probe_image
from lienet.params.sources import SampleName


def test_pictures_and_their_sizes() -> None:
    sizes = {}
    for found in find_sample("auto"):
        info = probe_image(found.read(10**7).head)
        sizes[found.name] = (info.width_px, info.height_px)
    assert sizes == {
        "chelsea.png": (451, 300),
        "china.jpg": (640, 427),
        "coffee.png": (600, 400),
        "flower.jpg": (640, 427),
        "ihc.png": (512, 512),
        "motorcycle_left.png": (741, 500),
        "rocket.jpg": (640, 427),
    }


def test_the_portrait_comes_only_by_name() -> None:
    assert [found.name for found in find_sample("test", ["astronaut"])] == ["astronaut.png"]
    several = find_sample("auto", ["coffee", "astronaut"])
    assert {found.name for found in several} == {"astronaut.png", "coffee.png"}


def test_params_know_every_name() -> None:
    known = get_args(SampleName)
    assert sorted(Path(found.name).stem for found in find_sample("auto", known)) == list(known)


def test_auto_fills_every_split() -> None:
    splits = {found.name: found.split for found in find_sample("auto")}
    assert {name for name, split in splits.items() if split == "test"} == {
        "chelsea.png",
        "china.jpg",
    }
    assert {name for name, split in splits.items() if split == "valid"} == {"rocket.jpg"}
    assert set(splits.values()) == {"train", "valid", "test"}


def test_named_split_goes_for_all() -> None:
    assert {found.split for found in find_sample("test")} == {"test"}


def test_everyone_is_credited() -> None:
    credits = {found.name: (found.licence, found.author) for found in find_sample("auto")}
    assert all(licence and author for licence, author in credits.values())
    assert credits["flower.jpg"] == ("CC-BY-2.0", "vultilion")
    assert credits["coffee.png"] == ("CC0-1.0", "Rachel Michetti")


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from lienet.catalogues.sample import find_sample; list(find_sample('auto'));"
        "sys.exit(sorted({'skimage', 'sklearn', 'scipy', 'pooch'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "find_spec", lambda _: None)
    with pytest.raises(ToolError, match="need scikit-image; pip install scikit-image"):
        list(find_sample("auto"))


def test_package_without_its_pictures_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Spec:
        origin = str(tmp_path / "__init__.py")

    monkeypatch.setattr(sample, "find_spec", lambda _: Spec)
    with pytest.raises(ToolError, match=r"scikit-image came without .*chelsea\.png"):
        list(find_sample("auto"))
