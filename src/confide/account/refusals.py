"""Refusals of a ledger in words: what is left, and the smallest that would pay."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from confide.account.costs import DELTA_UNITS, MILLIONTH, Cost, decimal
from confide.account.filters import Left
from confide.account.history import Standing
from confide.account.terms import EVERYBODY, Terms, with_parts
from confide.core.budget import Budget
from confide.core.foreign import in_one_line


def not_granted(terms: Terms, name: str, part: Standing, *, cost: Cost, spent: Cost, left: Left) -> str:
    """Why a question is not granted, what its analyst has left, and what would pay for it."""
    have = "this budget has" if name == EVERYBODY else f"{name} has"
    whole = terms.filter
    if cost.epsilon is None and whole.most_rho is None:
        asked = f"this costs {cost}, and this ledger adds up epsilons alone"
        if not terms.delta:
            enough = f"{decimal(terms.epsilon, MILLIONTH)},1e-6"
            return (
                f"{asked}, because its budget has no delta: give an epsilon in the place of rho, or make a "
                f"ledger whose budget has one, such as {enough}."
            )
        return (
            f"{asked} (composition 'basic'): give an epsilon in the place of rho, or make a ledger of "
            "composition 'zcdp'."
        )
    nothing = not (left.epsilon or left.rho)
    asked = f"this costs {cost}, and {have} {'nothing' if nothing else left} left"
    if whole.grants(spent + cost):
        needed = _share(terms, part.spent + cost)
        more = (
            "" if needed is None else f"a part of {needed} instead of {float(part.share):g} would pay for it"
        )
    else:
        needed = whole.smallest(_both(spent + cost, part.spent + cost, part.share), _budget(terms))
        more = "" if needed is None else f"the smallest budget that pays for it is {_amounts(needed)}"
    less = "" if nothing else "ask for less"
    return f"{asked}: {' – or '.join(part for part in (less, more) if part) or 'no budget pays for it'}."


def no_room(name: str, part: Fraction, standing: Mapping[str, Standing], terms: Terms) -> str:
    """Why an analyst cannot be admitted."""
    if terms.composition == "either":
        return (
            f"{name} cannot have a part: this ledger was made for everybody, and counts in two ways of which "
            f"one has to hold, which parts cannot. Make another ledger {with_parts(name, part)}; what was "
            "asked by this one adds up with what is asked by that."
        )
    given = sum((s.share for s in standing.values()), Fraction(0))
    return (
        f"{name} cannot have {float(part):g} of the budget: {float(given):g} is given, {float(1 - given):g} "
        "at most is left to give."
    )


def no_answer(error: Exception) -> str:
    """Why something cannot be stored as an answer."""
    return (
        f"the answer cannot be stored ({in_one_line(error)}): answers are of numbers, texts, lists and "
        "records."
    )


def _both(whole: Cost, part: Cost, share: Fraction) -> Cost:
    """A total whose budget pays for this whole, and by this share of it for this part."""
    known = whole.epsilon is not None and part.epsilon is not None
    return Cost(
        epsilon=max(whole.epsilon or 0, math.ceil((part.epsilon or 0) / share)) if known else None,
        rho=max(whole.rho, math.ceil(part.rho / share)),
        delta=max(whole.delta, math.ceil(part.delta / share)),
    )


def _share(terms: Terms, total: Cost) -> str | None:
    """The smallest share, in hundredths of a percent, that pays for a total; None if not even 1."""
    shares = (Fraction(k, 10_000) for k in range(1, 10_001))
    found = next((s for s in shares if terms.filter.part(s).grants(total)), None)
    return None if found is None else f"{float(found):g}"


def _budget(terms: Terms) -> Budget:
    return Budget(terms.epsilon / MILLIONTH, terms.delta / DELTA_UNITS)


def _amounts(budget: Budget) -> str:
    epsilon = math.ceil(budget.epsilon * 1e6 - 1e-6) / 1e6
    return f"epsilon {epsilon:.6f}".rstrip("0").rstrip(".") + (
        f", delta {budget.delta:g}" if budget.delta else ""
    )
