"""Texts of errors: names in them come from files of anybody."""

from __future__ import annotations

from confide.core.errors import ConfideError, DataError


def test_signs_that_a_terminal_obeys_are_written_out() -> None:
    assert str(DataError("column 'a\x1b[2J\nb\u202e'")) == r"column 'a\x1b[2J\nb\u202e'"


def test_what_only_shows_stays_as_it_is() -> None:
    assert str(ConfideError("\u00e9\u0663 \u4e2d: 1")) == "\u00e9\u0663 \u4e2d: 1"
