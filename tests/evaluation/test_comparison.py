from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageCms
from typer.testing import CliRunner

from lienet.cli import app
from lienet.errors import ImageError, InputError, LienetError
from lienet.evaluation.comparison import (
    choose_metrics,
    draw_scores,
    pair_files,
    score_pairs,
    scores_as_json,
)
from lienet.evaluation.metrics import measure_ciede2000, measure_psnr, measure_ssim
from lienet.evaluation.vmaf import measure_vmaf
from lienet.images import decode_image, encode_jpeg, encode_png
from lienet.text_tables import print_tables


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two photographs and their JPEGs, in folders whose names hold spaces, colons and quotes."""
    references, distorted = tmp_path / "good: 'one'", tmp_path / "bad, two"
    references.mkdir()
    distorted.mkdir()
    pixels = skimage.data.astronaut()
    for place, name in enumerate(("left", "right.part")):
        crop = pixels[40:140, 150 * place : 150 * place + 120 + 16 * place]
        (references / f"{name}.png").write_bytes(encode_png(crop))
        (distorted / f"{name}.jpg").write_bytes(encode_jpeg(crop, quality=20, chroma="4:2:0"))
    (references / "notes.txt").write_text("no image")
    (distorted / ".hidden.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return references, distorted


def test_folders_are_paired_by_stem_and_other_files_passed_over(folders: tuple[Path, Path]):
    references, distorted = folders
    assert pair_files(references, distorted) == [
        (references / "left.png", distorted / "left.jpg"),
        (references / "right.part.png", distorted / "right.part.jpg"),
    ]


def test_folders_below_are_entered_through_links_and_what_is_passed_over_is_named(
    folders: tuple[Path, Path], caplog: pytest.LogCaptureFixture
):
    references, distorted = folders
    caplog.set_level("INFO")
    for folder, other in ((references, "png"), (distorted, "jpg")):
        (folder.parent / f"more {other}").mkdir()
        (folder / "more").symlink_to(folder.parent / f"more {other}")
        (folder / "more" / f"left.{other}").write_bytes((folder / f"left.{other}").read_bytes())
    pairs = pair_files(references, distorted)
    assert len(pairs) == 3
    assert (references / "more" / "left.png", distorted / "more" / "left.jpg") in pairs
    assert f"{references}: passed over 1 .txt" in caplog.text


def test_scores_are_those_of_the_metrics(folders: tuple[Path, Path]):
    pairs = pair_files(*folders)
    scores = score_pairs(pairs, colour="luma", border_px=3, with_vmaf=True)
    for (reference_path, distorted_path), score in zip(pairs, scores, strict=True):
        reference = decode_image(reference_path.read_bytes())
        distorted = decode_image(distorted_path.read_bytes())
        assert score.psnr_db == measure_psnr(reference, distorted, colour="luma", border_px=3)
        assert score.ssim == measure_ssim(reference, distorted, colour="luma", border_px=3)
        assert score.vmaf == measure_vmaf(reference, distorted)


def test_the_object_of_a_folder_holds_pairs_and_means(folders: tuple[Path, Path], capsys):
    scores = score_pairs(pair_files(*folders), colour="rgb", border_px=0, with_vmaf=False)
    shown = scores_as_json(scores, colour="rgb", border_px=0, is_folder=True)
    mean_db = (scores[0].psnr_db + scores[1].psnr_db) / 2
    assert shown["psnr_db"] == shown["mean"]["psnr_db"] == pytest.approx(mean_db)
    assert shown["vmaf"] is None
    assert [Path(pair["distorted"]).name for pair in shown["pairs"]] == [
        "left.jpg",
        "right.part.jpg",
    ]
    print_tables(draw_scores(scores))
    assert capsys.readouterr().out.splitlines()[-1].split()[:2] == ["mean", f"{mean_db:.3f}"]


def test_two_images_give_one_object_on_the_command_line(folders: tuple[Path, Path]):
    reference, distorted = folders[0] / "left.png", folders[1] / "left.jpg"
    ran = CliRunner().invoke(app, ["score", str(reference), str(distorted), "--json"])
    shown = json.loads(ran.stdout)
    assert {"psnr_db", "ssim", "vmaf"} <= set(shown)
    assert shown["psnr_db"] == pytest.approx(
        measure_psnr(decode_image(reference.read_bytes()), decode_image(distorted.read_bytes()))
    )
    assert 50 < shown["vmaf"] < 97


def test_identical_images_give_valid_json(folders: tuple[Path, Path]):
    path = str(folders[0] / "left.png")
    ran = CliRunner().invoke(app, ["score", path, path, "--json"])

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    shown = json.loads(ran.stdout, parse_constant=refuse)
    assert (shown["psnr_db"], shown["ssim"]) == (100.0, 1.0)
    assert shown["vmaf"] == pytest.approx(97.43, abs=0.005)


def test_the_table_of_two_images_needs_no_mean(folders: tuple[Path, Path]):
    arguments = [str(folders[0] / "left.png"), str(folders[1] / "left.jpg"), "--no-vmaf"]
    ran = CliRunner().invoke(app, ["score", *arguments])
    assert ran.exit_code == 0
    lines = ran.stdout.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("left.jpg")
    assert lines[1].endswith("-")


def test_a_file_without_its_partner_is_named(folders: tuple[Path, Path]):
    (folders[1] / "left.jpg").rename(folders[1] / "lost.jpg")
    with pytest.raises(InputError, match=r"got left, lost in one of them only"):
        pair_files(*folders)


def test_two_files_of_one_name_are_refused(folders: tuple[Path, Path]):
    (folders[1] / "left.png").write_bytes((folders[0] / "left.png").read_bytes())
    with pytest.raises(InputError, match=r"got left\.jpg and left\.png"):
        pair_files(*folders)


def test_paths_that_are_no_pair_are_refused(folders: tuple[Path, Path], tmp_path: Path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="two images or two folders"):
        pair_files(folders[0], folders[1] / "left.jpg")
    with pytest.raises(InputError, match="no such file or folder"):
        pair_files(folders[0], tmp_path / "nowhere")
    with pytest.raises(InputError, match="there is no image in"):
        pair_files(folders[0], empty)


def test_errors_name_the_files(folders: tuple[Path, Path]):
    references, distorted = folders
    mixed = [(references / "left.png", distorted / "right.part.jpg")]
    with pytest.raises(InputError, match=r"left\.png and .*right\.part\.jpg: .* got 136 x 100 px"):
        score_pairs(mixed, colour="rgb", border_px=0, with_vmaf=False)
    with pytest.raises(ImageError, match=r"notes\.txt: not a"):
        score_pairs(
            [(references / "left.png", references / "notes.txt")],
            colour="rgb",
            border_px=0,
            with_vmaf=False,
        )


def write_deep(path: Path, added: int) -> Path:
    ramp = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50) * 20 + added
    Image.fromarray(ramp).save(path)
    return path


def make_profile() -> bytes:
    """Return a profile that is not known to be sRGB."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return bytes(srgb).replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))


