"""Commands run without a shell, say nothing secret, and leave nothing behind however they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from flows.commands import _MAX_READY, Commands, hide_secrets
from flows.ready import _IMPORTED_LATE
from lienet.errors import ToolError
from tests.flows.toy import ROOT, is_alive, wait_until

# Writes its number and its child's; the child minds no interrupt.
FAMILY = """
import os, signal, subprocess, sys, time
stubborn = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", stubborn])
time.sleep(0.5)
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    """Commands in an empty folder."""
    with Commands(tmp_path, grace_s=0.5) as found:
        yield found


def test_output_comes_line_by_line_and_the_last_of_it_stays(commands: Commands):
    code = "import sys; print('one'); print('two\\rthree', file=sys.stderr); sys.exit(4)"
    heard: list[str] = []
    finished = commands.run([sys.executable, "-u", "-c", code], heard.append)
    assert heard == ["one", "two", "three"]
    assert (finished.code, finished.lines) == (4, ("one", "two", "three"))


def test_arguments_are_words_and_no_shell_reads_them(commands: Commands, tmp_path: Path):
    code = "import sys; print(sys.argv[1])"
    word = "$(touch pwned); `touch pwned` && touch pwned"
    assert commands.ask([sys.executable, "-c", code, word]) == word
    assert list(tmp_path.iterdir()) == []


def test_a_long_line_is_told_whole(commands: Commands):
    assert len(commands.ask([sys.executable, "-c", "print('x' * 100_000)"])) == 100_000


def test_what_fails_or_is_missing_is_said_in_a_line(commands: Commands):
    with pytest.raises(ToolError, match=r"-c import sys; sys.exit\('mishap'\) failed: mishap"):
        commands.ask([sys.executable, "-c", "import sys; sys.exit('mishap')"])
    with pytest.raises(ToolError, match="no-such-program cannot be run"):
        commands.run(["no-such-program"])


@pytest.mark.parametrize("parent", ["", "import signal; signal.signal(2, signal.SIG_IGN)"])
def test_stopping_interrupts_the_command_and_kills_what_minds_it_not(
    commands: Commands, parent: str
):
    family: list[int] = []
    thread = threading.Thread(
        target=lambda: results.append(
            commands.run(
                [sys.executable, "-c", parent + FAMILY],
                lambda line: family.extend(map(int, line.split())) if line[0].isdigit() else None,
            )
        )
    )
    results: list[object] = []
    thread.start()
    wait_until(lambda: len(family) == 2, "the family")
    commands.stop()
    thread.join(30)
    assert results[0].is_interrupted  # type: ignore[attr-defined]
    assert not any(map(is_alive, family))
    assert commands.run([sys.executable, "-c", "print('late')"]).is_interrupted


def test_a_killed_caller_leaves_no_command_behind(tmp_path: Path):
    code = (
        "import sys; from pathlib import Path; from flows.commands import Commands\n"
        f"Commands(Path.cwd(), grace_s=0.5).run([sys.executable, '-c', {FAMILY!r}],"
        " lambda line: print(line, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        family = [int(word) for word in process.stdout.readline().split()]
        assert len(family) == 2
        assert all(map(is_alive, family))
        process.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, family)), "the end of the family", 20)


def test_credentials_are_not_repeated(monkeypatch: pytest.MonkeyPatch, commands: Commands):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "abc/def+123")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hunter22")
    text = "at http://me:hunter22@host/x with abc/def+123, hunter22; ssh://user@host"
    assert hide_secrets(text) == "at http://***@host/x with ***, ***; ssh://***@host"
    code = "import os; print('key', os.environ['AWS_SECRET_ACCESS_KEY'])"
    assert commands.ask([sys.executable, "-c", code]) == "key ***"


def test_a_dvc_is_ready_for_the_next_command_and_ends_with_the_rest(commands: Commands):
    assert commands.ask(["dvc", "--version"])
    ready = commands._ready[0]
    assert commands.ask(["dvc", "--version"])
    assert ready.returncode == 0  # it was this one that answered
    with pytest.raises(ToolError, match=r"^dvc status failed: .* not inside of a DVC repo"):
        commands.ask(["dvc", "status"])
    waiting = list(commands._ready)
    commands.stop()
    assert waiting
    assert all(one.returncode is not None for one in waiting)
    assert commands.run(["dvc", "--version"]).is_interrupted


def test_one_dvc_answers_several_questions(commands: Commands, tmp_path: Path):
    version = commands.ask(["dvc", "--version"])
    assert commands.ask_dvc(["dvc", "--version"], ["dvc", "--version"]) == [version, version]
    with pytest.raises(ToolError, match="not inside of a DVC repository"):
        commands.ask_dvc(["dvc", "status"], ["dvc", "init", "--no-scm"])
    assert not (tmp_path / ".dvc").exists()


def test_stages_that_ask_at_once_share_what_is_ready(commands: Commands):
    commands.prepare()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: commands.ask(["dvc", "--version"]), range(6)))
    assert len(set(answers)) == 1
    assert len(commands._ready) <= _MAX_READY


def test_what_dvc_imports_late_is_there():
    assert [name for name in _IMPORTED_LATE if find_spec(name) is None] == []


def test_a_ready_dvc_that_has_died_is_made_up_for(commands: Commands):
    commands.ask(["dvc", "--version"])
    for ready in commands._ready:
        os.killpg(ready.pid, signal.SIGKILL)
        ready.wait(30)
    assert commands.ask(["dvc", "--version"])
