"""Opening a ledger: found and verified, or made; anything else is refused in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from importlib.util import find_spec
from typing import TYPE_CHECKING

from confide.account.costs import Amount
from confide.account.filters import Composition
from confide.account.terms import Terms, shares_of
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, LedgerError

if TYPE_CHECKING:
    from confide.account.ledger import Ledger
    from confide.account.places import Place

LACKING = "a ledger needs SQLAlchemy: install it (`pip install 'confide[query]'`)."
PATIENCE = 60.0
"""Seconds to wait for others who write, or for a server that restarts."""


def open_ledger(
    address: str,
    *,
    data: str,
    budget: Budget | None,
    unit: Unit | None = None,
    parts: Mapping[str, Amount] | None = None,
    composition: Composition | None = None,
    overcommitted: bool = False,
    head: str | None = None,
    patience: float = PATIENCE,
) -> Ledger:
    """Open a ledger and verify its whole history, or make one.

    Args:
        address: sqlite:///FILE (sqlite:////FOLDER/FILE from the root) or postgresql://HOST/DATABASE. One
            database holds one ledger. No password is part of an address: see `confide.core.postgresql`.
        data: SHA-256 of the data set, to which the ledger is bound.
        budget: of the whole, with its unit; None to go on with a ledger that exists.
        unit: that the noise of questions will hide. It must be the ledger's, also where no budget is given.
        parts: shares of analysts, such as {"ada": 0.25, "ben": 0.5}; None for one part for everybody, or for
            those that the ledger has.
        composition: how costs add up. By itself "basic" for a delta of 0, "zcdp" for parts, else "either".
        overcommitted: whether the parts may add up to more than the whole.
        head: a hash that was `Ledger.head` earlier. A ledger that was set back to before it is refused.
        patience: seconds to wait for others.

    Raises:
        BudgetError: if the budget or the parts cannot be.
        LedgerError: if the ledger is locked, broken, changed, of another data set, unit, budget or schema.
        DataError: if the address cannot be, or the database not be reached.
    """
    if find_spec("sqlalchemy") is None:
        raise DataError(LACKING)
    from confide.account.places import place_of

    place, shares = place_of(address), shares_of(parts)
    new = budget and Terms.of(
        data, budget, shares=shares, composition=composition, overcommitted=overcommitted
    )
    created = False
    if not place.is_taken(patience):
        if new is None:
            raise LedgerError(f"there is no ledger {place.name}: give the budget of a new one.")
        if head is not None:
            raise LedgerError(
                f"there is no ledger {place.name}, and one that goes on from a known hash is asked for."
            )
        created = place.make(new, shares, patience)
    ledger = _verified(place, head=head, parts=shares if parts else None, patience=patience, created=created)
    try:
        ledger.terms.check(data=data, budget=budget, unit=unit, composition=composition)
    except BaseException:
        ledger.close()
        raise
    return ledger


def examine_ledger(address: str, *, head: str | None = None, patience: float = PATIENCE) -> Ledger:
    """Open a ledger that exists, and verify its whole history, without the data that it is bound to.

    It is for its owner, who wants to see what was asked and what is left. Who answers questions opens it by
    `open_ledger`, which refuses other data.

    Args:
        address: as `open_ledger` takes it.
        head: a hash that was `Ledger.head` earlier.
        patience: seconds to wait for others.

    Raises:
        LedgerError: if there is none, or it is locked, broken, changed or of another schema.
        DataError: if the address cannot be, or the database not be reached.
    """
    if find_spec("sqlalchemy") is None:
        raise DataError(LACKING)
    from confide.account.places import place_of

    place = place_of(address)
    if not place.is_taken(patience):
        raise LedgerError(f"there is no ledger {place.name}: name one that is there.")
    return _verified(place, head=head, parts=None, patience=patience, created=False)


def _verified(
    place: Place, *, head: str | None, parts: Mapping[str, Fraction] | None, patience: float, created: bool
) -> Ledger:
    from confide.account.ledger import Ledger
    from confide.account.verifying import verify

    database = place.database(patience)
    try:
        terms = database.read(lambda base: verify(base, place.name, head=head, parts=parts))
    except BaseException:
        database.close()
        raise
    return Ledger(database=database, terms=terms, created=created)
