"""The schema of the page, made once, and asked about few of the many records that charts draw."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema

from confide.report import schema


@cache
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def validate(page: dict[str, Any]) -> None:
    validator().validate(thinned(page))


def is_valid(page: dict[str, Any]) -> bool:
    return validator().is_valid(thinned(page))


def thinned(page: dict[str, Any]) -> dict[str, Any]:
    """The page with one chart record of each combination of types: of them the schema says no more."""
    charts = page.get("charts")
    if not isinstance(charts, list):
        return page
    return page | {"charts": [chart | {"records": of_each_type(chart["records"])} for chart in charts]}


def of_each_type(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({tuple((k, type(v)) for k, v in record.items()): record for record in records}.values())
