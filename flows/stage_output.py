"""What DVC prints while it runs a stage: the stage's own words, and DVC's beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

_HINT = (
    r"\s*$|Generating lock file|Updating lock file|Use `dvc push`|Data and pipelines are up to"
    r"|To track the changes with git|To enable auto staging|\s+(git add|dvc config) |Having any"
    r"|ERROR: failed to reproduce|WARNING: '.+' is empty\.$"
)
IS_HINT = re.compile(_HINT)
"""What DVC says to somebody at a terminal, or again about a stage that failed."""
_IS_OF_DVC = re.compile(rf"{_HINT}|Running stage '|> |ERROR: ")


def find_reason(lines: Sequence[str]) -> str:
    """Return the last line of a stage's own among those that DVC printed, or DVC's error."""
    own = [line.strip() for line in lines if not _IS_OF_DVC.match(line)]
    errors = [line.strip() for line in lines if line.startswith("ERROR: ")]
    return (own or errors or ["it printed nothing"])[-1].removeprefix("lienet: ")


class LastLine:
    """What a stage printed last, and when."""

    def __init__(self) -> None:
        self._text, self._at = "nothing", datetime.now(UTC)

    def note(self, line: str) -> None:
        """Take a line as it comes."""
        if not _IS_OF_DVC.match(line):
            self._text, self._at = line.strip(), datetime.now(UTC)

    def __str__(self) -> str:
        """Say it in half a sentence."""
        return f"the last it printed, at {self._at:%H:%M:%S} UTC: {self._text}"
