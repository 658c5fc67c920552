"""The catalogue of attacks: by goal, by kind of release, and by name."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Never, TypeAlias

from confide.attacks import attribute, linkage, membership, reconstruction
from confide.attacks.attribute import likes
from confide.attacks.attribute import model as attribute_model
from confide.attacks.attribute import synthetic as attribute_synthetic
from confide.attacks.attribute import table as attribute_table
from confide.attacks.attribute import updates as attribute_updates
from confide.attacks.linkage import images, ratings, table, traces
from confide.attacks.linkage import synthetic as linkage_synthetic
from confide.attacks.membership import counts, statistics, synthetic, training
from confide.attacks.membership import text as membership_text
from confide.attacks.membership import updates as membership_updates
from confide.attacks.reconstruction import answers, crosstabs, model, updates
from confide.attacks.reconstruction import text as reconstruction_text
from confide.core.errors import KnowledgeError
from confide.core.nouns import Attack

# An attack takes a case; one that takes no case at all would be the most general. `Never` says: some attack,
# whatever it needs to see and to know.
AttackType: TypeAlias = type[Attack[Never, Never, Never]]

ROOMS: dict[str, dict[str, tuple[AttackType, ...]]] = {
    "membership": {
        "model": membership.MODEL,
        "counts": counts.ALL,
        "statistics": statistics.ALL,
        "training": training.ALL,
        "updates": membership_updates.ALL,
        "text": membership_text.ALL,
        "synthetic": synthetic.ALL,
    },
    "attribute": {
        "likes": likes.ALL,
        "table": attribute_table.ALL,
        "model": attribute_model.ALL,
        "synthetic": attribute_synthetic.ALL,
        "updates": attribute_updates.ALL,
    },
    "linkage": {
        "ratings": ratings.ALL,
        "traces": traces.ALL,
        "images": images.ALL,
        "table": table.ALL,
        "synthetic": linkage_synthetic.ALL,
    },
    # Its other files restore traces, pictures and cells of tables for an exhibit; no game scores them yet.
    "reconstruction": {
        "answers": answers.ALL,
        "crosstabs": crosstabs.ALL,
        "model": model.ALL,
        "text": reconstruction_text.ALL,
        "updates": updates.ALL,
    },
}
"""Goal -> kind of release -> its attacks, in the order in which they are listed."""


def attacks_of(*, goal: str | None = None, kind: str | None = None) -> tuple[AttackType, ...]:
    """The attacks with this goal on this kind of release; None stands for all.

    >>> [attack.name for attack in attacks_of(kind="likes")]
    ['likes-tfidf', 'likes-svd']
    """
    return tuple(
        attack
        for its_goal, kinds in ROOMS.items()
        if goal in (None, its_goal)
        for its_kind, attacks in kinds.items()
        if kind in (None, its_kind)
        for attack in attacks
    )


def by_name(name: str, *, goal: str | None = None, kind: str | None = None) -> AttackType:
    """The attack of this name, of one goal and one kind of release where they are given.

    Raises:
        KnowledgeError: if there is none, with the nearest names.

    >>> by_name("scoreboard").__name__, by_name("lira", goal="membership", kind="model").__name__
    ('Scoreboard', 'LiRA')
    """
    names = {attack.name: attack for attack in attacks_of(goal=goal, kind=kind)}
    if name not in names:
        among, near = f" on {kind}" if kind else "", get_close_matches(name, names)
        # Forty names are too many for a message; the command says more of each.
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise KnowledgeError(
            f"there is no attack {name!r}{among}: {hint}`confide attacks` lists those that there are."
        )
    return names[name]


__all__ = [
    "ROOMS",
    "AttackType",
    "attacks_of",
    "attribute",
    "by_name",
    "linkage",
    "membership",
    "reconstruction",
]
