"""Runs one command as a process group that does not outlive the process that asked for it.

``python guard.py PIPE_FD GROUP_FD GRACE_S COMMAND…`` is a process of its own, started by
``flows.commands`` with the reading end of a pipe. The pipe closes when its writer lets go or dies,
however it dies: then the group is interrupted, and killed after the grace. To a second pipe it
writes the group's number, for a caller whose guard is killed. The standard library alone, so that
it starts in no time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

INTERRUPTED = 130
"""The exit code of a command that was ended from outside."""
_POLL_S = 0.05


def main(arguments: list[str]) -> int:
    """Run the command to its end, or to the pipe's; return its exit code."""
    pipe_fd, group_fd, grace_s = int(arguments[0]), int(arguments[1]), float(arguments[2])
    command = arguments[3:]
    # A shell starts background jobs with the interrupt ignored, and children would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        child = subprocess.Popen(command, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error.strerror}\n")
        return 127
    os.write(group_fd, str(child.pid).encode())
    is_cut = threading.Event()
    watch = threading.Thread(target=_watch, args=(pipe_fd, grace_s, child, is_cut), daemon=True)
    watch.start()
    code = child.wait()
    if is_cut.is_set():
        _let_end(child.pid, grace_s)
    _signal_group(child.pid, signal.SIGKILL)  # what the command left behind
    return INTERRUPTED if is_cut.is_set() else code if code >= 0 else 128 - code


def _watch(
    pipe_fd: int, grace_s: float, child: subprocess.Popen[bytes], is_cut: threading.Event
) -> None:
    with suppress(OSError):
        while os.read(pipe_fd, 1):
            pass
    is_cut.set()
    # The interrupt is what DVC and Python clean up after; a kill is what remains.
    _signal_group(child.pid, signal.SIGINT)
    _let_end(child.pid, grace_s)
    _signal_group(child.pid, signal.SIGKILL)


def _let_end(group: int, grace_s: float) -> None:
    """Wait until no process of the group is left, at most for the grace."""
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline and _signal_group(group, 0):
        time.sleep(_POLL_S)


def _signal_group(group: int, number: int) -> bool:
    """Signal a process group; return whether there was one."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
