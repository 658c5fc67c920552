"""Every argument of every door, with wrong values, ends in a result or in one sentence: a part of them, fast.

All of them are three rows of the table in SECURITY.md, and slow.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from confide.core.errors import DataError
from confide.core.fields import check_fields, shown
from confide.inputs.ratings import Ratings

from . import doors, table
from .kinds import Inputs, Kind, Rng, meet

EVERY = 23
"""One combination in this many is tried here; prime, so that each value has its turn."""


@pytest.mark.parametrize("kind", doors.KINDS, ids=lambda kind: kind.title)
def test_a_part_ends_in_a_result_or_one_sentence(kind: Kind, tmp_path: Path) -> None:
    def part(rng: Rng, folder: Path) -> Inputs:
        yield from islice(kind.make(rng, folder), 0, None, EVERY)

    counts = meet(Kind(kind.title, part), tmp_path)
    assert counts.faults == []
    assert counts.refused > counts.read > 0


@pytest.mark.parametrize("kind", doors.KINDS, ids=lambda kind: kind.title)
def test_there_are_a_thousand_combinations(kind: Kind, tmp_path: Path) -> None:
    tried = sum(1 for _ in kind.make(None, tmp_path))  # pyright: ignore[reportArgumentType]
    assert tried >= 1_000
    assert int(table.rows()[kind.title].split("|")[2].replace(",", "")) == tried


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"facts": True}, "facts is True: give a whole number, such as 8."),
        ({"facts": 10**400}, "too large: give 1,000,000,000 at most."),
        ({"off_by": float("nan")}, "off_by is nan: give a number"),
        ({"user": b"u"}, "user is b'u': give text."),
        ({"within": 14}, "within is 14: give text, such as '14d'."),
        ({"made_by": object()}, "made_by is of type object: give text or leave it out."),
        ({"time_zone": "\ud800"}, "give text or leave it out."),
    ],
)
def test_a_value_of_another_type_is_named_with_what_to_give(given: dict[str, object], said: str) -> None:
    with pytest.raises(DataError) as refused:
        Ratings("r.csv", **{"user": "u", "item": "i", **given})  # pyright: ignore[reportArgumentType]
    assert said in str(refused.value) and len(str(refused.value)) < 200


def test_numbers_of_numpy_become_those_of_python() -> None:
    np = pytest.importorskip("numpy")
    held = Ratings("r.csv", user=np.str_("u"), item="i", facts=np.int64(5), off_by=np.float32(0.5))
    assert [type(v) for v in (held.user, held.facts, held.off_by)] == [str, int, float]
    check_fields(held)


def test_a_long_or_unsayable_value_is_cut() -> None:
    assert len(shown("x" * 10_000)) == 60
    assert shown(10**5000) == "of type int"


def test_a_message_can_be_printed_and_is_no_longer_than_a_sentence() -> None:
    error = DataError("\x1b[2J" + "x" * 5_000 + ": give less.")
    assert str(error).isprintable() and len(str(error)) <= 800 and str(error).endswith("give less.")
