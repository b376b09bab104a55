"""The diagrams of the documentation are those of the networks; each is XML and says its costs."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lienet.errors import InputError
from lienet.params import Params, parse_params
from lienet.report.diagrams.svg import draw_model

NAMESPACE = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def sample(repository: Path) -> Params:
    text = (repository / "profiles" / "sample.yaml").read_text(encoding="utf-8")
    return parse_params(text, name="sample")


@pytest.mark.parametrize("key", ["sr-lienet", "face-lienet"])
def test_the_documentation_s_picture_is_what_the_command_draws(
    repository: Path, sample: Params, key: str
):
    documented = (repository / "docs" / f"{key}.svg").read_text(encoding="utf-8")
    assert draw_model(sample, key) == documented, f"lienet models --draw {key} -o docs/{key}.svg"


def test_a_picture_tells_title_costs_parts_and_what_colours_mean(sample: Params):
    drawn = draw_model(sample, "sr-lienet")
    root = ElementTree.fromstring(drawn)
    texts = [element.text for element in root.iter(f"{NAMESPACE}text")]
    assert texts[0] == "sr-lienet: lienet, ×4"
    assert texts[1].startswith("123,648 parameters, 7.11 G multiply-adds for an output of 1280×720")
    assert texts.count("Dense modulation block") == 7  # six boxes, and the heading of one opened
    assert texts.count("16.6 k, 0.94 G") == 6
    assert {"trunk", "beside it", "learns nothing", "blocks.0, one of 6"} <= set(texts)
    assert root.get("aria-label") == f"{texts[0]}; {texts[1]}"


def test_a_picture_has_no_colour_explained_that_is_not_there(sample: Params):
    assert "learns nothing" not in draw_model(sample, "face-lienet")


def test_all_lies_within_the_picture(sample: Params):
    drawn = draw_model(sample, "face-lienet")
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawn).groups())
    assert width < 1000  # for pages of 800 px
    for left, top, wide in re.findall(
        r'translate\(([\d.]+) ([\d.]+)\)">\n<rect width="([\d.]+)"', drawn
    ):
        assert float(left) + float(wide) < width
        assert float(top) < height


def test_a_model_that_is_not_in_params_is_one_line(sample: Params):
    with pytest.raises(InputError, match=r"the models are sr-srgan, .*, got nothing; see models"):
        draw_model(sample, "nothing")
