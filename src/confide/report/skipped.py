"""Attacks that did not run: each reason once, with all the attacks that it holds for."""

from __future__ import annotations

from collections.abc import Iterable

from confide.report.finding import Skipped


def fold(skipped: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(attack, why) one a line -> (attacks, why), without the attack's name in the reason.

    >>> fold([("nasr", "nasr needs more"), ("lira", "no references"), ("decoder", "decoder needs more")])
    [('nasr, decoder', 'needs more'), ('lira', 'no references')]
    """
    named: dict[str, list[str]] = {}
    for attack, why in skipped:
        # The reason begins with the attack's name, so equal reasons would differ by it.
        named.setdefault(why.removeprefix(f"{attack} ").removeprefix(f"{attack}: "), []).append(attack)
    return [(", ".join(attacks), why) for why, attacks in named.items()]


def nothing_ran(release: str, skipped: Iterable[Skipped]) -> str:
    """The message where every attack was skipped."""
    lines = [
        f"{attacks}: {why.rstrip('.')}" for attacks, why in fold((s.attack, str(s.why)) for s in skipped)
    ]
    why = "; ".join(lines) or "no attack was asked for"
    return f"no attack could run on {release}, so nothing was measured. {why}."
