"""What did not run, and why: each reason said once, with all the attacks that it holds for."""

from __future__ import annotations

from collections.abc import Iterable

from confide.report.finding import Skipped

PLURAL = {"needs": "need", "has": "have", "is": "are"}


def fold(skipped: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(attack, why) one a line -> (attacks, why), without the attack's name in the reason.

    >>> fold([("nasr", "nasr needs more"), ("lira", "no references"), ("decoder", "decoder needs more")])
    [('nasr, decoder', 'need more'), ('lira', 'no references')]
    """
    named: dict[str, list[str]] = {}
    for attack, why in skipped:
        named.setdefault(why.removeprefix(f"{attack} ").removeprefix(f"{attack}: "), []).append(attack)
    return [(", ".join(attacks), _of(why, len(attacks))) for why, attacks in named.items()]


def nothing_ran(release: str, skipped: Iterable[Skipped]) -> str:
    """What to say where every attack was skipped."""
    lines = [f"{attacks}: {why.rstrip('.')}" for attacks, why in fold((s.attack, s.why) for s in skipped)]
    why = "; ".join(lines) or "no attack was asked for"
    return f"no attack could run on {release}, so nothing was measured. {why}."


def _of(why: str, many: int) -> str:
    verb, space, rest = why.partition(" ")
    many_have = rest.replace(" and has ", " and have ")
    return f"{PLURAL.get(verb, verb)}{space}{many_have}" if many > 1 else why
