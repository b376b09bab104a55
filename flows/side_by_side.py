"""``python -m flows.side_by_side``: the pipeline on the cores of this machine, without a server.

``dvc repro`` runs one stage after another. Here each starts when those that it waits for are done,
as in the flow ``pipeline``. When one fails, those that have begun are let end.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path

from flows.commands import Commands, Finished
from flows.dvc import Dvc
from flows.graph import CODE, Graph, read_changed, read_graph
from flows.occupancy import holding_workspace
from flows.reproduction import make_words, run_when_free
from flows.slots import Slots, count_slots, has_gpu, list_slots
from flows.stage_output import IS_HINT, find_reason
from lienet.errors import LienetError, ToolError
from lienet.params import Params, load_params
from lienet.workspace import Workspace

_GRACE_S = 5.0

Job = Callable[[str], Finished]


def run_side_by_side(workspace: Workspace, targets: Sequence[str], num_jobs: int) -> int:
    """Bring stages up to date; return how many were not.

    Args:
        workspace: the clone; while another run has it, this one waits.
        targets: stages, with all that they wait for; every stage, where there are none.
        num_jobs: how many run at once; as many as ``flows.cpu_slots`` says, where it is 0.

    Raises:
        InputError: a target is no stage.
        ToolError: a stage failed; the error says which and why.
    """
    params = load_params(workspace.params_path)
    num_jobs = num_jobs or count_slots(params.flows)["cpu"]
    with (
        holding_workspace(
            workspace, f"of process {os.getpid()}", waits=True, on_wait=_say_holder
        ) as lock,
        Commands(
            workspace.root, grace_s=_GRACE_S, lock_fd=lock, environment=share_cores(num_jobs)
        ) as commands,
        Dvc(commands) as dvc,
    ):
        changed = read_changed(dvc)
        if not changed and not targets:
            return 0
        graph = read_graph(dvc).select(targets)
        run = _make_job(dvc, params)
        first = graph.only(graph.all_inputs(graph.inputs.keys() & {CODE} & changed))
        if first.inputs:  # before the fingerprints are new, DVC cannot tell what else has changed
            run_graph(first, run, commands.stop, num_jobs)
            changed = read_changed(dvc)
        stale = graph.only(graph.inputs.keys() - graph.current(changed))
        run_graph(stale, run, commands.stop, num_jobs)
    return len(first.inputs) + len(stale.inputs)


def share_cores(num_jobs: int) -> dict[str, str]:
    """Return the environment in which as many stages at once do not compete for the cores.

    Each would else start a thread for every core, and idle threads of OpenMP wait at full speed.
    """
    if "OMP_NUM_THREADS" in os.environ:
        return {}
    return {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // num_jobs))}


def run_graph(graph: Graph, run: Job, stop: Callable[[], None], num_jobs: int) -> None:
    """Run every stage of a graph once those that it waits for are done.

    Args:
        graph: the stages.
        run: runs one stage to its end.
        stop: ends the stages that run; called if this is interrupted.
        num_jobs: how many run at once.

    Raises:
        ToolError: a stage failed; those that had begun were let end.
    """
    order = TopologicalSorter(graph.inputs)
    order.prepare()
    running: dict[Future[Finished], str] = {}
    failures: list[str] = []
    with ThreadPoolExecutor(num_jobs) as pool:
        try:
            while order.is_active() and (running or not failures):
                ready = () if failures else order.get_ready()
                running |= {pool.submit(run, stage): stage for stage in ready}
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    stage = running.pop(future)
                    if future.cancelled():
                        continue
                    finished = future.result()
                    if finished.code == 0:
                        order.done(stage)
                        continue
                    failures.append(f"{stage} failed: {find_reason(finished.lines)}")
                    for waiting in running:
                        waiting.cancel()
        except BaseException:
            stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if failures:
        raise ToolError(failures[0])


def _make_job(dvc: Dvc, params: Params) -> Job:
    slots, is_gpu_there = Slots(count_slots(params.flows)), has_gpu()

    def run(stage: str) -> Finished:
        def on_line(line: str) -> None:
            if not IS_HINT.match(line):
                _say(f"{stage}  {line}")

        names = [name for name in list_slots(stage, params, has_gpu=is_gpu_there) if name != "cpu"]
        with slots.take(names):
            command = partial(dvc.run, *make_words(stage))
            return run_when_free(dvc.root, command, on_line, timeout_s=params.flows.lock_timeout_s)

    return run


def _say_holder(holder: str) -> None:
    _say(f"waiting for the run {holder}, which has this workspace")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Take targets and the number of jobs from the command line."""
    parser = argparse.ArgumentParser(prog="python -m flows.side_by_side", description=__doc__)
    parser.add_argument("targets", nargs="*", help="stages, or single items as stage@item")
    parser.add_argument(
        "-j", "--jobs", type=int, default=0, help="how many run at once; default: flows.cpu_slots"
    )
    chosen = parser.parse_args()
    if chosen.jobs < 0:
        parser.error(f"--jobs must be 0 or more, got {chosen.jobs}")
    try:
        num_run = run_side_by_side(Workspace.find(Path.cwd()), chosen.targets, chosen.jobs)
    except LienetError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    _say(f"{num_run} stages were brought up to date" if num_run else "everything is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
