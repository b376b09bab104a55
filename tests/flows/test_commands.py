"""Outside commands: no shell, no credentials in their output, no process left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.commands import Commands
from lienet.errors import ToolError
from tests.flows.toy import ROOT, is_alive, parent_of, wait_until

# Writes its process id and its child's; the child ignores interrupts.
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


def test_output_is_passed_on_line_by_line_and_its_last_lines_are_kept(commands: Commands):
    code = "import sys; print('one'); print('two\\rthree', file=sys.stderr); sys.exit(4)"
    heard: list[str] = []
    finished = commands.run([sys.executable, "-u", "-c", code], heard.append)
    assert heard == ["one", "two", "three"]
    assert (finished.code, finished.lines) == (4, ("one", "two", "three"))


def test_arguments_reach_the_command_without_a_shell(commands: Commands, tmp_path: Path):
    code = "import sys; print(sys.argv[1])"
    word = "$(touch pwned); `touch pwned` && touch pwned"
    assert commands.run([sys.executable, "-c", code, word]).lines == (word,)
    assert list(tmp_path.iterdir()) == []


def test_a_long_line_is_passed_on_whole(commands: Commands):
    lines: list[str] = []
    commands.run([sys.executable, "-c", "print('x' * 100_000)"], lines.append)
    assert lines == ["x" * 100_000]


def test_a_missing_command_is_an_error(commands: Commands):
    with pytest.raises(ToolError, match="no-such-program cannot be run"):
        commands.run(["no-such-program"])


def test_an_error_of_the_caller_ends_the_command(commands: Commands):
    family: list[int] = []

    def fail(line: str) -> None:
        family.extend(map(int, line.split()))
        raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"):
        commands.run([sys.executable, "-c", FAMILY], fail)
    assert len(family) == 2
    assert not any(map(is_alive, family))


@pytest.mark.parametrize("parent", ["", "import signal; signal.signal(2, signal.SIG_IGN)"])
def test_stop_interrupts_the_command_and_kills_children_that_ignore_it(
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


def test_a_command_ends_when_its_caller_is_killed(tmp_path: Path):
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


def test_a_command_ends_when_its_guard_is_killed(commands: Commands):
    family: list[int] = []

    def kill_guard(line: str) -> None:
        family.extend(map(int, line.split()))
        os.kill(parent_of(family[0]), signal.SIGKILL)

    finished = commands.run([sys.executable, "-c", FAMILY], kill_guard)
    assert finished.code == -signal.SIGKILL
    wait_until(lambda: not any(map(is_alive, family)), "the end of the family", 20)
