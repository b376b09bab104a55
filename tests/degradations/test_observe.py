"""Old photographs are measured as they were made, and the ranges make their like again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from lienet.cli import app
from lienet.degradations.ageing import apply_look, degrade_old_photo
from lienet.degradations.observe import (
    Observation,
    correlation_of,
    correlation_response,
    fit_ranges,
    format_section,
    observe,
    observe_files,
)
from lienet.degradations.old_photo import OldPhotoDegradation
from lienet.degradations.old_photo_look import (
    FadingLook,
    GrainLook,
    OldPhotoLook,
    draw_old_photo,
)
from lienet.draws import generators_of
from lienet.errors import InputError
from lienet.images import decode_image, encode_png
from lienet.params import load_params

STATISTICS = ("saturation", "black_point", "white_point", "cast", "noise")


@pytest.fixture
def recipe(repository: Path) -> OldPhotoDegradation:
    return load_params(repository / "profiles/sample.yaml").synthesize.tasks["old_photo"]


@pytest.fixture(scope="module")
def photographs() -> dict[str, np.ndarray]:
    from skimage import data

    names = ("astronaut", "chelsea", "coffee", "rocket", "immunohistochemistry")
    return {name: getattr(data, name)() for name in names}


@pytest.fixture(scope="module")
def old(real_data: Path) -> list[Observation]:
    """Real old photographs."""
    return list(observe_files(sorted((real_data / "old_photos").iterdir())).values())


def share_inside(made: list[Observation], seen: list[Observation]) -> dict[str, float]:
    """Return how much of what was made lies between the lowest and the highest observed."""
    shares = {}
    for name in STATISTICS:
        values = np.array([getattr(one, name) for one in seen])
        drawn = np.array([getattr(one, name) for one in made])
        shares[name] = np.mean((drawn >= values.min()) & (drawn <= values.max()))
    return shares


def grow_old(
    photographs: dict[str, np.ndarray], recipe: OldPhotoDegradation, *, num_looks: int, seed: int
) -> list[np.ndarray]:
    aged = []
    for name, pixels in photographs.items():
        for number in range(num_looks):
            key = f"{name}_{number}"
            draw = generators_of(seed, "old_photo", key)
            look = draw_old_photo(recipe, draw)
            aged.append(decode_image(degrade_old_photo(pixels, look, draw)))
    return aged


def with_ranges(recipe: OldPhotoDegradation, seen: list[Observation]) -> OldPhotoDegradation:
    return OldPhotoDegradation.model_validate({**recipe.model_dump(), **fit_ranges(seen)})


def test_levels_cast_and_grain_are_measured_as_they_were_made():
    ramp = np.repeat(np.linspace(0, 255, 300)[None, :, None], 200, axis=0)
    grey = np.repeat(ramp, 3, axis=2).astype(np.uint8)
    look = OldPhotoLook(
        fading=FadingLook(0.1, 0.9, (1.0, 0.9, 0.6)), grain=GrainLook(0.02, 0.0, 0.0)
    )
    seen = observe(apply_look(grey, look, generators_of(1, "old_photo", "a")))
    assert (seen.red_gain, seen.green_gain, seen.blue_gain) == pytest.approx(
        (1, 0.9, 0.6), abs=0.02
    )
    assert seen.black_point == pytest.approx(0.1, abs=0.03)
    assert seen.white_point == pytest.approx(0.9 * (0.299 + 0.9 * 0.587 + 0.6 * 0.114), abs=0.03)
    assert seen.noise == pytest.approx(0.02, rel=0.1)
    assert seen.noise_ratio == pytest.approx(0.5, abs=0.08)
    assert seen.chroma_share < 0.02
    assert seen.saturation < 0.1  # a cast is not colour


@pytest.mark.parametrize("correlation_px", [0.6, 0.9, 1.4])
def test_correlation_is_read_back_from_the_ratio(correlation_px: float):
    flat = np.full((400, 400, 3), 128, np.uint8)
    grain = GrainLook(0.08, correlation_px, 0.0)
    seen = observe(apply_look(flat, OldPhotoLook(grain=grain), generators_of(1, "old_photo", "a")))
    assert correlation_of(seen.noise_ratio) == pytest.approx(correlation_px, rel=0.12)


def test_ranges_make_the_like_of_what_they_were_fitted_to(
    photographs: dict[str, np.ndarray], recipe: OldPhotoDegradation
):
    wide = recipe.model_dump()
    wide["fading"] |= {"black_level": [0.0, 0.2], "white_level": [0.7, 1.0]}
    wide["saturation"]["factor"], wide["grain"]["sigma"] = [0.3, 1.0], [0.005, 0.06]
    attic = OldPhotoDegradation.model_validate(wide)
    old = [observe(pixels) for pixels in grow_old(photographs, attic, num_looks=3, seed=1)]
    fitted = with_ranges(recipe, old)
    made = [observe(pixels) for pixels in grow_old(photographs, fitted, num_looks=3, seed=2)]
    shares = share_inside(made, old)
    assert min(shares.values()) >= 0.7, shares
    assert np.mean(list(shares.values())) >= 0.8, shares
    clean = share_inside([observe(pixels) for pixels in photographs.values()], old)
    assert np.mean(list(clean.values())) < np.mean(list(shares.values())) - 0.2


def test_clean_photographs_with_the_observed_ranges_measure_as_old_ones(
    real_data: Path, old: list[Observation], recipe: OldPhotoDegradation
):
    clean = {
        path.stem: decode_image(path.read_bytes())
        for path in sorted((real_data / "valid/cid22").iterdir())
    }
    made = [
        observe(pixels) for pixels in grow_old(clean, with_ranges(recipe, old), num_looks=1, seed=1)
    ]
    shares = share_inside(made, old)
    # Content is outside at times: a clean night has less white than any of eight old photographs.
    assert min(shares.values()) >= 0.65, shares
    assert np.mean(list(shares.values())) >= 0.78, shares
    before = share_inside([observe(pixels) for pixels in clean.values()], old)
    assert np.mean(list(before.values())) < 0.5, before


def test_the_shipped_ranges_are_those_observed(old: list[Observation], recipe: OldPhotoDegradation):
    assert with_ranges(recipe, old) == recipe


def test_the_section_is_yaml_that_params_take(
    photographs: dict[str, np.ndarray], recipe: OldPhotoDegradation
):
    ranges = fit_ranges([observe(pixels) for pixels in photographs.values()])
    text = format_section(ranges)
    assert yaml.safe_load(text)["old_photo"] == ranges
    OldPhotoDegradation.model_validate({**recipe.model_dump(), **yaml.safe_load(text)["old_photo"]})
    assert text.count("stated defaults") == 3


def test_the_command_prints_a_table_and_a_section_or_json(
    tmp_path: Path, photographs: dict[str, np.ndarray]
):
    for name, pixels in photographs.items():
        (tmp_path / f"{name}.png").write_bytes(encode_png(pixels))
    shown = CliRunner().invoke(app, ["observe", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    ranges = yaml.safe_load(shown.stdout[shown.stdout.index("# The steps") :])["old_photo"]
    told = json.loads(CliRunner().invoke(app, ["observe", str(tmp_path), "--json"]).stdout)
    assert told["old_photo"] == ranges
    seen = observe(photographs["coffee"])
    assert told["observed"][str(tmp_path / "coffee.png")] == pytest.approx(asdict(seen))


def test_what_cannot_be_observed_is_named(tmp_path: Path):
    (tmp_path / "torn.png").write_bytes(b"torn")
    with pytest.raises(InputError, match=r"cannot observe .*torn\.png: .*; take it away"):
        observe_files([tmp_path / "torn.png"])
    with pytest.raises(InputError, match="16 pixels to a side or more, got 15 x 40"):
        observe(np.zeros((15, 40, 3), np.uint8))
    with pytest.raises(InputError, match="one old photograph or more"):
        fit_ranges([])


def test_correlation_hides_noise_at_full_size_more_than_at_half():
    assert correlation_response(0.0) == pytest.approx((1.0, 0.5), rel=0.05)
    responses = [correlation_response(px) for px in (0.4, 0.7, 1.0, 1.5)]
    full = [response[0] for response in responses]
    assert full == sorted(full, reverse=True)
    ratios = [half / full for full, half in responses]
    assert ratios == sorted(ratios)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_one_tone_tells_nothing(level: int):
    with pytest.raises(InputError, match=f"lights and shadows, got luma from {level} to {level}"):
        observe(np.full((40, 40, 3), level, np.uint8))
