"""Registries of parts, and plain files that add to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import InputError, ParamsError
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
