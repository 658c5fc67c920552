"""Playing the attacks of an audit: what ran, what was skipped and why, and what it all amounts to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from confide.attacks import membership
from confide.core.errors import AccessError, KnowledgeError
from confide.core.evidence import Evidence
from confide.core.nouns import Attack, Game
from confide.core.play import play
from confide.report import Skipped

USUAL = ("default", "loss", "rmia", "lira", "student", "quantile", "label-only")
"""What an audit tries unless told otherwise: the baseline, and the attacks that the measurements trust."""


def choose(names: str | Sequence[str] | None) -> list[Attack[Any, Any, Any]]:
    """The attacks by name: 'lira,rmia', 'all', a list of names or of attacks, or None for the usual ones.

    Raises:
        KnowledgeError: if a name is unknown; the known ones are listed.
    """
    if names is None:
        names = USUAL
    if isinstance(names, str):
        names = [a.name for a in membership.ALL] if names == "all" else names.split(",")
    return [membership.by_name(n.strip())() if isinstance(n, str) else n for n in names]


def attack_all(
    game: Game[Any, Any, Any, Any], attacks: Sequence[Attack[Any, Any, Any]], *, seed: int
) -> tuple[list[Evidence], list[Skipped]]:
    """Play each attack in the one world of `game`; every attack meets the same world."""
    evidence: list[Evidence] = []
    skipped: list[Skipped] = []
    for attack in attacks:
        try:
            evidence.append(play(game, attack, worlds=1, rng=np.random.default_rng(seed)))
        except (AccessError, KnowledgeError) as why:
            skipped.append(Skipped(attack=attack.name, why=str(why)))
    return evidence, skipped
