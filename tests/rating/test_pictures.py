from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lienet.enhancing.files import plan_jobs
from lienet.enhancing.run import Choices, enhance_files
from lienet.errors import InputError
from lienet.evaluation.keeping import ImageKeeper
from lienet.evaluation.scoring import EnhancedImage
from lienet.rating.pictures import find_versions
from tests.enhancing.networks import make_model
from tests.rating.made import write_method


@pytest.fixture
def methods_dir(tmp_path: Path) -> Path:
    for level, name in enumerate(("a", "b", "c")):
        write_method(tmp_path / "methods" / name, ["one", "far/two"], level=level)
    return tmp_path / "methods"


def test_a_folder_for_each_method_with_its_pictures(methods_dir: Path):
    found = find_versions(methods_dir)
    assert (found.methods, found.pictures) == (["a", "b", "c"], ["far/two", "one"])
    assert found.files["b"]["far/two"] == methods_dir / "b" / "far" / "two.png"
    assert find_versions(methods_dir, only=["c", "a"]).methods == ["a", "c"]


def test_what_evaluate_keeps_is_taken_at_the_scales_that_all_have(tmp_path: Path):
    pixels = np.zeros((4, 6, 3), np.uint8)
    for method, scales in {"bicubic": (2, 4), "lienet": (4,)}.items():
        keeper = ImageKeeper(tmp_path / "sr" / method / "images", images_per_set=1)
        for scale in scales:
            for key in ("first", "second"):
                keeper.keep(EnhancedImage(scale, "kodak24", key, pixels, pixels, pixels))
        (tmp_path / "sr" / method / "per_image.csv").write_text("key\n")
    (tmp_path / "sr" / "lienet-formats").mkdir()
    (tmp_path / "sr" / "lienet.json").write_text("{}")
    found = find_versions(tmp_path / "sr")
    assert (found.methods, found.pictures) == (["bicubic", "lienet"], ["x4/kodak24/first"])


def test_what_enhance_wrote_by_two_networks_is_matched_by_the_pictures_names(tmp_path: Path):
    (photo,) = write_method(tmp_path / "photos", ["my_photo_1"], level=0).iterdir()
    for scale, name in ((2, "twice"), (4, "other_x4")):
        model = make_model(tmp_path, scale, model=name)
        jobs = plan_jobs([photo], tmp_path / "out" / name, suffix=model.suffix, kind="png")
        outcomes = enhance_files(jobs, model, Choices(), lambda _: None)
        assert [outcome.status for outcome in outcomes] == ["done"]
    found = find_versions(tmp_path / "out")
    assert found.pictures == ["my_photo_1"]
    assert found.files["other_x4"]["my_photo_1"].name == "my_photo_1_other_x4.png"


def test_references_are_found_by_the_whole_name_or_its_last_part(methods_dir: Path, tmp_path: Path):
    references = write_method(tmp_path / "references", ["one", "two", "three"], level=0)
    found = find_versions(methods_dir, references).references
    assert found == {"one": references / "one.png", "far/two": references / "two.png"}
    (references / "two.png").unlink()
    with pytest.raises(InputError, match=r"1 of 2 pictures have no reference .* none for far/two"):
        find_versions(methods_dir, references)


def test_unequal_sets_of_pictures_are_refused(methods_dir: Path):
    Image.new("RGB", (40, 30)).save(methods_dir / "b" / "three.png")
    with pytest.raises(InputError, match="images of the same names, got three in one of them only"):
        find_versions(methods_dir)


def test_fewer_than_two_methods_unknown_ones_and_empty_folders_are_refused(methods_dir: Path):
    with pytest.raises(InputError, match="each of two methods or more, got a"):
        find_versions(methods_dir, only=["a"])
    with pytest.raises(InputError, match="has the methods a, b, c, got d"):
        find_versions(methods_dir, only=["a", "d"])
    with pytest.raises(InputError, match="there is no folder"):
        find_versions(methods_dir / "nowhere")
    shutil.rmtree(methods_dir / "c" / "far")
    (methods_dir / "c" / "one.png").unlink()
    with pytest.raises(InputError, match="there is no image in"):
        find_versions(methods_dir)
