from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lienet.cli import app
from lienet.errors import InputError
from lienet.rating.answers import read_key
from tests.rating.made import write_method

run = CliRunner()


@pytest.fixture
def methods_dir(tmp_path: Path) -> Path:
    for level, name in enumerate(("bicubic", "lienet")):
        write_method(tmp_path / "methods" / name, ["one", "two", "three"], level=level)
    return tmp_path / "methods"


def test_a_page_is_written_and_answers_to_it_are_summed_up(methods_dir: Path, tmp_path: Path):
    page_dir, key_path = tmp_path / "page", tmp_path / "page-key.json"
    ran = run.invoke(app, ["rate", str(methods_dir), "-o", str(page_dir), "--seed", "5"])
    assert ran.exit_code == 0, ran.output
    assert f"3 pairs of bicubic, lienet; keep {key_path} to yourself" in ran.output
    key = read_key(key_path)
    rows = ["study,rater,left,right,choice"]
    for number, (left, right) in enumerate(key.pairs):
        is_lienet_left = key.shown[left].method == "lienet"
        choice = "left" if is_lienet_left == (number > 0) else "right"
        rows.append(f"{key.study},x,{left},{right},{choice}")
    (tmp_path / "answers.csv").write_text("\n".join(rows))
    arguments = ["rate", "--summary", str(tmp_path / "answers.csv"), "--key", str(key_path)]
    ran = run.invoke(app, arguments)
    assert ran.exit_code == 0, ran.output
    assert "3 answers by 1 rater about 3 pictures" in ran.output
    assert "67%" in ran.output
    ran = run.invoke(app, [*arguments, "--json"])
    best = json.loads(ran.output)["methods"][0]
    assert (best["method"], best["num_better"], best["num_worse"]) == ("lienet", 2, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["DIR"], "rate takes one folder, and -o for the page"),
        (["DIR", "DIR", "-o", "page"], "rate takes one folder"),
        (["--summary", "answers.csv"], "--summary needs --key"),
        (["DIR", "-o", "page", "--method", "lienet"], "two methods or more, got lienet"),
    ],
)
def test_what_is_missing_is_told(methods_dir: Path, arguments: list[str], said: str):
    given = [str(methods_dir) if each == "DIR" else each for each in arguments]
    ran = run.invoke(app, ["rate", *given])
    assert isinstance(ran.exception, InputError)
    assert said in str(ran.exception)
