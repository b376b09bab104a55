"""What evaluate wrote is read whole, in table order, or refused by name."""

from __future__ import annotations

import json
import shutil

import pytest

from lienet.errors import DataError
from lienet.params import load_params
from lienet.report.evaluations import order_methods, read_evaluations, read_per_image
from lienet.workspace import Workspace


@pytest.fixture
def spoilt(workspace: Workspace, tmp_path) -> Workspace:
    """A copy of the evaluation reports that a test may spoil."""
    shutil.copytree(
        workspace.report_dir("evaluate"),
        Workspace(tmp_path).report_dir("evaluate"),
        ignore=shutil.ignore_patterns("images"),
    )
    return Workspace(tmp_path)


def test_bicubic_comes_first_and_lienet_last_wherever_params_list_them(params):
    models = dict(reversed(params.models.items()))
    turned = params.model_copy(update={"models": models})
    assert order_methods(turned) == [
        "sr-bicubic",
        "sr-sftgan",
        "sr-esrgan",
        "sr-srgan",
        "sr-lienet",
    ]
    assert order_methods(params) == [
        "sr-bicubic",
        "sr-srgan",
        "sr-esrgan",
        "sr-sftgan",
        "sr-lienet",
    ]


def test_benchmarks_are_shown_without_a_model_other_tasks_are_not(repository):
    clean = load_params(repository / "profiles" / "clean.yaml")
    bicubics = [f"sr_clean{scale}-bicubic" for scale in ("", "_x2", "_x3")]
    networks = [f"sr_clean-{name}" for name in ("plain", "lienet_fast", "lienet")]
    assert order_methods(clean) == [*bicubics, *networks]
    tasks = {**clean.synthesize.tasks}
    jpeg = tasks["sr_clean_x2"].model_copy(update={"jpeg_quality": 20, "jpeg_chroma": "4:2:0"})
    synthesize = clean.synthesize.model_copy(update={"tasks": tasks | {"sr_clean_x2": jpeg}})
    compressed = clean.model_copy(update={"synthesize": synthesize})
    assert order_methods(compressed) == [bicubics[0], bicubics[2], *networks]
    stated = {"jpeg_quality": (10.0, 60.0), "test_jpeg_qualities": (10, 20)}
    tasks["sr_clean_x2"] = jpeg.model_copy(update=stated)
    mixed = clean.model_copy(
        update={"synthesize": clean.synthesize.model_copy(update={"tasks": tasks})}
    )
    assert order_methods(mixed) == order_methods(compressed)


def test_variants_of_lienet_come_before_lienet_itself(params):
    lienet = params.models["sr-lienet"]
    variant = lienet.model_copy(update={"name": "variant"})
    models = {"sr-lienet": lienet, "sr-variant": variant, **params.models}
    turned = params.model_copy(update={"models": models})
    assert order_methods(turned)[-2:] == ["sr-variant", "sr-lienet"]


def test_every_number_is_read_as_written(params, workspace):
    evaluations = read_evaluations(params, workspace)
    written = json.loads(workspace.evaluation_path("sr", "srgan").read_text())
    read = evaluations[1].model_dump(mode="json", exclude_unset=True, exclude={"results"})
    assert read == {key: value for key, value in written.items() if key != "results"}
    for protocol, sets in written["results"].items():
        for test_set, figures in sets.items():
            flat = evaluations[1].results[protocol][test_set].as_json()
            assert {name: flat[name] for name in figures} == {
                name: round(figure, 6) if figure else figure for name, figure in figures.items()
            }


def test_a_missing_evaluation_names_the_command_to_run(params, spoilt):
    spoilt.evaluation_path("sr", "esrgan").unlink()
    with pytest.raises(DataError, match=r"esrgan\.json; run `lienet evaluate sr-esrgan`"):
        read_evaluations(params, spoilt)


def test_a_broken_evaluation_names_its_field(params, spoilt):
    path = spoilt.evaluation_path("sr", "srgan")
    content = json.loads(path.read_text())
    content["num_params"] = "many"
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"srgan\.json is broken at num_params"):
        read_evaluations(params, spoilt)


def test_an_evaluation_under_fewer_protocols_than_asked_is_refused(params, spoilt):
    path = spoilt.evaluation_path("sr", "srgan")
    content = json.loads(path.read_text())
    del content["results"]["x4_q20_rgb"]
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="sr-srgan has no protocol x4_q20_rgb"):
        read_evaluations(params, spoilt)


def test_per_image_scores_average_to_the_means(params, workspace):
    evaluations = read_evaluations(params, workspace)
    per_image = read_per_image(workspace, evaluations)
    scores = per_image["sr", "lienet", "x4_q20_luma", "mixed"]
    mean = sum(score.values["psnr_db"] for score in scores.values()) / 2
    assert sorted(scores) == ["mixed__cat", "mixed__cup"]
    assert mean == pytest.approx(evaluations[-1].results["x4_q20_luma"]["mixed"].means["psnr_db"])


@pytest.mark.parametrize(
    "content", ["protocol,key\nx4,a\n", "protocol,test_set,key,psnr_db,ssim\nx4,set,a,high,0.5\n"]
)
def test_a_broken_per_image_table_is_refused(params, spoilt, content):
    (spoilt.evaluation_dir("sr", "sftgan") / "per_image.csv").write_text(content)
    with pytest.raises(DataError, match=r"per_image\.csv is broken.*evaluate sr-sftgan"):
        read_per_image(spoilt, read_evaluations(params, spoilt))
