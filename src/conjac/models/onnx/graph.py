"""What ONNX Runtime does not tell of a graph, read from the file: its kinds of nodes, and the classes' labels.

A file is a message of Protocol Buffers: fields, each with a number, a kind and a value, which may be a message again.
The numbers below are those of ``onnx.proto3``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

GRAPH = 7
NODE, INITIALIZER = 1, 5
INPUT, OUTPUT, OP_TYPE, ATTRIBUTE = 1, 2, 4, 5
NAME, INTS, STRINGS = 1, 8, 9
INT32_DATA, STRING_DATA, INT64_DATA, TENSOR_NAME, RAW_DATA, DATA_TYPE = 5, 6, 7, 8, 9, 2

LABELS = ("classlabels_strings", "classlabels_int64s", "classlabels_ints")
"""Attributes in which nodes that classify hold their classes."""
PASSING = ("Identity", "Cast", "Reshape", "Squeeze", "Flatten")
"""Nodes that change the form of labels and not what they are."""
WHOLE = {6: np.int32, 7: np.int64}
"""Types of whole numbers, by the number of the type."""


@dataclass(frozen=True)
class Node:
    """A node that computes.

    Attributes
    ----------
    op_type : str
    inputs, outputs : tuple of str
        Names of tensors.
    labels : tuple
        Those of the classes, where the node classifies.
    """

    op_type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    labels: tuple[Any, ...]


@dataclass(frozen=True)
class Graph:
    """The nodes of a graph, and the constants that name its classes.

    Attributes
    ----------
    nodes : tuple of Node
    constants : mapping of str to memoryview
        Messages that hold tensors, by name.
    """

    nodes: tuple[Node, ...] = ()
    constants: Mapping[str, memoryview] = field(default_factory=dict)

    @classmethod
    def of(cls, content: bytes) -> Graph:
        """Read the content of a file that ONNX Runtime has read before."""
        graph = next(value for number, value in _fields(memoryview(content)) if number == GRAPH)
        parts = list(_fields(graph))
        constants = {_text(_first(value, TENSOR_NAME)): value for number, value in parts if number == INITIALIZER}
        return cls(tuple(_node(value) for number, value in parts if number == NODE), constants)

    @property
    def stepwise(self) -> bool:
        """Whether trees are among the nodes."""
        return any(node.op_type.startswith("TreeEnsemble") for node in self.nodes)

    def labels_of(self, output: str) -> tuple[Any, ...] | None:
        """Return the classes that an output of labels, or of scores by label, chooses from; None if none are told."""
        maker = next((node for node in self.nodes if output in node.outputs), None)
        if maker is None:
            return None
        if maker.labels:
            return maker.labels
        if maker.op_type in PASSING:
            return self.labels_of(maker.inputs[0])
        if maker.op_type in ("ArrayFeatureExtractor", "Gather"):
            told = self.constants.get(maker.inputs[0])
            return None if told is None else _values(told)
        return None


def _node(message: memoryview) -> Node:
    told = _gathered(message)
    labels = (found for value in told.get(ATTRIBUTE, ()) if (found := _labels(value)))
    return Node(_text(told[OP_TYPE][0]), _texts(told, INPUT), _texts(told, OUTPUT), next(labels, ()))


def _labels(attribute: memoryview) -> tuple[Any, ...]:
    """Return an attribute's labels; of any other, the thresholds of a million nodes perhaps, its name alone is read."""
    if _text(_first(attribute, NAME)) not in LABELS:
        return ()
    told = _gathered(attribute)
    return (*_texts(told, STRINGS), *_numbers(told.get(INTS, ())))


def _values(tensor: memoryview) -> tuple[Any, ...]:
    told = _gathered(tensor)
    kind = WHOLE.get(told.get(DATA_TYPE, [0])[0])
    if kind is not None and RAW_DATA in told:
        return tuple(np.frombuffer(told[RAW_DATA][0], dtype=np.dtype(kind).newbyteorder("<")).tolist())
    return (*_texts(told, STRING_DATA), *_numbers([*told.get(INT32_DATA, ()), *told.get(INT64_DATA, ())]))


def _first(message: memoryview, wanted: int) -> memoryview:
    """Return a field of text without a look at what follows it."""
    return next((value for number, value in _fields(message) if number == wanted), memoryview(b""))


def _gathered(message: memoryview) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for number, value in _fields(message):
        found.setdefault(number, []).append(value)
    return found


def _texts(told: Mapping[int, Sequence[Any]], number: int) -> tuple[str, ...]:
    return tuple(map(_text, told.get(number, ())))


def _text(value: memoryview) -> str:
    return bytes(value).decode("utf-8", errors="replace")


def _numbers(values: Sequence[Any]) -> Iterator[int]:
    """Yield whole numbers that were written one by one, or packed."""
    for value in values:
        place = 0
        if isinstance(value, int):
            yield _signed(value)
            continue
        while place < len(value):
            number, place = _varint(value, place)
            yield _signed(number)


def _fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """Yield the number and the value of each field."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        size = {1: 8, 5: 4}.get(key & 7, 0)
        if key & 7 == 0:
            value, place = _varint(message, place)
            yield key >> 3, value
            continue
        if key & 7 == 2:
            size, place = _varint(message, place)
        yield key >> 3, message[place : place + size]
        place += size


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value
