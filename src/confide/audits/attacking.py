"""Playing the attacks of an audit: what ran, what was skipped and why, and what it all amounts to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from confide.attacks import membership
from confide.core.errors import AccessError, DataError, KnowledgeError
from confide.core.evidence import Evidence
from confide.core.narrowing import asks_for, for_attack
from confide.core.nouns import Attack, Case, Game
from confide.core.play import play
from confide.core.views import LADDER, BlackBox
from confide.learners.references import Informed, Told
from confide.report import Skipped

USUAL = ("default", "loss", "rmia", "lira", "student", "quantile", "label-only")
"""What an audit tries unless told otherwise: the baseline, and the attacks that the measurements trust."""

WHITE = ("gradient-norm", "supervised", "nasr-outputs", "nasr", "decoder")
"""What an audit with white-box access tries besides: the steps from outputs to gradients and beyond."""


TOLD = (
    (Informed, "for each person all other records that trained the model"),
    (Told, "of half of the people whether they were in the data, and is judged on the others alone"),
)
"""What an adversary is told who names this background, in words."""


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Played:
    """What was played.

    Args:
        attacks: those that were tried.
        evidence: of those that ran.
        skipped: those that did not, with the reasons.
        trusted: the name of the attack that `default` chose; empty if it was not asked.
    """

    attacks: tuple[Attack[Any, Any, Any], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    trusted: str = ""

    @property
    def access(self) -> str:
        """The strongest access that an attack made use of: that is what was audited."""
        names = [name for name, _ in LADDER]
        return min((e.access for e in self.evidence), key=names.index, default="blind")


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


def told(attack: Attack[Any, Any, Any]) -> str:
    """What this adversary is told about who trained the model, in words; empty for nearly all."""
    _, known = asks_for(attack)
    if not isinstance(known, type):
        return ""
    return next((words for kind, words in TOLD if issubclass(known, kind)), "")


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
