"""Which pictures are meant by what a person names, and where each enhanced one goes.

Folders are gone through, linked ones too, and their tree is kept below the output folder; patterns
that the shell left alone are filled in. No output ever takes the place of an input.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from lienet.errors import InputError
from lienet.pictures.decoding import SUFFIXES
from lienet.pictures.writing import Format

_PATTERN = frozenset("*?[")
_NOT_WRITTEN = frozenset({".bmp", ".gif", ".jxl", ".pdf", ".svg", ".tga"})
_FORMATS: dict[str, Format] = {".png": "png", ".jpg": "jpg", ".jpeg": "jpg", ".webp": "webp"}


@dataclass(frozen=True)
class Job:
    """One picture to be enhanced."""

    source: Path
    target: Path


def find_format(output: Path | None, asked: Format | None) -> Format:
    """Return the format of the outputs: that asked for, else by the output's name, else PNG.

    Raises:
        InputError: the two contradict each other, or the output can be neither folder nor file.
    """
    named = _FORMATS.get(output.suffix.lower()) if output is not None else None
    if output is not None and not output.is_dir():
        _refuse_output(output, is_format=named is not None)
    if asked is not None and named not in (None, asked) and output and not output.is_dir():
        raise InputError(f"{output} does not end in .{asked}", remedy="leave out --format")
    return asked or named or "png"


def _refuse_output(output: Path, *, is_format: bool) -> None:
    """Refuse what is no folder, and would hardly be meant as one."""
    is_picture = output.suffix.lower() in SUFFIXES | _NOT_WRITTEN or str(output) == "-"
    if not is_format and (is_picture or output.exists()):
        raise InputError(
            "-o is a folder, or a file that ends in .png, .jpg or .webp", got=str(output)
        )


def plan_jobs(
    inputs: Sequence[Path], output: Path | None, *, suffix: str, kind: Format
) -> list[Job]:
    """Return the pictures that are meant, each once, with the paths of their outputs.

    Args:
        inputs: files, folders and patterns.
        output: a folder; or a file for a single picture; None puts outputs beside the inputs.
        suffix: comes between the name of an input and the extension.
        kind: the outputs' format.

    Raises:
        InputError: an input is not there, holds no picture, or is an output of another.
    """
    found = dict(_find_pictures(inputs, output, f"{suffix}.{kind}"))
    if not found:
        raise InputError("there is no picture", got=", ".join(map(str, inputs)))
    is_file = output is not None and output.suffix.lower() in _FORMATS and not output.is_dir()
    if output is not None and is_file:
        if len(found) > 1:
            raise InputError(
                f"{len(found)} pictures do not fit into one file",
                got=output,
                remedy="name a folder",
            )
        jobs = [Job(source, output) for source in found]
    else:
        plain = {source: _place(source, below, output) for source, below in found.items()}
        shared = Counter(place.with_suffix("") for place in plain.values())
        jobs = [
            Job(source, place.with_name(f"{_stem(place, shared)}{suffix}.{kind}"))
            for source, place in plain.items()
        ]
    _refuse_clashes(jobs)
    return jobs


def _refuse_clashes(jobs: Sequence[Job]) -> None:
    sources = {job.source.resolve() for job in jobs}
    targets: set[Path] = set()
    for job in jobs:
        if job.target.resolve() in sources:
            raise InputError(
                f"{job.target} is an input and would be overwritten",
                remedy="choose another --suffix or -o",
            )
        if job.target in targets:
            raise InputError(
                f"two pictures would become {job.target}",
                remedy="name the folder that both lie in, or enhance them one by one",
            )
        targets.add(job.target)


def _place(source: Path, below: Path, output: Path | None) -> Path:
    return source if output is None else output / below


def _stem(place: Path, shared: Counter[Path]) -> str:
    """Keep the extension in the name where two pictures differ in nothing else."""
    is_shared = shared[place.with_suffix("")] > 1
    return f"{place.stem}_{place.suffix[1:]}" if is_shared else place.stem


def _find_pictures(
    inputs: Iterable[Path], output: Path | None, ending: str
) -> Iterator[tuple[Path, Path]]:
    """Yield pictures with their paths below what was named."""
    for named in inputs:
        if named.is_dir():
            yield from _walk(named, output, ending)
        elif named.exists():
            yield named, Path(named.name)
        elif _PATTERN & set(str(named)):
            matching = [Path(path) for path in sorted(glob(str(named), recursive=True))]  # noqa: PTH207
            if not matching:
                raise InputError(f"nothing matches {named}", remedy="check the pattern")
            yield from _find_pictures(matching, output, ending)
        else:
            raise InputError(f"there is no file or folder {named}", remedy="check the path")


def _walk(folder: Path, output: Path | None, ending: str) -> Iterator[tuple[Path, Path]]:
    """Yield the pictures below a folder, but for earlier outputs among them."""
    inside = output.resolve() if output is not None else None
    seen: set[Path] = set()
    for where, folders, names in os.walk(folder, followlinks=True):
        here = Path(where)
        real = here.resolve()
        is_output = inside is not None and real == inside and inside != folder.resolve()
        if real in seen or is_output:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = here / name
            is_picture = path.suffix.lower() in SUFFIXES and not name.startswith(".")
            if is_picture and not name.endswith(ending):
                yield path, path.relative_to(folder)
