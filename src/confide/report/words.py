"""The report's sentences, each made from a finding's record, so that no word says more than its numbers.

Every function reads the dict that goes into report.json, already coarse where the audience is the
public: a sentence cannot leak what the record does not hold. Only the story (`outcome`) is decided on the
exact numbers, so that both audiences are told the same one. Whom a sentence speaks of, and what a claim is,
are the goal's words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from confide.core.diagnostics import Curve
from confide.report.goals import Goal
from confide.report.numbers import FEWEST, alike, guessing, one_in, percent, spread, times

Record: TypeAlias = dict[str, Any]
Outcome: TypeAlias = Literal["found", "nothing", "broken", "few"]

ACCESS = {
    "black-box": "He could send records to the model and read the scores it gives to each answer.",
    "label-only": "He could send records to the model and read its decision, without any score.",
    "white-box": "He held a copy of the model, with all that is inside it.",
}

NEEDED = {"black-box": "the model's scores", "label-only": "the model's decisions"}


def operating_point(h: Record) -> Record | None:
    """Where the headline is read: at a false-positive rate of 1 %, else at 10 %, where it is resolved.

    Where that is no better than guessing and another rate is, there: at the lowest such rate.
    """
    resolved = {at["fpr"]: at for at in h["tpr_at"] if at["rate"] is not None}
    usual = resolved.get(0.01) or resolved.get(0.1)
    better = [fpr for fpr, at in resolved.items() if beats_guessing(at)]
    return resolved[min(better)] if usual and better and not beats_guessing(usual) else usual


def outcome(h: Record, *, broken: bool) -> Outcome:
    """Which of four stories the numbers tell.

    "broken": a blind adversary wins, and the attack is not clearly better. "found": a rate at some
    false-positive rate, or the AUC, lies above guessing. "few": too few people for the headline. "nothing".
    """
    if broken:
        return "broken"
    if any(map(beats_guessing, h["tpr_at"])) or (h["auc"] and h["auc"]["low"] > 0.5):
        return "found"
    return "nothing" if operating_point(h) else "few"


def beats_guessing(at: Record) -> bool:
    """Does the interval of this rate lie above all that guessing may reach?"""
    rate, controls = at["rate"], at["controls"]
    return bool(rate and controls) and rate["low"] > guessing(
        at["fpr"], controls, confidence=rate["confidence"]
    )


def headline(h: Record, story: Outcome, *, subject: str, goal: Goal) -> str:
    """The first sentence of the report, for a reader who knows nothing of statistics."""
    point = operating_point(h)
    if story in ("broken", "few"):
        return goal.broken if story == "broken" else goal.few
    if story == "nothing":
        return f"{subject} {goal.nothing}"
    if point and beats_guessing(point):
        false_claim = "only " * (point["fpr"] < 0.01) + one_in(point["fpr"])
        about = goal.about(point["rate"]["value"])
        return f"{subject} {goal.headline.format(about=about, false_claim=false_claim)}"
    little = "a little " * bool(h["auc"] and h["auc"]["high"] < 0.6)
    return f"{subject} {goal.little.format(little=little)}"


def support(h: Record, story: Outcome, *, tried: int, detectable: float | None, goal: Goal) -> list[str]:
    """What stands right under the headline: the interval, and what the audit could have seen."""
    point = operating_point(h)
    lines: list[str] = []
    if point and story in ("found", "nothing"):
        lines.append(_rate_there(point, tried, goal))
    if story == "found" and h["auc"] and not (point and beats_guessing(point)):
        lines.append(goal.auc.format(often=often(h["auc"])))
    if story == "broken":
        blind = h["blind"]
        lines.append(
            f"Shown one of each, the blind adversary picks the right one {times(blind['value'])} "
            f"({spread(blind)}); guessing: 50 in 100. {goal.blind}"
        )
    if h["told"] and story == "found":
        lines.append(f"The strongest attack, {h['attack']}, was told {h['told']}.")
    lines += [_could_have_seen(h, detectable, goal)] if story in ("nothing", "few") else []
    return lines


def _rate_there(point: Record, tried: int, goal: Goal) -> str:
    """The rate at the operating point, its interval, and guessing in the same unit."""
    rate, at = point["rate"], f"At {one_in(point['fpr'])} {goal.false_claim}"
    _, has_found = goal.finds
    interval, guess = f"{spread(rate)}, {_sure(rate['confidence'], tried)}", alike(point["fpr"], rate)
    if beats_guessing(point):
        means_little = goal.guess.format(guess=guess)
        return f"{at} the true share of {goal.exposed_noun} {has_found} is {interval}; {means_little}."
    luck = guessing(point["fpr"], point["controls"] or FEWEST, confidence=rate["confidence"])
    by_luck = goal.luck.format(guess=guess, luck=alike(luck, rate))
    return f"{at} he {has_found} {goal.many(rate['value'])}; the true share is {interval}. {by_luck}"


def _could_have_seen(h: Record, detectable: float | None, goal: Goal) -> str:
    """The ceiling in words: 'nothing found' is never read as 'nothing there'."""
    parts: list[str] = []
    point, bound = operating_point(h), h["epsilon"]
    if detectable is not None and point:
        parts.append(
            f"it would have noticed an adversary who {goal.finds[0]} {goal.many(detectable)} at "
            f"{one_in(point['fpr'])} {goal.false_claim}, and nothing weaker"
        )
    if bound and bound["ceiling"] is not None:
        parts.append(f"the largest epsilon it could ever have shown is {bound['ceiling']:.2f}")
    if not parts and point is None:
        return goal.so_few
    if not parts:
        return (
            "How weak a leak this audit could have seen was not worked out: do not take it for an all-clear."
        )
    return f"What this audit could have seen: {'; '.join(parts)}."


def found(h: Record, *, fpr: float | None, goal: Goal) -> str:
    """One line an attack, read where the headline is."""
    rate = next((at["rate"] for at in h["tpr_at"] if at["fpr"] == fpr), None)
    if fpr is None or rate is None:
        return "too few people to say"
    return f"{goal.finds[0]} {goal.many(rate['value'])} at {one_in(fpr)} {goal.false_claim} ({spread(rate)})"


def adversary(h: Record, extra: tuple[str, ...], *, access: str, goal: Goal) -> list[str]:
    """What he could do and what he knew."""
    lines = [ACCESS.get(access, goal.saw), *goal.knew]
    if h["access"] != access and h["access"] in NEEDED:
        lines.append(f"The strongest attack, {h['attack']}, needed no more than {NEEDED[h['access']]}.")
    return [*lines, *extra]


def curve(tried: Curve) -> str:
    """How to read what an attack tried."""
    mark = "" if tried.chosen is None else f" The mark is what the attack chose: {tried.chosen:.3g}."
    return f"Across, on a logarithmic axis: {tried.x_title}. Upwards: {tried.y_title}.{mark}"


def warnings(
    h: Record,
    story: Outcome,
    given: tuple[str, ...],
    *,
    blind_wins: bool,
    goal: Goal,
    doubtful: Mapping[str, bool] | None = None,
) -> list[str]:
    """What a reader must know before he believes a number; `doubtful` are the attacks whose own check failed,
    and whether each found something all the same."""
    lines = [*given, *(_doubt(name, found) for name, found in (doubtful or {}).items())]
    if story == "broken":
        lines.insert(0, "The comparison is broken: a blind adversary wins (see the first sentence).")
    elif blind_wins:
        blind = h["blind"]
        lines.insert(
            0,
            "A blind adversary, who never saw the release, already reaches an AUC of "
            f"{blind['value']:.2f} [{blind['low']:.2f}, {blind['high']:.2f}] on these people, so part of "
            "what was found is not the release's. The strongest attack is clearly above that.",
        )
    elif h["blind"] is None and goal.unblinded:
        lines.append(goal.unblinded)
    if h["told"]:
        return lines
    if h["excluded"]:
        many = "1 target was" if h["excluded"] == 1 else f"{h['excluded']:,} targets were"
        lines.append(f"{many} left out: {h['attack']} could not score them.")
    elif h["excluded"] is None:
        lines.append(f"Fewer than 10 targets were left out: {h['attack']} could not score them.")
    return lines


def verdict(ruling: str, strict: bool, *, doubtful: Sequence[str] = ()) -> str:
    """The verdict in one line; `doubtful` are the attacks whose own check failed."""
    line = {
        "within": "Within the limits that were set.",
        "exceeded": "A limit that was set is exceeded.",
        "inconclusive": "Inconclusive: the evidence cannot decide on a limit that was set"
        + (", which counts as a failure here." if strict else "."),
        "measured": "Measured; no limit was set.",
    }[ruling]
    return f"{line} Not conclusive: {', '.join(doubtful)}." if doubtful else line


def _doubt(name: str, found: bool) -> str:
    failed = f"Not conclusive: {name}. The attack's own check failed (its card in the small print says why)"
    if found:
        return f"{failed}: what it found stands, but there may be more than it found."
    return f"{failed}, so what it did not find may still be there: its low numbers are no all-clear."


def _sure(confidence: float, tried: int) -> str:
    text = f"with {percent(confidence)} confidence"
    return text if tried < 2 else f"{text} ({tried} attacks tried)"


def often(e: Record) -> str:
    """How often, with the interval."""
    return f"{times(e['value'])} ({spread(e)})"
