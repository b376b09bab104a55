"""How an enhanced picture is called and signed, and which picture it was made of."""

from __future__ import annotations

import re

_NOT_IN_NAMES = re.compile(r"[^\w.-]")
_SIGNATURE = re.compile(r"lienet, (.+?)(_x\d+)? [0-9a-f]{16} on [0-9a-f]{16}")


def make_suffix(label: str, *, task: str, scale: int) -> str:
    """Return what an output is called behind the name of its input, such as ``_lienet_x4``.

    Args:
        label: of the network, without its scale.
        task: by name; named where the scale is 1.
        scale: per side.
    """
    return _clean(f"_{label}_{task if scale == 1 else f'x{scale}'}")


def make_signature(label: str, *, network_sha256: str, source_sha256: str) -> str:
    """Return what is written into an output: by which network it was made, and of which file."""
    return f"lienet, {label} {network_sha256[:16]} on {source_sha256[:16]}"


def strip_suffix(stem: str, signature: str | None) -> str:
    """Return what the input of an output was called, without its extension.

    Args:
        stem: of the output, without its extension.
        signature: what is written into it, if anything.
    """
    signed = _SIGNATURE.fullmatch(signature or "")
    found = signed and re.fullmatch(rf"(.+)_{re.escape(_clean(signed[1]))}_[\w.-]+", stem)
    return found[1] if found else stem


def _clean(text: str) -> str:
    return _NOT_IN_NAMES.sub("-", text)
