"""Every argument of every door, with wrong values, ends in a result or in one sentence.

All of them are rows of the table in SECURITY.md, and tried in part in the slow tier (`test_hostile.py`).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.core.fields import check_fields, shown
from confide.inputs.ratings import Ratings

from . import columns, doors, parties, table, typed
from .kinds import EVERY, Kind

EACH = (*doors.KINDS, *columns.KINDS, *typed.KINDS, *parties.KINDS)


@pytest.mark.parametrize("kind", EACH, ids=lambda kind: kind.title)
def test_each_kind_tries_a_thousand_values(kind: Kind) -> None:
    assert table.numbers(table.rows()[kind.title])[0] >= 1_000


@pytest.mark.slow
@pytest.mark.parametrize("kind", EACH, ids=lambda kind: kind.title)
def test_a_part_meets_each_argument_and_each_value_about_as_often_as_all_do(
    kind: Kind, tmp_path: Path
) -> None:
    # The arguments and values alone are made here; nothing is called.
    every = [name.split(" = ", 1) for name, _ in kind.make(np.random.default_rng(0), tmp_path)]
    assert kind.parted and len(every) >= 1_000
    for side in (0, 1):
        of_all = Counter(words[side] for words in every)
        of_part = Counter(words[side] for words in every[EVERY - 1 :: EVERY])
        assert min(of_part[word] - n // EVERY for word, n in of_all.items()) >= -2
        assert all(of_part[word] for word in of_all)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"facts": True}, "facts is True: give a whole number, such as 8."),
        ({"facts": 10**400}, "too large: give 1,000,000,000 at most."),
        ({"off_by": float("nan")}, "off_by is nan: give a finite number"),
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
    held = Ratings("r.csv", user=np.str_("u"), item="i", facts=np.int64(5), off_by=np.float32(0.5))
    assert [type(v) for v in (held.user, held.facts, held.off_by)] == [str, int, float]
    check_fields(held)


def test_a_long_or_unsayable_value_is_cut() -> None:
    assert len(shown("x" * 10_000)) == 60
    assert shown(10**5000) == "of type int"


def test_a_message_can_be_printed_and_is_no_longer_than_a_sentence() -> None:
    error = DataError("\x1b[2J" + "x" * 5_000 + ": give less.")
    assert str(error).isprintable() and len(str(error)) <= 800 and str(error).endswith("give less.")
