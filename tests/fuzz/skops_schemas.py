"""Schemas of skops files with other nodes: names, types, calls, arguments, attributes, cycles, depth."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from tests.hostile.archives import packed

from confide.models.skops import trusted

from .given import File
from .mutating import JSON, NUMBERS, places, put, there
from .skops_models import entries, parts, schemas, ways_in

Draw = Callable[[Any], Any]

TOUCH = "touch marker"
FOREIGN = (
    *(
        "os.system",
        "posix.system",
        "subprocess.check_output",
        "builtins.eval",
        "builtins.exec",
        "builtins.open",
    ),
    *(
        "sklearn.utils._testing.check_output",
        "joblib.memory.Memory",
        "joblib.numpy_pickle.load",
        "pickle.loads",
    ),
    *(
        "numpy.load",
        "functools.partial",
        "operator.methodcaller",
        "builtins.getattr",
        "builtins.type",
        "sys.exit",
    ),
    *("tests.hostile.kinds.meet", "sklearn.datasets.load_files", "numpy.testing.rundocs", "shutil.rmtree"),
    *(
        "builtins.object",
        "builtins.dict",
        "builtins.list",
        "importlib.import_module",
        "confide.core.cache.Cache",
    ),
)

LOADERS = (
    *(
        "JsonNode",
        "ListNode",
        "SetNode",
        "TupleNode",
        "DictNode",
        "NdArrayNode",
        "MaskedArrayNode",
        "DTypeNode",
    ),
    *("SparseMatrixNode", "SliceNode", "BytesNode", "TypeNode", "FunctionNode", "PartialNode", "ObjectNode"),
    *(
        "RandomStateNode",
        "RandomGeneratorNode",
        "TreeNode",
        "LossNode",
        "ReduceNode",
        "MethodNode",
        "OperatorFuncNode",
    ),
)
LISTED = sorted(trusted.ESTIMATORS | trusted.PARTS | trusted.LOSSES | trusted.NUMBERS | trusted.ALL_FUNCTIONS)
ATTRIBUTES = (
    "memory",
    "n_jobs",
    "_impl",
    "predict",
    "__class__",
    "__dict__",
    "func",
    "init",
    "classes_",
    "steps",
    "tree_",
)


def node(content: Any) -> dict[str, Any]:
    """A node of a plain value."""
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(content),
    }


def several(loader: str, kind: str, inside: Any) -> dict[str, Any]:
    return {"__class__": kind, "__module__": "builtins", "__loader__": loader, "content": inside}


def call(name: str) -> dict[str, Any]:
    """A node that would call this function with a command, as a reduce node of skops does."""
    home, _, kind = name.rpartition(".")
    args = several("TupleNode", "tuple", [node(TOUCH)])
    return {
        "__class__": kind,
        "__module__": home,
        "__loader__": "ReduceNode",
        "__reduce__": {"args": args},
        "content": {"func": several("FunctionNode", kind, None) | {"__module__": home}, "args": args},
    }


def _name(draw: Draw) -> tuple[str, str]:
    home, _, kind = draw(st.one_of(st.sampled_from(FOREIGN), st.sampled_from(LISTED))).rpartition(".")
    return home, kind


def _other_name(draw: Draw, schema: Any, at: tuple[Any, ...]) -> Any:
    home, kind = _name(draw)
    made = {**there(schema, at), "__module__": home, "__class__": kind}
    return {**made, "__loader__": draw(st.sampled_from(LOADERS))} if draw(st.booleans()) else made


def _other_loader(draw: Draw, schema: Any, at: tuple[Any, ...]) -> Any:
    return {**there(schema, at), "__loader__": draw(st.sampled_from(LOADERS) | st.text(max_size=8))}


def _other_node(draw: Draw, schema: Any, at: tuple[Any, ...]) -> Any:
    other, _, nodes = schemas()[draw(st.integers(0, len(schemas()) - 1))]
    return there(other, nodes[draw(st.integers(0, len(nodes) - 1))])


def _same_id(draw: Draw, schema: Any, at: tuple[Any, ...]) -> Any:
    ids = [
        one["__id__"]
        for way in places(schema)
        if isinstance(one := there(schema, way), dict) and "__id__" in one
    ]
    return {**there(schema, at), "__id__": draw(st.one_of(JSON, st.sampled_from(ids or [0])))}


def _deep(draw: Draw, schema: Any, at: tuple[Any, ...]) -> Any:
    made = there(schema, at)
    for _ in range(draw(st.sampled_from((1, 20, 60)))):
        made = several("ListNode", "list", [made] * draw(st.sampled_from((1, 1, 1, 2))))
        if len(str(made)) > 200_000:
            break
    return made


def _value(draw: Draw, schema: Any, at: tuple[Any, ...]) -> Any:
    odd = st.sampled_from(
        ["/tmp/x", TOUCH, "filename", ".", 1e300, -1, None, True, "precomputed", [], *NUMBERS]
    )
    return node(draw(st.one_of(odd, JSON)))


def _called(draw: Draw, schema: Any, at: tuple[Any, ...]) -> Any:
    return call(draw(st.sampled_from(FOREIGN)))


def _function(draw: Draw, schema: Any, at: tuple[Any, ...]) -> Any:
    home, kind = _name(draw)
    return several(draw(st.sampled_from(["FunctionNode", "TypeNode", "ObjectNode"])), kind, None) | {
        "__module__": home
    }


def _attribute(draw: Draw, schema: Any, at: tuple[Any, ...]) -> Any:
    made = there(schema, at)
    inside = made.get("content")
    table = inside.get("content") if isinstance(inside, dict) else None
    if not isinstance(table, dict):
        return _value(draw, schema, at)
    name = draw(st.one_of(st.sampled_from(ATTRIBUTES), st.sampled_from(list(table) or ["x"])))
    new = draw(st.sampled_from([_value, _other_node, _called, _function]))(draw, schema, at)
    return {**made, "content": {**inside, "content": {**table, name: new}}}


CHANGES = (
    _other_name,
    _other_loader,
    _other_node,
    _same_id,
    _deep,
    _value,
    _value,
    _called,
    _function,
    _attribute,
    _attribute,
)


@st.composite
def other_schemas(draw: Draw) -> File:
    """A model with one to three other nodes, or other JSON, in its schema."""
    which = draw(st.integers(0, len(entries()) - 1))
    schema, every, nodes = schemas()[which]
    done: list[str] = []
    for change in draw(st.lists(st.sampled_from([*CHANGES, None, None]), min_size=1, max_size=3)):
        if done:
            every, nodes = ways_in(schema)
        if change is None or not nodes:
            at, new = every[draw(st.integers(0, len(every) - 1))], draw(JSON)
            done.append(f"{at} = {new!r:.100}")
        else:
            at = nodes[draw(st.integers(0, len(nodes) - 1))]
            new = change(draw, schema, at)
            done.append(change.__name__)
        schema = put(schema, at, new)
    content = packed({**parts()[which], "schema.json": json.dumps(schema).encode()})
    return File(f"{entries()[which].name}: {done}", content, ".skops", asked=which)
