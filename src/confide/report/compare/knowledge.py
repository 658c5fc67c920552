"""What the adversaries of two audits knew, held against each other by the sentences of their reports."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from confide.core.language import t

ALIKE = 0.75
"""Two sentences that have this much in common say the same of different models, files or amounts."""
ABOUT = 0.1
"""Amounts that differ by less, as the people of next month's file, are the same amount."""
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")


def other_knowledge(
    before: Sequence[str], after: Sequence[str], names: tuple[str, str], *, low: tuple[bool, bool]
) -> list[str]:
    """Why low numbers on one side may be those of a weaker adversary, a sentence each.

    An adversary with fewer facts or reference models finds less, and its release looks safer. Of sentences
    that say the same, the amounts have to be about equal. A sentence that only one side has counts where the
    other side's numbers are low: more knowledge on the low side takes nothing from them.

    Args:
        before, after: what each adversary had, a sentence each.
        low: of which side the numbers are low.

    >>> other_knowledge(["It knew 8 facts."], ["It knew 3 facts."], ("a", "b"), low=(False, True))
    ['The adversaries did not know as much: "It knew 8 facts." of a, "It knew 3 facts." of b.']
    >>> other_knowledge(["It knew the dates."], [], ("a", "b"), low=(True, False))
    []
    """
    said: list[str] = []
    left = list(after)
    for line in before:
        best = max(left, key=lambda other, line=line: _alike(line, other), default=None)
        if best is None or _alike(line, best) < ALIKE:
            said += [_lacking(names[1], names[0], line)] * low[1]
            continue
        left.remove(best)
        if not _same_amounts(line, best):
            said.append(
                t(
                    'The adversaries did not know as much: "{first}" of {before}, "{second}" of {after}.',
                    first=line,
                    second=best,
                    before=names[0],
                    after=names[1],
                )
            )
    return said + [_lacking(names[0], names[1], line) for line in left if low[0]]


def _lacking(name: str, other: str, line: str) -> str:
    return t(
        'The adversary against {name} lacked what that against {other} had: "{line}"',
        name=name,
        other=other,
        line=line,
    )


def _alike(one: str, other: str) -> float:
    """How much two sentences have in common but for their numbers, from 0 to 1."""
    first, second = (_NUMBER.sub("#", line) for line in (one, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def _same_amounts(one: str, other: str) -> bool:
    first, second = ([_amount(text) for text in _NUMBER.findall(line)] for line in (one, other))
    if len(first) != len(second):
        return False
    return all(abs(a - b) <= ABOUT * max(a, b) for a, b in zip(first, second, strict=True))


def _amount(text: str) -> float:
    """A number as it stands in a sentence, whose thousands are parted by commas."""
    plain = text.replace(",", "")
    return float(plain) if plain.count(".") <= 1 else 0.0
