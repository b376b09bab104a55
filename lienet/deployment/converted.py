"""The list of what a network was converted to: ``formats.json`` in the folder of its files.

Owns the schema that export writes and evaluate reads. A format that could not be made is in the
list as well, with its tool, the tool's version and the reason.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from lienet.errors import ModelError
from lienet.files import write_json

LIST_NAME = "formats.json"


class Converted(BaseModel):
    """One format of a network: its file, or why there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    tool: str
    """The package that converted, with its version."""
    file: str | None = None
    """Beside the list; None where the tool could not convert the network."""
    size_bytes: int | None = None
    sha256: str | None = None
    agreement_db: float | None = None
    """PSNR of its output against torch's on a calibration tile, at most 100."""
    reason: str | None = None
    """Why there is no file, or why it is not run here."""


_LIST = TypeAdapter(list[Converted])


def write_list(folder: Path, formats: list[Converted]) -> None:
    """Write the list into the folder of the files."""
    write_json(folder / LIST_NAME, _LIST.dump_python(formats))


def read_list(folder: Path, *, remedy: str) -> list[Converted]:
    """Read the list of a network's formats.

    Raises:
        ModelError: it is missing or broken.
    """
    path = folder / LIST_NAME
    try:
        return _LIST.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelError(f"{path} is no list of formats", remedy=remedy) from error
