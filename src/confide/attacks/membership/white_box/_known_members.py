"""The supervised adversary: knows the membership of some targets, and scores the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.knowledge.models import Background, SupervisedBackground

# From fewer known members, or fewer known non-members, nothing can be learned.
FEWEST = 10


@dataclass(frozen=True, slots=True)
class KnownMembers:
    """The targets to learn from, and the targets to score.

    Args:
        rows: the positions of the targets whose membership is known, int64[t].
        member: their membership, bool[t].
        others: the positions of all other targets, int64[n - t].
    """

    rows: Ints
    member: Bools
    others: Ints

    def usable(self, clear: Bools) -> KnownMembers:
        """The same without the targets of which the view says nothing; clear is bool[n]."""
        keep = clear[self.rows]
        return KnownMembers(self.rows[keep], self.member[keep], self.others[clear[self.others]])

    def scores(self, of_others: Floats, n: int) -> Floats:
        """One score for each of n targets: NaN for all but `others`."""
        score = np.full(n, np.nan)
        score[self.others] = of_others
        return score


def need_told(known: Background, n: int, attack: str, clear: Bools | None = None) -> KnownMembers:
    """The known members among n targets, as far as the view says something of them (`clear`).

    Raises:
        KnowledgeError: if they are too few, or the known non-members are.
    """
    rows = known.told if isinstance(known, SupervisedBackground) else np.empty(0, np.int64)
    member = known.member if isinstance(known, SupervisedBackground) else np.empty(0, np.bool_)
    others = np.ones(n, np.bool_)
    others[rows] = False
    # An unsupervised background knows nobody, and fails below with the counts in the message.
    lesson = KnownMembers(rows, member, np.flatnonzero(others))
    if clear is not None:
        lesson = lesson.usable(clear)
    yes = int(lesson.member.sum())
    if min(yes, len(lesson.member) - yes) < FEWEST:
        raise KnowledgeError(
            keep(
                "{attack} needs {fewest:d} known members and as many known non-members among the targets, "
                "and has {n:d} and {others:d}: let it know more of them, or choose an attack that needs "
                "none.",
                attack=attack,
                fewest=FEWEST,
                n=yes,
                others=len(lesson.member) - yes,
            )
        )
    return lesson
