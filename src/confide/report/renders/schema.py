"""The JSON schema of report.json, generated from the types of the page."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import (
    Annotated,
    Literal,
    TypeAlias,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from confide.report.page_types import Page, Rule

Schema: TypeAlias = "dict[str, Schema | list[Schema] | list[str] | str | int | float | bool]"

PLAIN: dict[object, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    NoneType: "null",
}

PUBLIC: Schema = {
    "if": {"properties": {"audience": {"const": "public"}}},
    "then": {
        "properties": {
            "opening": {"items": {"properties": {"internal": {"const": False}}}},
            "sections": {
                "items": {
                    "properties": {
                        "worst_off": {"maxItems": 0},
                        "exhibits": {
                            "items": {
                                "properties": {
                                    "internal": {"const": False},
                                    "lines": {"items": {"properties": {"labels": {"maxItems": 0}}}},
                                }
                            }
                        },
                    }
                }
            },
        }
    },
}
"""What no type says: a public report has no rows about single people, and no names at points."""


def schema() -> Schema:
    """The JSON schema of a report, draft 2020-12.

    >>> found = schema()
    >>> found["$id"], sorted(found["$defs"])[:2]
    ('confide.report/4', ['BandRecord', 'BoundRecord'])
    """
    return {**schema_of(Page, title="A report of confide"), **PUBLIC}


def schema_of(page: type, *, title: str) -> Schema:
    """The JSON schema of a page, whose field `schema` holds its name, draft 2020-12."""
    records: Schema = {}
    made = _record(page, records)
    identity = get_args(get_type_hints(page)["schema"])[0]
    head: Schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": identity}
    # Definitions last: they are full only when the page has been walked through.
    return {**head, "title": title, **made, "$defs": records}


def _of(hint: object, records: Schema) -> Schema:
    """The schema of one type; records that it names are added to `records`."""
    if hint in PLAIN:
        return {"type": PLAIN[hint]}
    if is_typeddict(hint):
        name = cast(type, hint).__name__
        if name not in records:
            records[name] = {}  # a place for it, so that a record that holds itself comes to an end
            records[name] = _record(cast(type, hint), records)
        return {"$ref": f"#/$defs/{name}"}
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return {**_of(parts[0], records), **_ruled(parts[1])}
    if origin is Literal:
        return {"enum": list(parts)}
    if origin in (Union, UnionType):
        return {"anyOf": [_of(part, records) for part in parts]}
    if origin is list:
        return {"type": "array", "items": _of(parts[0], records)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(parts[1], records)}
    # A fault of ours: tests generate the schema from every record.
    raise TypeError(f"{hint!r} has no JSON schema: use plain types, records, lists and literals.")


def _ruled(rule: Rule) -> Schema:
    """A rule in the words of JSON schema."""
    said: dict[str, str | float | int | None] = {
        "description": rule.description or None,
        "minimum": rule.minimum,
        "maximum": rule.maximum,
        "minItems": rule.min_items,
        "maxItems": rule.max_items,
    }
    return {name: value for name, value in said.items() if value is not None}


def _record(kind: type, records: Schema) -> Schema:
    """The schema of a record: all its fields, and no other."""
    fields = get_type_hints(kind, include_extras=True)
    said = (kind.__doc__ or "").strip().splitlines()
    properties: Schema = {name: _of(hint, records) for name, hint in fields.items()}
    return {
        **({"description": said[0]} if said else {}),
        "type": "object",
        "properties": properties,
        "required": list(fields),
        # An unknown field would be one that nobody has redacted.
        "additionalProperties": False,
    }
