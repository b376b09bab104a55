"""A DVC that answers from a list, for tests of what follows from its answers."""

from __future__ import annotations

from pathlib import Path

from flows.commands import Commands, Finished
from flows.dvc import Dvc


class Scripted(Dvc):
    """A DVC that answers from a list."""

    def __init__(self, root: Path, answers: list[Finished]) -> None:
        super().__init__(Commands(root, grace_s=1.0))
        self.answers = answers

    def run(self, *words: str, on_line=lambda line: None, timeout_s=None):
        answer = self.answers.pop(0)
        for line in answer.lines:
            on_line(line)
        return answer
