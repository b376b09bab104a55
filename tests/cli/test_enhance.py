"""From a newcomer's picture to an enhanced one, on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from lienet.cli import app
from lienet.deployment import shipped_weights
from lienet.errors import InputError, ModelError
from lienet.images import decode_image
from tests.enhancing.networks import make_model, ship
from tests.pictures.made import noise, save

ABSENT = ("torch", "cv2", "onnx", "safetensors", "pandas", "mlflow", "duckdb", "skimage")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a picture, beside weights that come along."""
    weights = tmp_path / "weights"
    weights.mkdir()
    ship(weights, "sr_lienet_x2", 2)
    ship(weights, "sr_lienet_x4", 4)
    ship(weights, "face_lienet_x1", 1, task="face", notice="trained on faces that are not for sale")
    monkeypatch.setattr(shipped_weights, "SHIPPED_DIR", weights)
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "photo.png").write_bytes(save(noise(3), "PNG"))
    monkeypatch.chdir(folder)
    return folder


def test_one_picture_lies_beside_its_original(here: Path):
    ran = CliRunner().invoke(app, ["enhance", "photo.png"])
    assert ran.exit_code == 0, ran.output
    enhanced = decode_image((here / "photo_lienet_x4.png").read_bytes())
    original = decode_image((here / "photo.png").read_bytes())
    np.testing.assert_array_equal(enhanced, original.repeat(4, axis=0).repeat(4, axis=1))
    assert ran.output.startswith("photo.png 30x20 -> photo_lienet_x4.png 120x80, ")


def test_scale_suffix_and_format_are_chosen(here: Path):
    arguments = ["enhance", "photo.png", "--scale", "2", "--suffix", "-big", "--format", "jpg"]
    ran = CliRunner().invoke(app, [*arguments, "-o", "out"])
    assert ran.exit_code == 0, ran.output
    assert decode_image((here / "out" / "photo-big.jpg").read_bytes()).shape == (40, 60, 3)


def test_the_licence_of_faces_is_told_once(here: Path):
    (here / "other.png").write_bytes(save(noise(1), "PNG"))
    ran = CliRunner().invoke(app, ["enhance", ".", "--task", "face", "-o", "out"])
    assert ran.exit_code == 0, ran.output
    assert ran.stderr.count("lienet: trained on faces that are not for sale") == 1
    assert sorted(path.name for path in (here / "out").iterdir()) == [
        "other_lienet_face.png",
        "photo_lienet_face.png",
    ]
    assert "2 enhanced, 0 there already, 0 failed; " in ran.stdout


def test_a_broken_picture_is_one_line_and_the_exit_code_tells(here: Path):
    (here / "broken.png").write_bytes(b"no picture")
    ran = CliRunner().invoke(app, ["enhance", ".", "-o", "out", "--jobs", "2"])
    assert ran.exit_code == 1
    assert ran.stderr.splitlines() == [
        "lienet: broken.png: not a JPEG, PNG, WebP, TIFF, AVIF or HEIC file"
    ]
    assert "1 enhanced, 0 there already, 1 failed" in ran.stdout


def test_all_models_are_compared_on_one_sheet(here: Path):
    ran = CliRunner().invoke(app, ["enhance", "photo.png", "--compare", "all"])
    assert ran.exit_code == 0, ran.output
    assert ran.output == "photo_compared.png shows lienet\n"
    assert decode_image((here / "photo_compared.png").read_bytes()).shape[1] == 12 + 2 * (256 + 12)


def test_a_sheet_takes_the_place_of_nothing_unless_told_to(here: Path):
    (here / "photo_compared.png").write_bytes(b"mine")
    words = ["enhance", "photo.png", "--compare", "all"]
    assert "is there already" in str(CliRunner().invoke(app, words).exception)
    assert (here / "photo_compared.png").read_bytes() == b"mine"
    assert CliRunner().invoke(app, [*words, "--overwrite"]).exit_code == 0
    assert (here / "photo_compared.png").read_bytes() != b"mine"


@pytest.mark.parametrize("arguments", [["--suffix", ""], ["--suffix", "/x"], ["gone.png"]])
def test_mistakes_are_one_line(here: Path, arguments: list[str]):
    ran = CliRunner().invoke(app, ["enhance", "photo.png", *arguments])
    assert isinstance(ran.exception, InputError)


def test_without_weights_it_is_said_what_to_do(here: Path, tmp_path: Path):
    ran = CliRunner().invoke(app, ["enhance", "photo.png", "--task", "old_photo"])
    assert isinstance(ran.exception, ModelError)
    assert "no weights for old_photo come with lienet; see lienet models" in str(ran.exception)


def test_what_comes_along_is_listed(here: Path):
    ran = CliRunner().invoke(app, ["models", "--weights"])
    assert ran.exit_code == 0, ran.output
    assert [line.split()[0] for line in ran.output.splitlines()[1:]] == [
        "face_lienet_x1",
        "sr_lienet_x2",
        "sr_lienet_x4",
    ]
    assert "25.50 dB (+0.50 [+0.40, +0.60]), 0.7500, 20.0" in ran.output
    ran = CliRunner().invoke(app, ["models", "--weights", "--json"])
    assert [card["scale"] for card in json.loads(ran.output)] == [1, 2, 4]


def test_pictures_are_enhanced_where_little_is_installed(tmp_path: Path):
    model = make_model(tmp_path, 2)
    deep = tmp_path / "deep.png"
    script = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {ABSENT}: raise ModuleNotFoundError(name=name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from lienet.pictures.metadata import Metadata\n"
        "from lienet.pictures.writing import Shape, write_picture\n"
        "pixels = np.arange(3000, dtype=np.uint16).reshape(20, 50, 3) * 20\n"
        f"path = Path({str(deep)!r})\n"
        "write_picture(path, [pixels], Shape(*pixels.shape, pixels.dtype), 'png', Metadata())\n"
        f"sys.argv = ['lienet', 'enhance', str(path), '--model', {str(model.path)!r}]\n"
        "from lienet.cli import main\n"
        "main()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert (tmp_path / f"deep_{model.label}_x2.png").is_file()
