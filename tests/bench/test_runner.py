"""The benchmarks are found, run apart, and say what they were measured on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.runner import describe_machine, find_topics, measure_topic


def test_topics_are_the_files_that_start_with_bench(tmp_path: Path):
    for name in ("bench_vmaf.py", "bench_patches.py", "runner.py", "__main__.py"):
        (tmp_path / name).write_text("")
    assert find_topics(tmp_path) == ["patches", "vmaf"]


def test_every_topic_of_the_project_offers_measure(repository: Path):
    for topic in find_topics(repository / "bench"):
        text = (repository / "bench" / f"bench_{topic}.py").read_text(encoding="utf-8")
        assert "def measure(data_dir: Path | None) -> dict[str, float | str]:" in text, topic


def test_a_topic_is_measured_in_a_process_of_its_own(repository: Path, tmp_path: Path):
    (tmp_path / "bench").mkdir()
    for name in ("__init__.py", "runner.py"):
        (tmp_path / "bench" / name).write_bytes((repository / "bench" / name).read_bytes())
    (tmp_path / "bench" / "bench_sample.py").write_text(
        "import os\n"
        "def measure(data_dir):\n"
        "    return {'pid': str(os.getpid()), 'data': str(data_dir), 'ratio': 2.5}\n"
    )
    (tmp_path / "ask.py").write_text(
        "import json, os, sys\n"
        "from bench.runner import measure_topic\n"
        "if __name__ == '__main__':\n"
        "    print(json.dumps({'own': str(os.getpid()), **measure_topic('sample', None)}))\n"
    )
    ran = subprocess.run(
        [sys.executable, "ask.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    told = json.loads(ran.stdout)
    assert told["pid"] != told["own"]
    assert (told["ratio"], told["data"]) == (2.5, "None")


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_figure_that_is_not_finite_is_refused(monkeypatch: pytest.MonkeyPatch, value: str):
    class Pool:
        def __init__(self, *_: object, **__: object) -> None: ...
        def __enter__(self) -> Pool:
            return self

        def __exit__(self, *_: object) -> None: ...
        def submit(self, *_: object) -> Pool:
            return self

        def result(self) -> dict[str, float]:
            return {"ratio": float(value)}

    monkeypatch.setattr("bench.runner.ProcessPoolExecutor", Pool)
    with pytest.raises(ValueError, match=f"sample.ratio is {value}"):
        measure_topic("sample", None)


def test_the_record_says_commit_changes_and_machine(tmp_path: Path):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "a.py").write_text("")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "first"], check=True)
    clean = describe_machine(tmp_path)
    assert len(str(clean["commit"])) == 40
    assert clean["has_local_changes"] is False
    assert str(clean["date"]).endswith("+00:00")
    (tmp_path / "bench" / "a.py").write_text("changed")
    assert describe_machine(tmp_path)["has_local_changes"] is True


def test_outside_git_there_is_no_commit(tmp_path: Path):
    assert describe_machine(tmp_path)["commit"] == "none"


def test_a_machine_without_git_is_described_too(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert describe_machine(repository)["commit"] == "none"
