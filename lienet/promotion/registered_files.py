"""The ONNX file behind an address of the registry, such as ``models:/lienet-sr@champion``."""

from __future__ import annotations

import re
from pathlib import Path

from lienet.errors import InputError
from lienet.promotion.registry import open_registry
from lienet.workspace import ONNX_NAME, Workspace

_ADDRESS = re.compile(r"models:/lienet-(?P<task>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<number>\d+))")


def fetch_registered(workspace: Workspace, address: str, folder: Path) -> tuple[Path, str]:
    """Return a registered network's file, fetched below ``folder``, and its model's name.

    Args:
        workspace: holds the registry, where no other is named.
        address: of a version, by alias or number.
        folder: where the file is put.

    Raises:
        InputError: there is no such address or version.
        ToolError: MLflow cannot be reached.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise InputError(
            "a registered model is named as models:/lienet-TASK@champion or models:/lienet-TASK/3",
            got=address,
        )
    with open_registry(workspace, found["task"]) as registry:
        if found["alias"]:
            version = registry.find_alias(found["alias"])
        else:
            numbers = {each.number: each for each in registry.list_all()}
            version = numbers.get(found["number"])
        if version is None:
            raise InputError(f"nothing is registered as {address}", remedy="see lienet promote")
        return registry.download(version, folder) / "artifacts" / ONNX_NAME, version.model
