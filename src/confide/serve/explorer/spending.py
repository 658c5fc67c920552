"""How much of a part is spent, as a share that people can read."""

from __future__ import annotations

from confide.account.costs import Cost
from confide.account.filters import Filter
from confide.account.history import Standing


def share_spent(filter_: Filter, spent: Cost) -> float:
    """The share of what a filter allows that is spent, from 0 to 1: the way of adding up that is better.

    >>> share_spent(Filter(most_epsilon=1_000_000, most_rho=None, most_delta=0), Cost.pure(0.25))
    0.25
    """
    ways: list[float] = []
    if filter_.most_epsilon is not None and spent.epsilon is not None:
        ways.append(_share(spent.epsilon, filter_.most_epsilon))
    if filter_.most_rho is not None:
        ways.append(_share(spent.rho, filter_.most_rho))
    return max(min(ways, default=1.0), _share(spent.delta, filter_.most_delta) if spent.delta else 0.0)


def share_left(whole: Filter, part: Standing, spent: Cost, *, more: Cost | None = None) -> float:
    """The share of a part that is left, after one more cost perhaps.

    Args:
        whole: the filter of everything; it is looked at too, since all parts together can be more than it.
        part: of an analyst.
        spent: by everybody.
        more: the cost.
    """
    more = more or Cost.nothing()
    if part.revoked:
        return 0.0
    left = 1 - share_spent(whole.part(part.share), part.spent + more)
    room = 1 - share_spent(whole, spent + more)
    return max(0.0, min(left, room / float(part.share)))


def _share(spent: int, most: int) -> float:
    return min(1.0, spent / most) if most else 1.0
