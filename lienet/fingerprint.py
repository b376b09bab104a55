"""The fingerprint of a stage's code: what, besides params and data, decides the bytes it writes.

That is the syntax trees of all modules that the stage imports, directly or not; the files that lie
in their packages; plugin files; and the versions of Python and of the packages that they import.
Left out are comments, docstrings, log lines, and what :mod:`lienet.observers` declares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from lienet.files import sha256_of_json
from lienet.imports import ImportGraph, Source, read_source, short_hash
from lienet.observers import OBSERVERS, PACKAGES_LEFT_OUT, RELIED_UPON, Observer
from lienet.versions import find_plugin_packages, find_versions

PACKAGE_DIR = Path(__file__).parent
_WITHOUT_FINGERPRINT = "code"
"""The stage that writes them."""
_NOT_DATA = (".py", ".pyi", ".typed", ".part")


@dataclass(frozen=True)
class Fingerprint:
    """What decides bytes, each part by its name."""

    modules: Mapping[str, str]
    """Short hashes of syntax trees."""
    files: Mapping[str, str]
    """Short hashes of what lies beside the modules, and of plugins, by path."""
    packages: Mapping[str, str]
    """Versions of Python and of installed packages."""

    @property
    def digest(self) -> str:
        """One hash of it all."""
        return sha256_of_json(asdict(self))

    def changes_since(self, former: Fingerprint) -> list[str]:
        """Return the names of the parts that differ, with versions where they have one."""
        changed = [
            name
            for own, its in ((self.modules, former.modules), (self.files, former.files))
            for name in sorted(own.keys() | its.keys())
            if own.get(name) != its.get(name)
        ]
        own, its = self.packages, former.packages
        return changed + [
            f"{name} {its.get(name, 'none')} -> {own.get(name, 'none')}"
            for name in sorted(own.keys() | its.keys())
            if own.get(name) != its.get(name)
        ]


class Fingerprints:
    """The fingerprints of a package's stages; each of its modules is read once for all of them.

    Args:
        package_dir: the folder of the package.
        extra: plugin files; they and what they import count for every stage, as do installed
            packages with parts.
    """

    def __init__(self, package_dir: Path = PACKAGE_DIR, extra: Sequence[Path] = ()) -> None:
        self.graph = ImportGraph(package_dir)
        self._data = _hash_data(self.graph)
        self._extra = _read_extra(extra)
        self._plugin_packages = find_plugin_packages()

    def list_stages(self) -> list[str]:
        """Return the stages that have a fingerprint: the modules of the stages' package."""
        prefix = f"{self.graph.package}.stages."
        stages = [name.removeprefix(prefix) for name in self.graph.paths if name.startswith(prefix)]
        return [stage for stage in stages if stage != _WITHOUT_FINGERPRINT]

    def of_stage(self, stage: str) -> Fingerprint:
        """Return the fingerprint of one stage."""
        return self._make([f"{self.graph.package}.stages.{stage}"], stage)

    def of_all(self) -> Fingerprint:
        """Return the fingerprint of all modules that decide a byte of any stage."""
        return self._make([f"{self.graph.package}.stages.{name}" for name in self.list_stages()])

    def _make(self, roots: Iterable[str], stage: str | None = None) -> Fingerprint:
        graph, sources = self.graph, [*self._extra.values()]
        of_extra = graph.modules_among(name for source in sources for name in source.names)
        is_observer = cache(lambda name: _is_covered(OBSERVERS, name, stage))
        modules = graph.reach([*roots, *of_extra], is_observer)
        sources += [graph.read(module) for module in modules]
        own = {"", graph.package, *sys.stdlib_module_names}
        names = {
            name
            for source in sources
            for name in source.top_names - own
            if not _is_covered(PACKAGES_LEFT_OUT, name, stage)
        }
        names.update(*(RELIED_UPON.get(name, ()) for name in names | modules))
        files = {path.name: source.digest for path, source in self._extra.items()}
        for folder in {graph.paths[module].parent for module in modules}:
            files |= self._data[folder]
        return Fingerprint(
            modules={name: graph.read(name).digest for name in sorted(modules)},
            files=dict(sorted(files.items())),
            packages=dict(sorted({**self._plugin_packages, **find_versions(names)}.items())),
        )


def _is_covered(observers: Iterable[Observer], name: str, stage: str | None) -> bool:
    return any(observer.covers(name, stage) for observer in observers)


def _hash_data(graph: ImportGraph) -> dict[Path, dict[str, str]]:
    """Return by folder of a package the hashes of what is no code: templates, tables, weights.

    A folder without an ``__init__.py`` belongs to the package that it lies in.
    """
    package_dir = graph.paths[graph.package].parent
    found: dict[Path, dict[str, str]] = {
        path.parent: {} for path in graph.paths.values() if path.name == "__init__.py"
    }
    for path in sorted(package_dir.rglob("*")):
        is_hidden = path.name.startswith(".") or "__pycache__" in path.parts
        if path.suffix not in _NOT_DATA and not is_hidden and path.is_file():
            owner = next(parent for parent in path.parents if parent in found)
            name = path.relative_to(package_dir.parent).as_posix()
            found[owner][name] = short_hash(path.read_bytes())
    return found


def _read_extra(paths: Iterable[Path]) -> dict[Path, Source]:
    """Read plugin files, and the files beside them that they import."""
    found: dict[Path, Source] = {}
    waiting = [*paths]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = read_source(path, package=PACKAGE_DIR.name)
        beside = (path.with_name(f"{name}.py") for name in sorted(found[path].top_names))
        waiting.extend(other for other in beside if other.is_file())
    return found
