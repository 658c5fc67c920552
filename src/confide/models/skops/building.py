"""Building of the objects of a skops file, each by a rule of its own, and only those on the list.

The format is a tree of JSON nodes with the arrays beside it. skops builds an object of any type that is
trusted, by `cls.__new__` or by a call with arguments from the file. Here there is no such call: no reduce
node, no operator, no method, and no partial but one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any, TypeAlias, cast

import numpy as np

from confide.core.arrays import Array
from confide.models.skops import trusted as known
from confide.models.skops.archive import Archive
from confide.models.skops.refusal import damaged, harmful, untrusted
from confide.models.skops.states import restore
from confide.models.skops.trees import built_tree

Node: TypeAlias = Mapping[str, Any]
_DEEPEST = 150
_UNLISTED: frozenset[str] = frozenset()


class Unread:
    """The place of a search tree, which is not read from the file."""


UNREAD = Unread()

_ALLOWED: Mapping[str, Collection[str]] = {
    "JsonNode": ("builtins.str",),
    "ListNode": ("builtins.list",),
    "SetNode": ("builtins.set",),
    "TupleNode": known.TUPLES,
    "DictNode": known.DICTIONARIES,
    "NdArrayNode": known.ARRAYS,
    "MaskedArrayNode": ("numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"),
    "DTypeNode": ("numpy.dtype",),
    "SparseMatrixNode": known.SPARSE,
    "SliceNode": ("builtins.slice",),
    "BytesNode": ("builtins.bytes",),
    "BytearrayNode": ("builtins.bytearray",),
    "TypeNode": known.NUMBERS,
    "FunctionNode": known.ALL_FUNCTIONS,
    "PartialNode": ("functools.partial",),
    "RandomStateNode": ("numpy.random.mtrand.RandomState",),
    "RandomGeneratorNode": ("numpy.random._generator.Generator",),
    "TreeNode": (known.TREE,),
    "LossNode": known.LOSSES,
    "ObjectNode": known.ESTIMATORS | known.PARTS | known.SEARCH_TREES,
}
_BY_NAME = ("ObjectNode", "FunctionNode", "TypeNode")
"""Nodes whose types the user, or the estimator that a cache is read for, may add to the list."""


def built(archive: Archive, *, also: Collection[str] = ()) -> Any:
    """Build the object that an archive describes.

    Args:
        also: types and functions that are trusted besides the list, by full name.

    Raises:
        ModelError: if it holds a type that is neither on the list nor in `also`, or is damaged.
    """
    schema = archive.schema()
    nodes = list(_nodes(schema))
    unknown = {name for node in nodes if (name := _unknown(node, also)) is not None}
    if unknown:
        raise untrusted(archive.path, unknown)
    return _Builder(archive, len(nodes)).build(schema)


def names_in(archive: Archive) -> frozenset[str]:
    """The types and functions in an archive that are not on the list, and could be added to it by name."""
    nodes = [node for node in _nodes(archive.schema()) if node["__loader__"] in _BY_NAME]
    return frozenset(name for node in nodes if (name := _unknown(node, ())) is not None)


def name_of_node(node: Node) -> str:
    """The full name of the type or function of a node."""
    return f"{node['__module__']}.{node['__class__']}"


def _nodes(schema: object) -> Iterator[Node]:
    """All nodes of a schema; not by recursion, because a file can be nested as deeply as it likes."""
    todo = [schema]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            if "__loader__" in part:
                yield part
            todo += part.values()
        elif isinstance(part, list):
            todo += part


def _unknown(node: Node, also: Collection[str]) -> str | None:
    loader, name = str(node["__loader__"]), name_of_node(node)
    if name in _ALLOWED.get(loader, _UNLISTED) or (loader in _BY_NAME and name in also):
        return None
    return name if loader in _BY_NAME else f"{name} ({loader})"


@dataclass(eq=False)
class _Builder:
    """The state of one reading: what was built already, and how large it would be if written out."""

    archive: Archive
    nodes: int
    done: dict[object, tuple[Any, int]] = field(default_factory=dict)
    size: int = 0

    def build(self, node: Node, depth: int = 0) -> Any:
        """The object of a node; an object that several places hold is built once."""
        if depth > _DEEPEST:
            raise damaged(self.archive.path, f"it is nested more than {_DEEPEST} deep")
        before, key = self.size, node.get("__id__")
        # skops writes a shared object out at each of its places, so what is built has as many parts as the
        # file has nodes. Otherwise few nodes could stand for 2^50 of them.
        self.size += 1
        if self.size > self.nodes:
            raise damaged(self.archive.path, "it holds itself more often than it is long")
        if key is not None and key in self.done:
            found, size = self.done[key]
            self.size = before + size
            return found
        made = _BUILD[str(node["__loader__"])](self, node, depth + 1)
        if key is not None:
            self.done[key] = made, self.size - before
        return made

    def all(self, nodes: list[Node], depth: int) -> list[Any]:
        """The objects of several nodes."""
        return [self.build(node, depth) for node in nodes]


def _json(builder: _Builder, node: Node, depth: int) -> object:
    value = json.loads(node["content"])
    if not isinstance(value, str | int | float | bool | None):
        raise damaged(builder.archive.path, f"a {type(value).__name__} stands where a value is expected")
    return value


def _list(builder: _Builder, node: Node, depth: int) -> list[Any]:
    return builder.all(node["content"], depth)


def _set(builder: _Builder, node: Node, depth: int) -> set[Any]:
    return set(builder.all(node["content"], depth))


def _tuple(builder: _Builder, node: Node, depth: int) -> tuple[Any, ...]:
    content = builder.all(node["content"], depth)
    return tuple(content) if name_of_node(node) == "builtins.tuple" else _named(node)(*content)


def _dict(builder: _Builder, node: Node, depth: int) -> dict[Any, Any]:
    kinds = builder.build(node["key_types"], depth)
    made: dict[Any, Any] = _named(node)()
    for kind, (key, value) in zip(kinds, node["content"].items(), strict=True):
        # JSON has text as keys only: `bool("False")` would be true.
        made[key == "True" if kind in (bool, np.bool_) else kind(key)] = builder.build(value, depth)
    return made


def _array(builder: _Builder, node: Node, depth: int) -> Any:
    if node["type"] == "json":
        return _of_objects(builder, node, depth)
    array = builder.archive.array(node["file"])
    if name_of_node(node) == "numpy.ndarray":
        return array
    if array.ndim:
        raise damaged(builder.archive.path, "an array stands where a number is expected")
    return array[()]


def _of_objects(builder: _Builder, node: Node, depth: int) -> Array:
    """An array of objects, which is kept as a list, or as a list of lists of its shape."""
    shape = builder.build(node["shape"], depth)
    items: list[Any] = builder.all(node["content"], depth)
    for length in shape[1:]:
        if any(not isinstance(row, list) or len(row) != length for row in items):
            raise damaged(builder.archive.path, f"an array of objects is not of its shape {shape}")
        items = [item for row in items for item in row]
    made = np.empty(len(items), dtype=object)
    made[:] = items
    return made.reshape(shape)


def _masked(builder: _Builder, node: Node, depth: int) -> Any:
    data, mask = (builder.build(node["content"][word], depth) for word in ("data", "mask"))
    return np.ma.MaskedArray(data, mask)


def _dtype(builder: _Builder, node: Node, depth: int) -> np.dtype[Any]:
    return np.asarray(builder.build(node["content"], depth)).dtype


def _sparse(builder: _Builder, node: Node, depth: int) -> object:
    arrays = builder.archive.arrays(node["file"])
    kind, shape = name_of_node(node), tuple(int(length) for length in arrays["shape"])
    if "_coo" in kind:
        made = _named(node)((arrays["data"], (arrays["row"], arrays["col"])), shape=shape)
    else:
        made = _named(node)((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape)
        made.check_format(full_check=True)  # scipy follows the indices of a matrix without a look
    return made


def _slice(builder: _Builder, node: Node, depth: int) -> slice:
    ends = [node["content"][word] for word in ("start", "stop", "step")]
    if not all(isinstance(end, int | str | None) for end in ends):
        raise damaged(builder.archive.path, "the ends of a slice are no numbers or names")
    return slice(*ends)


def _bytes(builder: _Builder, node: Node, depth: int) -> bytes | bytearray:
    return _named(node)(builder.archive.content(node["file"]))


def _type_or_function(builder: _Builder, node: Node, depth: int) -> Any:
    return _named(node)


def _partial(builder: _Builder, node: Node, depth: int) -> Any:
    content = {word: builder.build(node["content"][word], depth) for word in ("func", "args", "kwds")}
    name = f"{content['func'].__module__}.{content['func'].__name__}"
    plain = all(isinstance(value, str | int | float | list | None) for value in content["kwds"].values())
    if name not in known.FUNCTIONS["partial"] or content["args"] or not plain:
        raise harmful("partial", f"the function {name} with arguments of its own")
    return partial(content["func"], **content["kwds"])


def _random_state(builder: _Builder, node: Node, depth: int) -> np.random.RandomState:
    # The state is not read: it holds a place in a table that numpy does not check. Nothing depends on it,
    # because a reference draws its own random states.
    return np.random.RandomState(0)


def _generator(builder: _Builder, node: Node, depth: int) -> np.random.Generator:
    return np.random.default_rng(0)  # as above


def _tree(builder: _Builder, node: Node, depth: int) -> object:
    args = builder.build(node["__reduce__"]["args"], depth)
    return built_tree(args, builder.build(node["content"], depth))


def _loss(builder: _Builder, node: Node, depth: int) -> object:
    args = builder.build(node["__reduce__"]["args"], depth)
    if len(args) > 2 or not all(isinstance(value, int | float) for value in args):
        raise harmful(name_of_node(node), "other things than two numbers")
    return _named(node)(*args)


def _object(builder: _Builder, node: Node, depth: int) -> object:
    if name_of_node(node) in known.SEARCH_TREES:
        return UNREAD
    content = node.get("content")
    state = None if content is None else builder.build(content, depth)
    return restore(_named(node), state, name=name_of_node(node))


def _named(node: Node) -> Any:
    """What the name of a node names; only after `_unknown` has looked at the name."""
    return getattr(import_module(cast(str, node["__module__"])), cast(str, node["__class__"]))


_BUILD: Mapping[str, Callable[[_Builder, Node, int], Any]] = {
    "JsonNode": _json,
    "ListNode": _list,
    "SetNode": _set,
    "TupleNode": _tuple,
    "DictNode": _dict,
    "NdArrayNode": _array,
    "MaskedArrayNode": _masked,
    "DTypeNode": _dtype,
    "SparseMatrixNode": _sparse,
    "SliceNode": _slice,
    "BytesNode": _bytes,
    "BytearrayNode": _bytes,
    "TypeNode": _type_or_function,
    "FunctionNode": _type_or_function,
    "PartialNode": _partial,
    "RandomStateNode": _random_state,
    "RandomGeneratorNode": _generator,
    "TreeNode": _tree,
    "LossNode": _loss,
    "ObjectNode": _object,
}
