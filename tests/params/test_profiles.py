"""Profiles: valid sets of params, put to use without losing anybody's edits."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lienet.errors import InputError
from lienet.params import Params, load_params, parse_params
from lienet.params.profiles import fill_profile, find_active, read_profiles, use_profile
from lienet.workspace import Workspace
from tests.fresh_workspace import make_workspace

DATA_FOLDERS = (
    "train/clic2025",
    "train/cid22",
    "valid/cid22",
    "test/kodak24",
    "test/clic2025",
    "test/set5",
    "test/set14",
    "faces",
    "old_photos",
)
DATA_FILES = (
    "models/face_detection_yunet_2023mar.onnx",
    "models/ch_PP-OCRv3_det_infer.onnx",
    "models/vgg19_conv1_1_to_conv3_4.npz",
    "ffhq-dataset-v2.json",
)


@pytest.fixture
def workspace(repository: Path, tmp_path: Path) -> Workspace:
    """A workspace with the project's profiles, the sample one in use."""
    return make_workspace(repository, tmp_path / "clone")


@pytest.fixture(params=["photographs", 'it\'s "quoted" & {data}: #1 \\ größer'])
def data_dir(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with everything that any profile names; also one with an awkward name."""
    folder = tmp_path / str(request.param)
    for name in DATA_FOLDERS:
        (folder / name).mkdir(parents=True)
    for name in DATA_FILES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def load_used(workspace: Workspace) -> Params:
    return load_params(workspace.params_path)


def test_there_are_seven_profiles_and_each_says_what_it_is(workspace: Workspace):
    profiles = read_profiles(workspace)
    names = "ablation bench clean mixed paper release sample"
    assert [profile.name for profile in profiles] == names.split()
    assert [profile.name for profile in profiles if not profile.needs_data] == ["sample"]
    assert all(len(profile.summary) > 20 for profile in profiles)


def test_the_committed_params_are_the_sample_profile(repository: Path):
    active = yaml.safe_load((repository / "params.yaml").read_text())
    if active["profile"] != "sample":
        pytest.skip(f"the profile {active['profile']} is in use")
    assert active == yaml.safe_load((repository / "profiles/sample.yaml").read_text())


def test_every_profile_is_named_as_its_file_and_valid(workspace: Workspace):
    for profile in read_profiles(workspace):
        assert parse_params(profile.text, name=profile.name).profile == profile.name


def test_bench_trains_every_model_alike_for_ten_thousand_steps(workspace: Workspace):
    bench = next(profile for profile in read_profiles(workspace) if profile.name == "bench")
    params = parse_params(bench.text, name="bench")
    assert params.train.steps >= 10_000
    first = [model for model in params.models.values() if model.replicate_of is None]
    names = {model.name for model in first if model.task == "sr"}
    rows = {"srgan", "srresnet", "esrgan", "sftgan", "lienet"}
    skipping = {"srresnet_skip", "esrgan_skip", "sftgan_skip", "plain", "plain_mid", "plain_deep"}
    ours = {f"lienet_{form}" for form in ("noskip", "outputs", "fast", "literal")}
    twice = {f"{name}_x2" for name in ("srgan", "esrgan", "sftgan", "plain", "lienet")}
    others = {"srgan_gan", "esrgan_gan", "sftgan_gan", "vdsr", "espcn", "ecbsr", "span", "rlfn"}
    assert names == rows | skipping | ours | twice | others
    plain = {"plain", "plain_even", "plain_mid", "plain_wide"}
    faces = plain | {"lienet_outputs", "lienet_fast", "hifacegan", "fsrnet"}
    for task, named in {"face": faces, "old_photo": {"bopbl"}}.items():
        names = {model.name for model in first if model.task == task}
        assert names == {"srresnet", "lienet", "lienet_gan"} | named
    assert set(params.filter.exempt_sources) == {"kodak24", "clic2025", "old_photos"}
    splits = {
        "train_clic2025": "train",
        "train_cid22": "train",
        "valid_cid22": "valid",
        "kodak24": "test",
        "clic2025": "test",
    }
    for task in ("sr", "old_photo"):
        sources = {name: params.download.sources[name].split for name in params.sources_of(task)}
        assert sources == splits


def test_bench_tests_faces_on_twenty_and_real_old_photographs_are_only_looked_at(
    workspace: Workspace,
):
    bench = next(profile for profile in read_profiles(workspace) if profile.name == "bench")
    params = parse_params(bench.text, name="bench")
    assert params.sources_of("face") == ("faces", "train_clic2025", "train_cid22", "valid_cid22")
    assert params.filter.consented_sources == ("faces",)
    assert params.synthesize.split.test_images == {"faces": 20}
    assert params.synthesize.real_sources == ("old_photos",)
    for task in ("face", "old_photo"):
        assert params.train.for_task(task).steps >= 6_000


def test_the_sample_tests_faces_on_a_portrait_that_nothing_is_trained_on(workspace: Workspace):
    params = load_used(workspace)
    assert params.sources_of("face") == ("sample", "portrait")
    assert params.download.sources["portrait"].split == "test"
    for task in ("sr", "old_photo"):
        assert params.sources_of(task) == ("sample",)


def test_old_photographs_are_made_alike_but_for_garish_ones(workspace: Workspace):
    tasks = {
        profile.name: parse_params(profile.text, name=profile.name).synthesize.tasks
        for profile in read_profiles(workspace)
    }
    made = {name: each["old_photo"] for name, each in tasks.items() if "old_photo" in each}
    assert len(made) == 5
    for name, one in made.items():
        assert one.saturation.factor[1] == (0.805 if name == "sample" else 1.25)
        for step in ("fading", "texture", "grain", "blur", "jpeg"):
            assert getattr(one, step) == getattr(made["sample"], step)


def test_paper_keeps_the_schedule_of_the_paper(workspace: Workspace):
    paper = next(profile for profile in read_profiles(workspace) if profile.name == "paper")
    train = parse_params(paper.text, name="paper").train
    assert (train.steps, train.batch_size, train.patch_px) == (1_000_000, 16, 48)
    assert (train.learning_rate, train.lr_halve_every_steps, train.lr_halve_times) == (
        1e-4,
        100_000,
        4,
    )
    assert train.objectives["sr"].pixel == "mse"


def test_paper_is_trained_on_open_images_and_tested_on_div2k_and_ffhq(workspace: Workspace):
    profile = next(profile for profile in read_profiles(workspace) if profile.name == "paper")
    paper = parse_params(profile.text, name="paper")
    assert paper.sources_of("sr") == ("open_images", "div2k_valid")
    assert paper.sources_of("old_photo") == ("open_images", "div2k_valid")
    assert paper.sources_of("face") == ("ffhq_train", "ffhq_valid", "open_images")
    assert paper.download.sources["open_images"].use == "commercial"
    assert [name for name, s in paper.download.sources.items() if s.split == "test"] == [
        "div2k_valid",
        "ffhq_valid",
    ]


def test_clean_trains_at_x4_and_measures_every_scale_as_papers_do(workspace: Workspace):
    clean = next(profile for profile in read_profiles(workspace) if profile.name == "clean")
    bench = next(profile for profile in read_profiles(workspace) if profile.name == "bench")
    params, others = (parse_params(each.text, name=each.name) for each in (clean, bench))
    assert {key: model.scale for key, model in params.models.items()} == {
        "sr_clean-plain": 4,
        "sr_clean-lienet": 4,
        "sr_clean-lienet_fast": 4,
    }
    for model in params.models.values():
        alike = others.models[f"sr-{model.name}"]
        assert model == alike.model_copy(update={"task": "sr_clean"})
        trained, like = params.training_of(model), others.training_of(alike)
        assert trained.objectives[model.objective] == like.objectives[model.objective]
        named = {"objectives", "overrides"}
        assert trained.model_dump(exclude=named) == like.model_dump(exclude=named)
    as_papers = [each for each in params.evaluate.protocols.values() if each.colour != "rgb"]
    assert {each.task: (each.scale, each.border_px) for each in as_papers} == {
        "sr_clean": (4, 4),
        "sr_clean_x2": (2, 2),
        "sr_clean_x3": (3, 3),
    }
    for each in as_papers:
        assert each.colour == "matlab_luma"
        assert params.synthesize.tasks[each.task].describe_jpeg() is None
        assert params.synthesize.tasks[each.task].find_multiple() == each.scale
        assert f"{each.task}-bicubic" in params.evaluate.methods
    tested = [name for name, each in params.download.sources.items() if each.split == "test"]
    assert tested == ["set5", "set14"]


@pytest.mark.parametrize("name", ["bench", "clean", "mixed", "paper"])
def test_a_profile_that_needs_data_is_filled_with_its_folder(
    workspace: Workspace, data_dir: Path, name: str
):
    assert use_profile(workspace, name, data_dir=data_dir) is None
    params = load_used(workspace)
    assert params.profile == name
    for source in params.download.sources.values():
        named = getattr(source, "path", None) or getattr(source, "list", None)
        if named is None:
            continue  # it is fetched as a whole
        assert Path(named).is_absolute()
        assert Path(named).is_relative_to(data_dir)
        assert Path(named).exists()
    assert workspace.params_path.read_text().count("#") >= 3, "comments are kept"
    active = find_active(workspace, read_profiles(workspace))
    assert active is not None
    assert active.name == name


def test_a_relative_folder_becomes_absolute(
    workspace: Workspace, data_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(data_dir.parent)
    use_profile(workspace, "bench", data_dir=Path(data_dir.name))
    assert load_used(workspace).filter.face.model == str(data_dir / DATA_FILES[0])


def test_going_there_and_back_restores_the_sample(workspace: Workspace, data_dir: Path):
    before = workspace.params_path.read_bytes()
    use_profile(workspace, "bench", data_dir=data_dir)
    assert use_profile(workspace, "sample") is None
    assert workspace.params_path.read_bytes() == before


def test_what_is_in_use_already_is_not_written_again(workspace: Workspace):
    text = "# my own remark\n" + workspace.params_path.read_text()
    workspace.params_path.write_text(text)
    use_profile(workspace, "sample")
    assert workspace.params_path.read_text() == text


def test_edits_are_not_lost_without_force(workspace: Workspace, data_dir: Path):
    edited = workspace.params_path.read_text().replace("seed: ", "seed: 1")
    workspace.params_path.write_text(edited)
    assert find_active(workspace, read_profiles(workspace)) is None
    with pytest.raises(InputError, match=r"in no profile; .*--force"):
        use_profile(workspace, "bench", data_dir=data_dir)
    assert workspace.params_path.read_text() == edited
    kept = use_profile(workspace, "bench", data_dir=data_dir, is_forced=True)
    assert kept is not None
    assert kept.read_text() == edited
    assert load_used(workspace).profile == "bench"


def test_two_different_folders_in_one_file_are_an_edit(workspace: Workspace, data_dir: Path):
    use_profile(workspace, "bench", data_dir=data_dir)
    text = workspace.params_path.read_text()
    workspace.params_path.write_text(text.replace("/train/cid22", "/elsewhere/train/cid22"))
    assert find_active(workspace, read_profiles(workspace)) is None


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("bench", None, "profile bench needs the folder of its photographs; give --data DIR"),
        ("bench", "nowhere", "--data must be a folder that exists, got .*nowhere"),
        ("sample", ".", "profile sample takes no --data"),
        (
            "huge",
            None,
            "the profiles are ablation, bench, clean, mixed, paper, release, sample, got huge",
        ),
    ],
)
def test_a_wrong_request_changes_nothing(
    workspace: Workspace, tmp_path: Path, name: str, data: str | None, message: str
):
    before = workspace.params_path.read_bytes()
    with pytest.raises(InputError, match=message):
        use_profile(workspace, name, data_dir=None if data is None else tmp_path / data)
    assert workspace.params_path.read_bytes() == before


def test_a_folder_that_lacks_what_the_profile_names_is_refused(workspace: Workspace, data_dir):
    (data_dir / "test/kodak24").rmdir()
    with pytest.raises(InputError, match=r"profile bench needs --data DIR/test/kodak24"):
        use_profile(workspace, "bench", data_dir=data_dir)


def test_an_unfilled_profile_is_never_returned(workspace: Workspace, data_dir: Path):
    for profile in read_profiles(workspace):
        text = fill_profile(profile, data_dir if profile.needs_data else None)
        assert '"{data}' not in text


def test_comments_of_ones_own_are_kept_beside(workspace: Workspace, data_dir: Path):
    text = workspace.params_path.read_text()
    workspace.params_path.write_text(text + "# why: the night of the first\n")
    kept = use_profile(workspace, "bench", data_dir=data_dir)
    assert kept == workspace.root / "params.yaml.bak"
    assert kept.read_text().endswith("the night of the first\n")
