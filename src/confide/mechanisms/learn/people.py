"""Whom a trained model's promise hides: one record, or all records of one person."""

from __future__ import annotations

from typing import Any

import numpy as np

from confide.core.arrays import Array, Ints
from confide.core.budget import ANY_NUMBER, Budget, Unit
from confide.core.errors import DataError, PromiseError


def unit_of(person: object) -> Unit:
    """The unit of privacy where records belong to these people; None where each is another person."""
    return Unit.record() if person is None else Unit.person("person", at_most=ANY_NUMBER)


def check_unit(budget: Budget) -> None:
    """Refuse a unit that is neither a record nor a person.

    Raises:
        PromiseError: if it is another one.
    """
    if budget.unit.kind not in ("record", "person"):
        raise PromiseError(
            f"noise on gradients hides a record or a person, not {budget.unit}: give Unit.record(), or "
            "Unit.person(column, at_most=...)."
        )


def people_of(person: Array | None, n: int, budget: Budget) -> Ints | None:
    """Codes 0 .. P - 1 of the people whose records they are, int64[n]; None if the budget hides records.

    Raises:
        PromiseError: if records belong to people and the budget hides records, or the other way round.
        DataError: if there is not one name for each record.
    """
    hides_people = budget.unit.kind == "person"
    if person is None:
        if hides_people:
            raise PromiseError(f"the budget hides {budget.unit}: say whose each record is (person).")
        return None
    if not hides_people:
        raise PromiseError(
            "records belong to people, but the budget hides one record: give Unit.person(...)."
        )
    codes = codes_of_people(person)
    if len(codes) != n:
        raise DataError(f"person names {len(codes):,} records of {n:,}: give one name for each record.")
    return codes


def codes_of_people(person: Any) -> Ints:
    """Codes 0 .. P - 1 of people, int64[n].

    Raises:
        DataError: if a name is missing: nobody can say then whom a record would have to be hidden with.

    >>> codes_of_people(["b", "a", "b"]).tolist()
    [0, 1, 0]
    """
    names = np.asarray(person)
    if names.ndim != 1:
        raise DataError(f"person has the shape {names.shape}: give one name for each record.")
    place: dict[Any, int] = {}
    listed = names.tolist()
    if any(_is_missing(name) for name in listed):
        raise DataError(
            "some records have no name of a person: leave them out, or give each of them a name of its own "
            "where no other record is of the same person."
        )
    return np.array([place.setdefault(name, len(place)) for name in listed], np.int64)


def _is_missing(name: Any) -> bool:
    try:
        return name is None or bool(name != name)
    except TypeError:  # pandas' NA is neither equal nor unequal to anything
        return True