def test_files_of_sixteen_bits_are_compared_at_their_depth(tmp_path: Path):
    paths = write_deep(tmp_path / "a.png", 0), write_deep(tmp_path / "b.png", 100)
    (score,) = score_pairs([paths], colour="rgb", border_px=0, with_vmaf=True)
    assert score.psnr_db == pytest.approx(20 * math.log10(65535 / 100))
    assert score.ssim < 1
    rounded = (decode_image(path.read_bytes()) for path in paths)
    assert score.vmaf == measure_vmaf(*rounded)


def test_a_colour_profile_is_applied_at_eight_bits_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    plain, profiled = write_deep(tmp_path / "a.png", 0), tmp_path / "b.png"
    with Image.open(plain) as image:
        image.save(profiled, icc_profile=make_profile())
    (score,) = score_pairs([(plain, profiled)], colour="rgb", border_px=0, with_vmaf=False)
    assert score.psnr_db < 100
    assert "b.png is compared at 8 bits, as its colour profile is applied" in caplog.text


def test_metrics_that_are_asked_for_stand_beside_the_rest(folders: tuple[Path, Path]):
    asked = ["--no-vmaf", "--metric", "ciede2000", "--metric", "sharpness"]
    arguments = ["score", *map(str, folders), *asked]
    told = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    pairs = told["pairs"]
    reference, distorted = (
        decode_image(Path(pairs[0][side]).read_bytes()) for side in ("reference", "distorted")
    )
    assert pairs[0]["ciede2000"] == pytest.approx(measure_ciede2000(reference, distorted))
    assert told["ciede2000"] == pytest.approx(np.mean([each["ciede2000"] for each in pairs]))
    shown = CliRunner().invoke(app, arguments).stdout
    assert "CIEDE2000" in shown
    assert f"{pairs[0]['sharpness']:.3f}" in shown


def test_a_metric_that_is_not_there_or_measured_anyway_is_one_line(folders: tuple[Path, Path]):
    for name in ("brisque", "psnr_db"):
        with pytest.raises(InputError, match=rf"no such metric, got {name}; name one of ciede2000"):
            choose_metrics([name])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lpips", "the metric lpips has no default of trunk; say it: --metric 'lpips: {trunk: …}'"),
        ("lpips: {trunk: missing.pth}", "alexnet's weights in missing.pth cannot be read"),
        ("flip: {pixels_per_degree: near}", "pixels_per_degree of the metric flip: .*got near"),
        ("niqe: {modle: mine.json}", "modle of the metric niqe: Extra inputs are not permitted"),
        ("flip: 30", "a metric is a name, or a line as evaluate.metrics has it, got flip: 30"),
        ("flip: {", "a metric is a name, or a line as evaluate.metrics has it"),
    ],
)
def test_a_metric_that_cannot_be_measured_as_it_is_named_is_one_line(line: str, said: str):
    with pytest.raises(LienetError, match=said):
        choose_metrics([line])


def test_a_metric_takes_its_fields_as_params_have_them():
    chosen = choose_metrics(["flip: {pixels_per_degree: 30}", "niqe"])
    assert vars(chosen["flip"])["pixels_per_degree"] == 30
    assert list(chosen) == ["flip", "niqe"]
