"""Source read without running it: what counts of a tree, and what a module reaches."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.imports import ImportGraph, read_source, short_hash

PACKAGE = {
    "__init__.py": '"""A package."""\n',
    "top.py": "from room import far\nfrom room.inner import near as close\n",
    "far.py": "def work():\n    import room.lazy\n",
    "lazy.py": "PART = 'room.named'\n",
    "named.py": "import numpy.linalg\n",
    "typed.py": "x = 1\n",
    "inner/__init__.py": "from room.inner.deep import *\n",
    "inner/near.py": "from ..typed import x\nfrom . import beside\n",
    "inner/beside.py": "",
    "inner/deep.py": "",
    "alone.py": (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from room import top\n"
        "else:\n    import room.lazy\n"
    ),
}


@pytest.fixture
def graph(tmp_path: Path) -> ImportGraph:
    """A package of nine modules and a sub-package."""
    for name, content in PACKAGE.items():
        path = tmp_path / "room" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return ImportGraph(tmp_path / "room")


def digest(tmp_path: Path, content: str) -> str:
    path = tmp_path / "module.py"
    path.write_text(content)
    return read_source(path).digest


def test_modules_are_known_by_their_dotted_names(graph: ImportGraph):
    assert len(graph.paths) == len(PACKAGE)
    assert {"room", "room.inner", "room.inner.near"} < graph.paths.keys()


def test_lazy_relative_and_named_imports_are_followed_through_packages(graph: ImportGraph):
    assert graph.reach(["room.top"]) == {
        *("room", "room.top", "room.far", "room.lazy", "room.named"),
        *("room.inner", "room.inner.near", "room.inner.beside", "room.inner.deep", "room.typed"),
    }


def test_what_only_type_checkers_import_is_not_followed(graph: ImportGraph):
    assert graph.reach(["room.alone"]) == {"room", "room.alone", "room.lazy", "room.named"}


def test_what_is_left_out_is_not_followed(graph: ImportGraph):
    reached = graph.reach(["room.top"], lambda name: name in ("room.far", "room.inner"))
    assert reached == {"room", "room.top", "room.inner.near", "room.inner.beside", "room.typed"}


def test_packages_are_known_by_the_first_part_of_their_names(graph: ImportGraph):
    assert graph.read("room.named").top_names == {"numpy"}


@pytest.mark.parametrize(
    "same",
    [
        "def f(x):\n    return x + 1  # why\n",
        'def f(x):\n    """Return more."""\n    return x + 1\n',
        "def f(x):\n\n    return (x +\n        1)\n",
        "def f(x):\n    logger.info('adding to %s', x)\n    return x + 1\n",
        "if TYPE_CHECKING:\n    from somewhere import X\ndef f(x):\n    return x + 1\n",
        '"""A module."""\ndef f(x):\n    return x + 1\n"""What f is."""\n',
    ],
)
def test_words_for_people_and_type_checkers_do_not_count(tmp_path: Path, same: str):
    assert digest(tmp_path, same) == digest(tmp_path, "def f(x):\n    return x + 1\n")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = '1'", "x = 1"),
        ("x = y.z", "x = y.w"),
        ("f(a, b)", "f(b, a)"),
        ("f(a)(b)", "f(a(b))"),
        ("if a:\n    b()\nc()", "if a:\n    b()\n    c()"),
        ("def f(a, b=1): pass", "def f(a=1, *, b): pass"),
        ("f(**a)", "f(*a)"),
        ("f'{x}'", "f'{x!r}'"),
        ("logger.info(x)", "warn.info(x)"),
        ("x = [[], 1]", "x = [[1]]"),
        ("from a import b", "from a import c"),
    ],
)
def test_whatever_runs_otherwise_counts(tmp_path: Path, one: str, other: str):
    assert digest(tmp_path, one) != digest(tmp_path, other)


def test_a_short_hash_is_the_beginning_of_sha256():
    assert short_hash(b"") == "e3b0c44298fc1c14"
