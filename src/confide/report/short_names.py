"""Short names of releases: what each is called beside the others."""

from __future__ import annotations

from collections.abc import Sequence

from confide.core.language import later, t

GOALS = (
    later("secrets", of="goal"),
    later("descriptions", of="goal"),
    later("secrets behind a synthetic file", of="goal"),
    later("descriptions from a synthetic file", of="goal"),
)
"""Goals by which releases are told apart that are audited for several."""


def short_names(names: Sequence[str]) -> list[str]:
    """Names without what all of them begin with, up to a comma; whole where one would be left empty.

    >>> short_names(["shop.csv, rare:20", "shop.csv, rare:50"])
    ['rare:20', 'rare:50']
    >>> short_names(["the file", "the file, secrets"]), short_names(["a forest"])
    (['the file', 'secrets'], ['a forest'])
    """
    if len(names) < 2:
        return list(names)
    parts = [name.split(", ") for name in names]
    shared = next((i for i, each in enumerate(zip(*parts, strict=False)) if len(set(each)) > 1), None)
    shared = min(map(len, parts)) if shared is None else shared
    # One may be the beginning of all others: it keeps its own last part.
    return [", ".join(each[shared:]) or ", ".join(each[max(shared - 1, 0) :]) for each in parts]


def in_words(name: str) -> str:
    """A release's name as a reader sees it: the goal at its end is in the language of the report.

    >>> in_words("the file, secrets"), in_words("shop.csv, rare:20")
    ('the file, secrets', 'shop.csv, rare:20')
    """
    of, comma, goal = name.rpartition(", ")
    return f"{of}{comma}{t(goal, of='goal')}" if goal in GOALS else name
