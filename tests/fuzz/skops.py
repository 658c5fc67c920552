"""skops files: other names, types, values and cycles in their schema, other arrays, archives that lie.

Whatever is in them, reading and asking them may start nothing, unpickle nothing and write nothing.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tests.hostile.archives import npy, packed
from tests.models.skops import zoo

from confide.core.errors import ConfideError
from confide.models.sklearn.model import SklearnModel
from confide.models.skops import trusted
from confide.models.skops.archive import AT_MOST
from confide.models.skops.reading import load_skops

from .given import File, mutants
from .mutating import JSON, NUMBERS, mutated, places, put, there
from .npz import headers
from .oracle import AS_WRITTEN, READ, Outcome, need
from .running import Reader
from .zips import lying

Draw = Callable[[Any], Any]
Way = tuple[Any, ...]

FORBIDDEN = (
    *("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "pickle.find_class"),
    *("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.symlink", "os.link", "os.truncate"),
    *("socket.connect", "socket.bind", "urllib.Request", "shutil.copyfile", "shutil.rmtree", "os.putenv"),
)
"""Events of Python's own watch that no model may cause; `open` for writing is another."""
TOUCH = "touch marker"
MODELS = 20
"""How many models there are to begin from."""
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


@dataclass(slots=True)
class _Watch:
    """What a model has caused while it was read and asked."""

    armed: bool = False
    seen: list[str] | None = None

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if self.armed and (event in FORBIDDEN or (event == "open" and _writes(args))):
            self.seen = [*(self.seen or ()), f"{event}{args!r:.200}"]


def _writes(args: tuple[Any, ...]) -> bool:
    path, mode, flags = str(args[0]), args[1], args[2]
    plain = isinstance(mode, str) and not set(mode) & set("wax+")
    return not (plain or path.endswith(".pyc") or ".pyc." in path or (mode is None and not flags & 3))


@cache
def watch() -> _Watch:
    """The watch of this process. A hook cannot be taken away, so there is one, armed for a while."""
    made = _Watch()
    sys.addaudithook(made)
    return made


@cache
def entries() -> list[zoo.Entry]:
    """Models whose fitted states have many forms."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(islice(zoo.others(), MODELS))


@cache
def parts() -> list[dict[str, bytes]]:
    """What is inside the files of these models."""
    import skops.io

    found: list[dict[str, bytes]] = []
    for entry in entries():
        with zipfile.ZipFile(io.BytesIO(skops.io.dumps(entry.model))) as file:
            found.append({name: file.read(name) for name in file.namelist()})
    return found


@cache
def files() -> list[bytes]:
    return [packed(inside) for inside in parts()]


@cache
def schemas() -> list[tuple[Any, list[Way], list[Way]]]:
    """Each schema, the ways to all that is in it, and the ways to its nodes."""
    found = [json.loads(inside["schema.json"]) for inside in parts()]
    return [(schema, *_ways(schema)) for schema in found]


def _ways(schema: Any) -> tuple[list[Way], list[Way]]:
    every = places(schema)
    return every, [at for at in every if isinstance(one := there(schema, at), dict) and "__loader__" in one]


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
            every, nodes = _ways(schema)
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


@st.composite
def other_arrays(draw: Draw) -> File:
    """A model with one to three other arrays: of another shape or type, or with numbers that lead outside."""
    which = draw(st.integers(0, len(entries()) - 1))
    inside = dict(parts()[which])
    names = sorted(name for name in inside if name != "schema.json")
    done: list[str] = []
    for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)) if names else ():
        new = draw(st.one_of(headers(), mutated(lambda name=name: [inside[name]]), _numbers(inside[name])))
        inside[name] = new
        done.append(name)
    return File(f"{entries()[which].name}: {done}", packed(inside), ".skops", asked=which)


@st.composite
def _numbers(draw: Draw, whole: bytes) -> bytes:
    """An array of the same form with other numbers in a few places, or of another form."""
    if not whole.startswith(b"\x93NUMPY"):  # an archive of the arrays of a sparse matrix
        return draw(lying(whole)) if whole.startswith(b"PK") else whole
    array = np.load(io.BytesIO(whole), allow_pickle=False).copy()
    if not array.size or array.dtype.kind not in "iufb":
        return npy(np.zeros(draw(st.integers(0, 5))))
    how = draw(st.sampled_from(["numbers", "numbers", "shorter", "longer", "type", "shape"]))
    flat = array.reshape(-1)
    if how == "shorter":
        return npy(array[: draw(st.integers(0, len(array)))] if array.ndim else array)
    if how == "longer":
        return npy(np.concatenate([array, array]) if array.ndim else array.reshape(1))
    if how == "type":
        return npy(array.astype(draw(st.sampled_from(["i4", "i8", "f4", "f8", "u1", "?", "U3"]))))
    if how == "shape":
        return npy(flat[None] if draw(st.booleans()) else flat)
    odd = [
        -1,
        0,
        1,
        2,
        7,
        10**6,
        2**31 - 1,
        -(2**31),
        2**62,
        *([np.nan, np.inf, -np.inf, 1e300] if array.dtype.kind == "f" else []),
    ]
    with np.errstate(all="ignore"):
        for at in draw(st.lists(st.integers(0, len(flat) - 1), min_size=1, max_size=3)):
            flat[at] = np.array(draw(st.sampled_from(odd))).astype(array.dtype)
    return npy(array)


@st.composite
def archives(draw: Draw) -> File:
    """The archive of a model with numbers that lie, or packed in another way."""
    which = draw(st.integers(0, len(entries()) - 1))
    whole = packed(
        parts()[which], draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]))
    )
    return File(entries()[which].name, draw(lying(whole)), ".skops", asked=which)


def unchanged() -> st.SearchStrategy[File]:
    """Models as they are: they are read, and answer as before."""
    numbers = st.integers(0, len(entries()) - 1)
    return numbers.map(
        lambda i: File(entries()[i].name, files()[i], ".skops", asked=i, written=_answers(i), plain=True)
    )


@cache
def _answers(which: int) -> Any:
    return entries()[which].ask(entries()[which].model)


def inputs() -> st.SearchStrategy[File]:
    schema, array = other_schemas(), other_arrays()
    return st.one_of(
        schema, schema, schema, array, array, archives(), mutants(files, ".skops", asked=0), unchanged()
    )


def meet(given: File, folder: Path, *, read: Callable[..., SklearnModel] = load_skops) -> Outcome:
    """Read a model, ask it, and look at what that has caused."""
    path = given.put(folder)
    before, seen = set(folder.iterdir()), watch()
    entry = entries()[given.asked]
    seen.seen, seen.armed = None, True
    try:
        model = read(path)
        answered = _asked(model, entry)
    except ConfideError as error:
        need(not given.plain, f"a plain model is refused: {error}")
        raise
    finally:
        seen.armed = False
        need(seen.seen is None, f"a model does what no model may: {seen.seen}")
        need(set(folder.iterdir()) == before, "a model leaves a file")
    if given.written is None:
        return READ
    need(answered, "a plain model does not answer")
    need(np.array_equal(entry.ask(model.estimator), given.written), "other answers than before")
    return AS_WRITTEN


def _asked(model: SklearnModel, entry: zoo.Entry) -> bool:
    """Whether the model answers; it may say in a sentence that it cannot."""
    try:
        model.labels(np.asarray(entry.x.toarray() if hasattr(entry.x, "toarray") else entry.x))
    except ConfideError:
        return False
    return True


READER = Reader("skops", inputs, meet, most=lambda size: 2 * AT_MOST * size + 2**20)
