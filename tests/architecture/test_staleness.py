"""A changed constant makes the stages stale that import its module; a comment makes none."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lienet import imports
from lienet.fingerprint import Fingerprint, Fingerprints
from lienet.observers import OBSERVERS

STAGES = {"download", "filter", "synthesize", "train", "export", "evaluate", "time", "report"}
DATA = {"download", "filter", "synthesize"}
BY_HAND = {
    "catalogues/open_images.py": {"download"},
    "cli/app.py": set(),
    "cluster.py": set(),
    "degradations/resize.py": {"synthesize", "evaluate", "time", "report"},
    "degradations/sr.py": {"synthesize", "report"},
    "deployment/formats/onnx_int8.py": {"export"},
    "deployment/onnx.py": {"export"},
    "draws.py": {"synthesize", "train", "evaluate", "report"},
    "evaluation/benchmark.py": {"evaluate", "report"},
    "evaluation/intervals.py": {"evaluate", "report"},
    "evaluation/matlab_luma.py": {"evaluate"},
    "evaluation/optional/niqe_pristine.json": {"evaluate"},
    "evaluation/optional/packages.py": {"evaluate"},
    "evaluation/vmaf.py": {"evaluate"},
    "executors.py": set(),
    "files.py": STAGES,
    "fingerprint.py": set(),
    "images.py": STAGES,
    "networks/blocks.py": {"train", "export", "evaluate", "time", "report"},
    "networks/vgg.py": {"train"},
    "params/active.py": STAGES,
    "params/checks.py": set(),
    "params/evaluation.py": {"export", "evaluate", "time", "report"},
    "params/flows.py": set(),
    "params/sources.py": STAGES - {"train", "export", "time"},
    "params/training.py": {"train", "report"},
    "progress.py": set(),
    "promotion/gate.py": set(),
    "report/page.html": {"report"},
    "report/tables.py": {"report"},
    "screening/text.py": {"filter"},
    "shards/writing.py": {"synthesize"},
    "sixteen_bits.py": STAGES,
    "stages/code.py": set(),
    "screening/model_files.py": {"filter", "evaluate", "report"},
    "stages/train.py": {"train"},
    "tracking/runs.py": set(),
    "training/losses.py": {"train"},
    "training/ssim.py": {"train"},
    "transfer/engine.py": {"download"},
    "weights/index.json": set(),
}
"""Files of the package, and the stages that a change in them makes stale."""
_IMPORT = re.compile(
    r"^ *(?:from (lienet[\w.]*) import (\([^)]*\)|[^\n]*)|import (lienet[\w.]*))"
    r"|\"(lienet\.[\w.]+)\"",
    re.M,
)
_FOR_TYPE_CHECKERS = re.compile(r"^if TYPE_CHECKING:\n(?:(?: +[^\n]*)?\n)+", re.M)


class Copy:
    """A copy of the package, to be changed."""

    def __init__(self, package: Path) -> None:
        self.package = package
        self.before = self.fingerprint()

    def fingerprint(self) -> dict[str, Fingerprint]:
        fingerprints = Fingerprints(self.package)
        return {stage: fingerprints.of_stage(stage) for stage in fingerprints.list_stages()}

    def stale_after(self, change: Callable[[str], str], *paths: Path) -> set[str]:
        """Return the stages that changed files make stale; the files are put back."""
        contents = {path: path.read_text(encoding="utf-8") for path in paths}
        for path, content in contents.items():
            path.write_text(change(content), encoding="utf-8")
        try:
            after = self.fingerprint()
        finally:
            for path, content in contents.items():
                path.write_text(content, encoding="utf-8")
        return {stage for stage, found in after.items() if found != self.before[stage]}


@pytest.fixture(scope="module")
def copy(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy in which a file is parsed anew only when it has changed."""
    package = tmp_path_factory.mktemp("copy") / "lienet"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(repository / "lienet", package, ignore=ignored)
    known: dict[tuple[Path, bytes], imports.Source] = {}
    read = imports.read_source

    def read_once(path: Path, module: str, package: str) -> imports.Source:
        key = path, path.read_bytes()
        if key not in known:
            known[key] = read(path, module, package)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imports, "read_source", read_once)
        patch.setattr("lienet.fingerprint.find_versions", lambda names: dict.fromkeys(names, "1"))
        patch.setattr("lienet.fingerprint.find_plugin_packages", dict)
        yield Copy(package)


def test_every_stage_but_code_has_a_fingerprint(copy: Copy):
    assert copy.before.keys() == STAGES


@pytest.mark.parametrize("name", BY_HAND)
def test_a_change_makes_exactly_these_stages_stale(copy: Copy, name: str):
    change = change_constant if name.endswith(".py") else "<!-- more -->{}".format
    assert copy.stale_after(change, copy.package / name) == BY_HAND[name]


def test_a_constant_of_any_module_makes_the_stages_stale_that_import_it(copy: Copy):
    found = {
        name: copy.stale_after(change_constant, path) for name, path in modules_of(copy.package)
    }
    assert found == expect_by_text(dict(modules_of(copy.package)))


def test_a_comment_and_a_docstring_in_each_module_make_none_stale(copy: Copy):
    assert copy.stale_after(reword, *dict(modules_of(copy.package)).values()) == set()


def modules_of(package: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def change_constant(source: str) -> str:
    """Change the first number or text that is no docstring; where there is none, add one."""
    lines = source.encode().splitlines(keepends=True)
    for node in _constants(ast.parse(source)):
        start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
        end = sum(map(len, lines[: (node.end_lineno or 0) - 1])) + (node.end_col_offset or 0)
        changed = node.value + "x" if isinstance(node.value, str) else node.value + 1
        content = source.encode()
        return (content[:start] + repr(changed).encode() + content[end:]).decode()
    return f"{source}\nADDED = 1\n"


def _constants(tree: ast.Module) -> Iterator[ast.Constant]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Constant) and type(node.value) in (str, int, float):
            yield node
        elif not isinstance(node, ast.Expr | ast.JoinedStr):
            waiting.extend(ast.iter_child_nodes(node))


def reword(source: str) -> str:
    """Add a comment, and words to the module's docstring and to that of its first function."""
    docstring = re.compile(r'(\A"""|\n *def [^"#]*?:\n +""")')
    return docstring.sub(r"\1More words. ", source, count=2) + "\n# A comment.\n"


def expect_by_text(paths: dict[str, Path]) -> dict[str, set[str]]:
    """Return by module the stages that it belongs to, by imports in the text, or in quotes."""
    lines = {}
    for name, path in paths.items():
        text = _FOR_TYPE_CHECKERS.sub("", path.read_text(encoding="utf-8"))
        lines[name] = {
            full
            for source, imported, plain, quoted in _IMPORT.findall(text)
            for one in ("", *re.findall(r"\w+", imported))
            for full in (plain or quoted or f"{source}.{one}".rstrip("."),)
        }
    expected: dict[str, set[str]] = {name: set() for name in paths}
    for stage in STAGES:
        out = [o.name.removesuffix(".*") for o in OBSERVERS if stage in (o.stages or STAGES)]
        waiting = [f"lienet.stages.{stage}"]
        while waiting:
            name = waiting.pop()
            is_out = any(
                name == one or name.startswith(f"{one}.") for one in out if one != "lienet"
            )
            if name == "lienet" or name not in paths or is_out or stage in expected[name]:
                continue
            expected[name].add(stage)
            waiting += [*lines[name], name.rpartition(".")[0]]
    return expected
