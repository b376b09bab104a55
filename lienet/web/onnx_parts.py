"""ONNX files changed for a runtime that takes no optional inputs, without the package ``onnx``.

ONNX Runtime Web refuses to be fed what has a default. So the defaults of a network's statistics are
taken out, which makes them inputs like the image; and what leads to the features that these are
measured on is cut out as a file of its own, as every run computes all outputs. Owns the little of
protobuf's wire format that this needs: fields of bytes are kept or dropped, and never rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from lienet.errors import ModelError

_GRAPH = 7
_NODE, _INITIALIZER, _INPUT, _OUTPUT, _VALUE_INFO = 1, 5, 11, 12, 13
"""Fields of a model, and of its graph."""
_NODE_INPUT, _NODE_OUTPUT = 1, 2
_TENSOR_NAME, _VALUE_NAME = 8, 1
_VARINT, _BYTES = 0, 2
_FIXED_SIZES = {1: 8, 5: 4}
"""Wire types, and the bytes that numbers of fixed size take."""


@dataclass(frozen=True)
class _Field:
    number: int
    raw: bytes
    """As it stands in the file."""
    value: bytes
    """What a field of bytes holds; nothing for numbers."""


def require_inputs(content: bytes, names: Collection[str]) -> bytes:
    """Return an ONNX file that must be fed all of ``names``, whose defaults are taken out.

    Raises:
        ModelError: these are no bytes of an ONNX file.
    """

    def is_kept(field: _Field) -> bool:
        return field.number != _INITIALIZER or _name_of(field) not in names

    return _rewrite_graph(content, lambda graph: [each for each in graph if is_kept(each)])


def cut_out(content: bytes, outputs: Collection[str]) -> bytes:
    """Return the part of an ONNX file that leads to some of its outputs.

    Inputs that nothing of it uses are left out.

    Raises:
        ModelError: these are no bytes of an ONNX file.
    """
    return _rewrite_graph(content, lambda graph: _keep_leading_to(graph, outputs))


def _keep_leading_to(graph: list[_Field], outputs: Collection[str]) -> list[_Field]:
    needed, kept_nodes = set(outputs), set[int]()
    for index in reversed(range(len(graph))):  # nodes are stored in the order they run in
        if graph[index].number != _NODE:
            continue
        node = list(_read_fields(graph[index].value))
        made = {field.value.decode() for field in node if field.number == _NODE_OUTPUT}
        if made & needed:
            kept_nodes.add(index)
            needed |= {field.value.decode() for field in node if field.number == _NODE_INPUT}
    named = {_INITIALIZER: needed, _INPUT: needed, _VALUE_INFO: needed, _OUTPUT: set(outputs)}
    return [
        field
        for index, field in enumerate(graph)
        if (field.number != _NODE or index in kept_nodes)
        and (field.number not in named or _name_of(field) in named[field.number])
    ]


def _rewrite_graph(content: bytes, choose: Callable[[list[_Field]], list[_Field]]) -> bytes:
    parts = []
    try:
        for field in _read_fields(content):
            if field.number == _GRAPH:
                graph = b"".join(each.raw for each in choose([*_read_fields(field.value)]))
                parts.append(_encode(_GRAPH << 3 | _BYTES) + _encode(len(graph)) + graph)
            else:
                parts.append(field.raw)
    except (IndexError, ValueError) as error:
        raise ModelError("these are no bytes of an ONNX file") from error
    return b"".join(parts)


def _name_of(field: _Field) -> str:
    number = _TENSOR_NAME if field.number == _INITIALIZER else _VALUE_NAME
    names = [each.value for each in _read_fields(field.value) if each.number == number]
    return names[0].decode() if names else ""


def _read_fields(content: bytes) -> Iterator[_Field]:
    at = 0
    while at < len(content):
        start = at
        key, at = _decode(content, at)
        first, last = at, at
        kind = key & 7
        if kind == _VARINT:
            _, at = _decode(content, at)
        elif kind == _BYTES:
            length, first = _decode(content, at)
            last = at = first + length
        elif kind in _FIXED_SIZES:
            at += _FIXED_SIZES[kind]
        else:
            raise ValueError(f"wire type {kind}")
        if at > len(content):
            raise ValueError("cut short")
        yield _Field(key >> 3, content[start:at], content[first:last])


def _decode(content: bytes, at: int) -> tuple[int, int]:
    """Return a number of variable length, and where the next field begins."""
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _encode(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
