"""The machine ids of Open Images' labels, found by the words that people have for them.

Params name labels by id alone: a word may stand for several labels, such as two kinds of house.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from lienet.catalogues.open_images_lists import read_descriptions
from lienet.catalogues.remote import Depot
from lienet.errors import InputError, ParamsError, TransferError
from lienet.params import Transfer
from lienet.params.yaml_text import read_yaml
from lienet.workspace import Workspace

LISTS_URL = "https://storage.googleapis.com/openimages"
"""Where the official lists lie, unless a source of params has them elsewhere."""
_KIND = "open_images"


def find_labels(words: str, lists_url: str, depot: Depot) -> list[tuple[str, str]]:
    """Return (machine id, name) of every label that has these words in its name.

    Names that are the words come first, then shorter ones, whatever is written in capitals.

    Args:
        words: of a name, such as "house".
        lists_url: where the official lists lie.
        depot: where the list of names is kept, once fetched.

    Raises:
        TransferError: the list of names cannot be had.
        InputError: no label has such a name.
    """
    names = read_descriptions(lists_url, depot)
    if not names:
        raise TransferError(
            f"the names of Open Images' labels cannot be had from {lists_url}",
            remedy="check the network, or put the list into " + str(depot.lists_dir),
        )
    wanted = words.casefold().strip()
    found = [(label, name) for label, name in names.items() if wanted in name.casefold()]
    if not found:
        raise InputError("no label of Open Images has such a name", got=words)
    return sorted(found, key=lambda each: (len(each[1]), each[1], each[0]))


def find_lists(workspace: Workspace) -> tuple[str, Depot]:
    """Return where a workspace's source takes the official lists from, and keeps them.

    Params are not checked as a whole: a label that is no machine id makes them wrong.

    Raises:
        ParamsError: they do not say how files are fetched.
    """
    content = read_yaml(workspace.params_path)
    download = _take_section(content, "download")
    sources = _take_section(download, "sources")
    named = [name for name, each in sources.items() if _take_section(each, "kind") == _KIND]
    name = named[0] if named else _KIND
    stated = _take_section(sources.get(name), "lists_url") or LISTS_URL
    try:
        limits = Transfer.model_validate(_take_section(download, "transfer"))
    except ValidationError as error:
        what = error.errors()[0]["msg"]
        raise ParamsError(f"download.transfer: {what}", remedy="edit params.yaml") from None
    return str(stated), Depot(workspace.depot_dir(name), limits)


def _take_section(content: Any, name: str) -> Any:
    """Return an entry of a mapping that may be none."""
    return (content.get(name) or {}) if isinstance(content, dict) else {}
