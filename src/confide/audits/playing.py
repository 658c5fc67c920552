"""Playing attacks on released records: kept as they finish, so that an interrupted audit goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from confide.core import evidence as kept
from confide.core.access import LADDER
from confide.core.cache import Cache, key_of
from confide.core.errors import AccessError, DataError, EvidenceError, KnowledgeError
from confide.core.evidence import Evidence
from confide.core.nouns import Attack, Game
from confide.core.play import play
from confide.core.version import VERSION
from confide.report import Skipped

Progress = Callable[[int, int], object]


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


def play_all(
    game: Game[Any, Any, Any, Any],
    attacks: Sequence[Attack[Any, Any, Any]],
    *,
    seed: int,
    key: str,
    worlds: int = 1,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Played:
    """Play each attack in the same worlds of `game`; what finished before under the same `key` is read back.

    Args:
        key: a digest of everything that the game is made of (records, mechanism, settings).
        cache: the folder of finished work; None keeps nothing.
        progress: called with (attacks done, attacks in all).

    Raises:
        DataError: if two attacks have one name.
    """
    if len({a.name for a in attacks}) < len(attacks):
        raise DataError(f"an attack is named twice ({', '.join(a.name for a in attacks)}): name each once.")
    evidence: list[Evidence] = []
    skipped: list[Skipped] = []
    for done, attack in enumerate(attacks):
        if progress is not None:
            progress(done, len(attacks))
        try:
            evidence.append(_played(game, attack, seed, key, worlds, cache))
        except (AccessError, KnowledgeError, EvidenceError) as why:
            skipped.append(Skipped(attack=attack.name, why=str(why)))
    if progress is not None:
        progress(len(attacks), len(attacks))
    return Played(attacks=tuple(attacks), evidence=tuple(evidence), skipped=tuple(skipped))


def _played(
    game: Game[Any, Any, Any, Any],
    attack: Attack[Any, Any, Any],
    seed: int,
    key: str,
    worlds: int,
    cache: Path | None,
) -> Evidence:
    def now() -> Evidence:
        return play(game, attack, worlds=worlds, rng=np.random.default_rng(seed))

    if cache is None:
        return now()
    cache.mkdir(parents=True, exist_ok=True)
    shelf = Cache(cache)
    name = key_of("evidence", VERSION, key, repr(attack), str(seed), str(worlds))
    found = shelf.find(name)
    if found is None:
        shelf.keep(name, lambda draft: kept.save([now()], draft))
        found = shelf.find(name)
    return now() if found is None else kept.load(found, kind=".parquet")[0]
