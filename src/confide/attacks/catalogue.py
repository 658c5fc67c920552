"""Every attack by its name, whatever room it stands in."""

from __future__ import annotations

from typing import Any

from confide.attacks import attribute, linkage, membership
from confide.attacks.linkage import images as recognition
from confide.attacks.membership import counts as aggregates
from confide.core.errors import KnowledgeError

ROOMS: dict[str, tuple[type[Any], ...]] = {
    "membership": membership.ALL,
    "attribute": attribute.ALL,
    "linkage": linkage.ALL,
    "recognition": recognition.ALL,
    "aggregates": aggregates.ALL,
}
"""The attacks by what the adversary is after; aggregates: whether somebody is among those counted."""


def by_name(name: str) -> type[Any]:
    """The attack of this name.

    Raises:
        KnowledgeError: if there is none.

    >>> by_name("scoreboard").__name__
    'Scoreboard'
    """
    names = {attack.name: attack for room in ROOMS.values() for attack in room}
    if name not in names:
        raise KnowledgeError(f"there is no attack {name!r}: choose from {', '.join(names)}.")
    return names[name]
