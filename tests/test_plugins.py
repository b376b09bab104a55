"""Registries of parts, and plain files that add to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lienet.errors import InputError, ParamsError
from lienet.evaluation.measures import BatchMetric
from lienet.params import (
    Degradation,
    Metric,
    Model,
    Source,
    architectures,
    degradations,
    metrics,
    sources,
)
from lienet.plugins import Registry, list_plugins, load_plugins

colours: Registry[type] = Registry("colour")


@colours.register("red")
class Red:
    pass


def test_a_registered_part_is_found_by_its_name():
    assert colours.get("red") is Red
    assert colours.names() == ["red"]


def test_an_unknown_part_is_one_line_that_lists_those_there_are():
    with pytest.raises(ParamsError, match=r"colour must be one of red.*got blue"):
        colours.get("blue")


def test_two_parts_of_one_name_are_refused():
    with pytest.raises(ParamsError, match="two colours are called red"):
        colours.register("red")(type("Other", (), {}))


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / f"plugin_of_{tmp_path.name}".replace("-", "_")


def test_a_plain_file_adds_its_parts_and_is_listed(plugin: Path):
    path = plugin.with_suffix(".py")
    path.write_text(
        "from tests.test_plugins import colours\n@colours.register('green')\nclass Green: pass\n"
    )
    load_plugins([path, path])
    assert colours.get("green").__name__ == "Green"
    assert list_plugins().count(path) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.py", None, "must name Python files that exist"),
        ("notes.txt", "", "must name Python files that exist"),
        ("json.py", "", "has the name of another module"),
        ("broken_plugin.py", "1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_file_that_cannot_be_a_plugin_is_one_line(
    tmp_path: Path, name: str, content: str | None, said: str
):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=said):
        load_plugins([tmp_path / name])


DOORS: dict[str, tuple[str, Registry[Any], type]] = {
    "architectures": ("must define build", architectures, Model),
    "degradations": ("degrade or degrade_whole or encode", degradations, Degradation),
    "metrics": ("must define measure, title", metrics, Metric),
    "sources": ("must define find", sources, Source),
}


@pytest.mark.parametrize("door", DOORS)
def test_an_incomplete_part_is_refused_at_each_door(door: str):
    said, registry, base = DOORS[door]
    part = type("Half", (base,), {"__module__": __name__, "__annotations__": {}})
    with pytest.raises(ParamsError) as refused:
        registry.register("half_made")(part)
    line = str(refused.value)
    assert said in line
    assert line.endswith("got tests.test_plugins.Half without; add it to the class")
    assert "\n" not in line
    assert "half_made" not in registry.names()


@pytest.mark.parametrize("door", DOORS)
def test_what_is_no_subclass_is_refused_at_each_door(door: str):
    _, registry, base = DOORS[door]
    with pytest.raises(ParamsError, match=rf"must be a subclass of lienet\S+{base.__name__}, got"):
        registry.register("half_made")(Red)


def test_a_batch_metric_without_a_batch_is_refused():
    with pytest.raises(ParamsError, match="must define open_batch, title"):
        metrics.register("half_made")(type("Half", (BatchMetric,), {"__module__": __name__}))


@pytest.mark.parametrize("door", DOORS)
def test_a_file_with_an_incomplete_part_is_refused(plugin: Path, door: str):
    said, _, base = DOORS[door]
    path = plugin.with_suffix(".py")
    path.write_text(
        f"from lienet.params import {base.__name__}, {door}\n"
        f"@{door}.register('half_made')\nclass Half({base.__name__}): pass\n"
    )
    with pytest.raises(ParamsError, match=rf"half_made .*{said}.* got {plugin.name}\.Half without"):
        load_plugins([path])
    assert path not in list_plugins()


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        ("class Half(Model): pass", ParamsError, "must define build, got"),
        ("1 / 0", InputError, "fails on import: ZeroDivisionError"),
    ],
)
def test_a_part_of_an_installed_package_is_refused(
    plugin: Path, content: str, error: type[Exception], said: str
):
    plugin.with_suffix(".py").write_text(f"from lienet.params import Model\n{content}\n")
    described = plugin.parent / "half_parts-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: half-parts\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(
        f"[lienet.architectures]\nhalf_made = {plugin.name}:Half\n"
    )
    with pytest.raises(error, match=said):
        Registry("architecture", Model).get("half_made")
