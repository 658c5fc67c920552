"""Own attacks under audit: a failure is put in a sentence, and scores that no seed repeats are refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from confide.core.errors import AttackError, ConfideError, EvidenceError
from confide.core.evidence import Evidence
from confide.core.foreign import in_one_line
from confide.core.nouns import AnyAttack
from confide.core.play import needed_access

QUICK = 20.0
"""Seconds a world: an attack that takes longer is not played twice to see whether it repeats itself."""


def played_own(attack: AnyAttack, playing: Callable[[Sequence[int] | None], Evidence]) -> Evidence:
    """The evidence of an attack that the user wrote.

    Args:
        attack: written as `confide.core.own_attack` wants it.
        playing: plays it in these worlds, in all for None; each call with an equally seeded generator.

    Raises:
        AttackError: if it fails, or gives other scores when the first world is played again.
    """
    try:
        found = playing(None)
        repeats = _repeats(attack, found, playing)
    except (ConfideError, MemoryError):
        raise  # it says itself what it lacks
    except Exception as error:
        raise AttackError(
            f"{attack.name} failed with {type(error).__name__}: {in_one_line(error)}. It has "
            f"{needed_access(attack)} access: it sees what the annotation of its `case` names, and no more. "
            "The traceback is above."
        ) from error
    if not repeats:
        raise AttackError(
            f"{attack.name} gave other scores when the same world was played again: draw from `rng` alone, "
            "not from np.random or random, and depend on no clock and no order of a set. If the release "
            "itself answers differently each time, write `repeats: ClassVar[bool] = False` in the class."
        )
    return found


def _repeats(attack: AnyAttack, found: Evidence, playing: Callable[[Sequence[int] | None], Evidence]) -> bool:
    """Does the attack give the same scores of the first world again, but for the last digits?"""
    first = found.table.filter(found.table["world"] == 0)
    # One that says itself that it cannot be repeated, as over a model that answers with noise, is believed.
    if not getattr(attack, "repeats", True) or first.is_empty() or found.seconds > QUICK * found.worlds:
        return True
    try:
        again = playing([0]).table
    except EvidenceError:  # this time it could score nobody
        return False
    if not first["target"].equals(again["target"]) or not first["hit"].equals(again["hit"]):
        return False
    # Sums in another order differ in the last digits: threads of a model decide it.
    return bool(np.allclose(first["score"].to_numpy(), again["score"].to_numpy(), rtol=1e-5, atol=1e-8))
