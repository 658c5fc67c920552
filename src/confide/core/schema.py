"""Check of a record that was read from JSON against a JSON schema: the few words of it that confide uses."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

Schema: TypeAlias = Mapping[str, Any]

KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def parsed(text: str | bytes) -> object:
    """The value of a JSON text, whose numbers are all finite.

    Raises:
        ValueError: if it is no JSON, or lists stand in lists by the thousand.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("lists stand in lists by the thousand") from error


def fault(value: object, schema: Schema, whole: Schema | None = None, at: str = "") -> str:
    """What is wrong with a value, in a few words; empty if it is as the schema says.

    Args:
        value: of the types that JSON has.
        schema: with `type`, `enum`, `anyOf`, `$ref` and their rules.
        whole: where `$ref` is looked up.
        at: where the value stands, for the words.

    >>> numbers = {"type": "array", "items": {"type": "integer"}}
    >>> fault({"a": [1, "2"]}, {"type": "object", "properties": {"a": numbers}})
    'a[1] is a text'
    """
    whole = schema if whole is None else whole
    if "$ref" in schema:
        return fault(value, whole["$defs"][schema["$ref"].rpartition("/")[2]], whole, at)
    if "anyOf" in schema:
        said = [fault(value, one, whole, at) for one in schema["anyOf"]]
        # Of records of several kinds, what is wrong with the one that is nearest.
        return "" if "" in said else max(said, key=len)
    if "enum" in schema:
        return "" if value in schema["enum"] else f"{at or 'it'} is {value!r:.40}"
    if "type" not in schema:
        return ""
    if not isinstance(value, KINDS[schema["type"]]) or (
        isinstance(value, bool) and schema["type"] != "boolean"
    ):
        return f"{at or 'it'} is {_word(value)}"
    if isinstance(value, bool | str | None):
        return ""
    if isinstance(value, int | float):
        return _number(value, schema, at)
    if isinstance(value, list):
        return _list(cast(list[object], value), schema, whole, at)
    return _record(cast(dict[str, object], value), schema, whole, at)


def _number(value: float, schema: Schema, at: str) -> str:
    try:
        finite = math.isfinite(float(value))
    except OverflowError:
        finite = False
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    return "" if finite and low <= value <= high else f"{at or 'it'} is out of range"


def _list(value: list[object], schema: Schema, whole: Schema, at: str) -> str:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", math.inf):
        return f"{at or 'it'} has {len(value)} entries"
    items = schema.get("items", {})
    return next((said for i, one in enumerate(value) if (said := fault(one, items, whole, f"{at}[{i}]"))), "")


def _record(value: dict[str, object], schema: Schema, whole: Schema, at: str) -> str:
    needed: Sequence[str] = schema.get("required", ())
    if lacking := sorted(set(needed) - set(value)):
        return f"{at or 'it'} lacks {', '.join(lacking[:5])}"
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, one in value.items():
        kind = known.get(name, others)
        if kind is False:
            return f"{at or 'it'} has {name!r:.40}, which nobody asked for"
        if kind is not True and (said := fault(one, kind, whole, f"{at}.{name}" if at else name)):
            return said
    return ""


def _word(value: object) -> str:
    names = {"str": "a text", "bool": "yes or no", "list": "a list", "dict": "a record", "NoneType": "null"}
    return names.get(type(value).__name__, "a number")


def _refuse_constant(word: str) -> object:
    raise ValueError(f"{word} is no number of JSON")
