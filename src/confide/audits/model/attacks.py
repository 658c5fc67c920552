"""Playing the attacks of an audit: what ran, what was skipped and why, and what it all amounts to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from confide.attacks import membership
from confide.audits.playing import Played
from confide.core.access import BlackBox
from confide.core.errors import AccessError, DataError, KnowledgeError
from confide.core.evidence import Evidence
from confide.core.narrowing import for_attack
from confide.core.nouns import Attack, Case, Game
from confide.core.play import play
from confide.report import Skipped

USUAL = ("default", "loss", "rmia", "lira", "student", "quantile", "label-only")
"""What an audit tries unless told otherwise: the baseline, and the attacks that the measurements trust."""

WHITE = ("gradient-norm", "supervised", "nasr-outputs", "nasr", "decoder")
"""What an audit with white-box access tries besides: the steps from outputs to gradients and beyond."""


def choose(names: str | Sequence[Any] | None, *, access: str | None = None) -> list[Attack[Any, Any, Any]]:
    """The attacks by name: 'lira,rmia', 'all', a list of names or of attacks, or None for the usual ones.

    Those are more where the audit is to have white-box `access`.

    Raises:
        KnowledgeError: if a name is unknown; the known ones are listed.
        DataError: if two attacks have one name and other settings.
    """
    if names is None:
        names = USUAL + WHITE * (access == "white-box")
    if isinstance(names, str):
        names = [a.name for a in membership.ALL] if names == "all" else names.split(",")
    chosen = [membership.by_name(n.strip())() if isinstance(n, str) else n for n in names]
    settings = {attack.name: attack for attack in chosen}
    for attack in chosen:
        if attack != settings[attack.name]:
            raise DataError(
                f"{attack} and {settings[attack.name]} are both called {attack.name}: audit with one."
            )
    return chosen


def attack_all(
    game: Game[Any, Any, Any, Any], attacks: Sequence[Attack[Any, Any, Any]], *, seed: int
) -> Played:
    """Play each attack in the one world of `game`; every attack meets the same world.

    An attack that is named twice is played once, and `default` is played as the attack that it chooses:
    every further attack widens all intervals.
    """
    case = game.deal(0, rng=np.random.default_rng(seed)).case
    chosen, trusted = _resolved(attacks, case, seed)
    evidence: list[Evidence] = []
    skipped: list[Skipped] = []
    for attack in chosen.values():
        try:
            evidence.append(play(game, attack, worlds=1, rng=np.random.default_rng(seed)))
        except (AccessError, KnowledgeError) as why:
            skipped.append(Skipped(attack=attack.name, why=str(why)))
    return Played(
        attacks=tuple(chosen.values()),
        evidence=tuple(evidence),
        skipped=tuple(skipped),
        trusted=trusted,
    )


def _resolved(
    attacks: Sequence[Attack[Any, Any, Any]], case: Case[Any, Any, Any], seed: int
) -> tuple[dict[str, Attack[Any, Any, Any]], str]:
    """The attacks by name, with what `default` chooses in its place; and what that is."""
    named = {attack.name: attack for attack in attacks}
    if membership.Default.name not in named or not isinstance(case.view, BlackBox):
        return named, ""
    seen = for_attack(membership.Default(), case)
    picked = membership.chosen(seen, rng=np.random.default_rng([seed, 2]))
    del named[membership.Default.name]
    return {picked.name: picked, **named}, picked.name
