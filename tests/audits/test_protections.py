"""Protections as a user writes them: what is wrong with one is said, whatever is written."""

from __future__ import annotations

import re
from itertools import product

import pytest

from confide.audits import KINDS, spec_of
from confide.audits.protections import parse_protections
from confide.core.errors import DataError

EVERY = [(kind, name) for kind in KINDS for name in spec_of(kind).protections]
ODD = [
    "abc",
    "",
    "nan",
    "inf",
    "-1",
    "0",
    "1e400",
    "2.5",
    "1_0",
    "200m",
    "4h",
    "1,",
    ",1",
    "1,2,3,4,5",
    "99999999999",
]


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("ratings", "rare:abc", "'abc' is no whole number"),
        ("ratings", "rare:2.5", "'2.5' is no whole number"),
        ("ratings", "rare", "people is missing"),
        ("ratings", "rare:20,3", "it takes people, and 2 settings are given"),
        ("ratings", "rare:0", "people is 0, and an item that stays has at least 1 person: give 1 or more"),
        ("ratings", "stars:nan", "'nan' is no number"),
        ("likes", "response:-1", "-1"),
        ("traces", "planar:200m", "level is missing"),
        ("traces", "planar", "within and level are missing"),
        ("traces", "planar:200,1.4", "'200' has no unit: write 200m for metres, or 200km for kilometres"),
        ("traces", "planar:200m,far", "'far' is no number"),
        ("traces", "bin:4", "'4' has no unit"),
        ("images", "mosaic:x", "'x' is no whole number"),
        ("images", "dp-pix", "epsilon is missing"),
        ("images", "dp-pix:1,2,3,4", "it takes epsilon and side and pixels, and 4 settings are given"),
        ("counts", "laplace:1,many", "'many' is no whole number"),
    ],
)
def test_the_reason_is_given_with_an_example(kind: str, text: str, why: str) -> None:
    known = spec_of(kind).protections
    example = known[text.partition(":")[0]].example
    said = re.escape(f"'{text}' cannot be used: ") + rf".*{re.escape(why)}.*\. Write for example {example}\.$"
    with pytest.raises(DataError, match=said):
        parse_protections([text], known)


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_whatever_is_written_is_taken_or_refused_with_a_reason(kind: str, name: str) -> None:
    known = spec_of(kind).protections
    refused = 0
    for first, second in product(ODD, ["", *ODD]):
        text = f"{name}:{first}" + (f",{second}" if second else "")
        try:
            parse_protections([text], known)
        except DataError as why:
            refused += 1
            assert re.fullmatch(r"'.*' cannot be used: .+\. Write for example .+\.", str(why)), text
    assert refused > len(ODD)


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_every_setting_is_described_and_the_example_can_be_used(kind: str, name: str) -> None:
    protection = spec_of(kind).protections[name]
    assert list(protection.settings) == [p.name for p in protection.parameters]
    assert parse_protections([protection.example], {name: protection})
