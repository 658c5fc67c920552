"""The schema: generated from the types of the page, for every record, and strict."""

from __future__ import annotations

from typing import get_args, get_type_hints, is_typeddict

import pytest

from confide.report import comparison_types, page_types, report, schema, screen_types
from confide.report.renders.json import SCHEMA

from .page_schema import is_valid, of_each_type


def records() -> dict[str, type]:
    everything = vars(page_types) | vars(comparison_types) | vars(screen_types)
    return {name: kind for name, kind in everything.items() if is_typeddict(kind)}


def test_every_record_of_the_page_is_in_the_schema_with_all_its_fields():
    made = schema()
    assert set(made["$defs"]) == set(records()) - {"Page"}
    for name, kind in records().items():
        rules = made if name == "Page" else made["$defs"][name]
        assert set(rules["properties"]) == set(rules["required"]) == set(get_type_hints(kind))
        assert rules["additionalProperties"] is False
        assert rules["description"]


def test_its_name_is_that_of_the_pages_and_of_the_files():
    assert schema()["$id"] == SCHEMA == get_args(get_type_hints(page_types.Page)["schema"])[0]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdict",), "fine"),
        (("exit",), 2),
        (("findings",), []),
        (("findings", 0, "confidence"), 1.5),
        (("findings", 0, "auc", "value"), "0.9"),
        (("findings", 0, "worlds"), 0),
        (("sections", 0, "about", 0), ["alone"]),
        (("sections", 0, "goal"), "revenge"),
        (("skipped", 0, "lack"), "time"),
        (("charts", 0, "name"), "pie"),
        (("sections", 0, "finding", "extra"), 1),
    ],
)
def test_a_page_that_breaks_one_type_breaks_the_schema(make, path, value):
    made = report([make.section(1.9)], seed=7).page
    assert is_valid(made)
    part = made
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    assert not is_valid(made)


def test_a_missing_field_breaks_the_schema(make):
    made = report([make.section(1.0)], seed=7).page
    assert is_valid(made)
    for name in page_types.Page.__required_keys__:
        assert not is_valid({k: v for k, v in made.items() if k != name})


def test_a_chart_record_with_a_value_of_another_type_breaks_the_schema_wherever_it_stands(make):
    """So that the other tests may ask of one record of each combination of types."""
    made = report([make.section(1.0)], seed=7).page
    records = made["charts"][0]["records"]
    assert len(of_each_type(records)) < len(records)
    records[len(records) // 2]["fpr"] = [0.1]
    assert not is_valid(made)
