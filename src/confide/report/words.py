"""The report's sentences, each made from a finding's record, so that no word says more than its numbers.

Every function reads the dict that goes into report.json, already coarse where the audience is the
public: a sentence cannot leak what the record does not hold. Only the story (`outcome`) is decided on the
exact numbers, so that both audiences are told the same one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from confide.core.workings import Curve
from confide.report.numbers import FEWEST, alike, guessing, members, one_in, percent, spread, times

Record: TypeAlias = dict[str, Any]
Outcome: TypeAlias = Literal["found", "nothing", "broken", "few"]

SUBJECTS = {
    "black-box": "An outsider who can query this model and knows a person's record",
    "label-only": "An outsider who sees only this model's decisions and knows a person's record",
    "white-box": "An outsider who holds a copy of this model and knows a person's record",
}
SUBJECT = "An outsider who sees this release and knows a person's record"

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


def headline(h: Record, story: Outcome, *, access: str) -> str:
    """The first sentence of the report, for a reader who knows nothing of statistics."""
    subject, point = SUBJECTS.get(access, SUBJECT), operating_point(h)
    if story == "broken":
        return (
            "This audit cannot say what the release gives away: somebody who never saw it already tells "
            "people in the data from people outside, so the two groups differ by themselves, and no attack "
            "did clearly better."
        )
    if story == "few":
        return "This audit had too few people to say what the release gives away; that is no all-clear."
    if story == "nothing":
        return f"{subject} could not be shown to tell whether it was among the training data."
    if point and beats_guessing(point):
        only = "only " * (point["fpr"] < 0.01)
        return (
            f"{subject} can tell that it was among the training data for {_about(point['rate']['value'])}, "
            f"while wrongly accusing {only}{one_in(point['fpr'])} others."
        )
    little = "a little " * bool(h["auc"] and h["auc"]["high"] < 0.6)
    return f"{subject} can tell {little}better than by guessing whether it was among the training data."


def support(h: Record, story: Outcome, *, tried: int, detectable: float | None) -> list[str]:
    """What stands right under the headline: the interval, and what the audit could have seen."""
    point = operating_point(h)
    lines: list[str] = []
    if point and story in ("found", "nothing"):
        lines.append(_rate_there(point, tried))
    if story == "found" and h["auc"] and not (point and beats_guessing(point)):
        lines.append(pick(h["auc"]))
    if story == "broken":
        blind = h["blind"]
        lines.append(
            f"Shown one of each, the blind adversary picks the right one {times(blind['value'])} "
            f"({spread(blind)}); guessing: 50 in 100. Compare people drawn from the same source at random."
        )
    if h["told"] and story == "found":
        lines.append(f"The strongest attack, {h['attack']}, was told {h['told']}.")
    lines += [_could_have_seen(h, detectable)] if story in ("nothing", "few") else []
    return lines


def _rate_there(point: Record, tried: int) -> str:
    """The rate at the operating point, its interval, and guessing in the same unit."""
    rate, at = point["rate"], f"At {one_in(point['fpr'])} wrong accusations"
    interval, guess = f"{spread(rate)}, {_sure(rate['confidence'], tried)}", alike(point["fpr"], rate)
    if beats_guessing(point):
        return f"{at} the true share of members found is {interval}; guessing would find {guess}."
    luck = guessing(point["fpr"], point["controls"] or FEWEST, confidence=rate["confidence"])
    return (
        f"{at} he found {members(rate['value'])}; the true share is {interval}. Guessing would find {guess}, "
        f"or by luck up to {alike(luck, rate)}: more than that is not shown."
    )


def _could_have_seen(h: Record, detectable: float | None) -> str:
    """The ceiling in words: 'nothing found' is never read as 'nothing there'."""
    parts: list[str] = []
    point, bound = operating_point(h), h["epsilon"]
    if detectable is not None and point:
        parts.append(
            f"it would have noticed an adversary who finds {members(detectable)} at "
            f"{one_in(point['fpr'])} wrong accusations, and nothing weaker"
        )
    if bound and bound["ceiling"] is not None:
        parts.append(f"the largest epsilon it could ever have shown is {bound['ceiling']:.2f}")
    if not parts and point is None:
        return "With so few people this audit could not have seen anything: hold out more of them."
    if not parts:
        return (
            "How weak a leak this audit could have seen was not worked out: do not take it for an all-clear."
        )
    return f"What this audit could have seen: {'; '.join(parts)}."


def found(h: Record, *, fpr: float | None) -> str:
    """One line an attack, read where the headline is."""
    rate = next((at["rate"] for at in h["tpr_at"] if at["fpr"] == fpr), None)
    if fpr is None or rate is None:
        return "too few people to say"
    return f"finds {members(rate['value'])} at {one_in(fpr)} wrong accusations ({spread(rate)})"


def adversary(h: Record, extra: tuple[str, ...], *, access: str) -> list[str]:
    """What he could do and what he knew."""
    lines = [
        ACCESS.get(access, "He saw what the release shows."),
        "He knew the full record of each person he asked about.",
    ]
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
    elif h["blind"] is None:
        lines.append("No blind adversary was played, so nobody checked that the two groups are alike.")
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


def _about(rate: float) -> str:
    return members(rate) if rate >= 0.995 or rate <= 0 else f"about {members(rate)}"


def _sure(confidence: float, tried: int) -> str:
    text = f"with {percent(confidence)} confidence"
    return text if tried < 2 else f"{text} ({tried} attacks tried)"


def pick(auc: Record) -> str:
    """The AUC in words."""
    return (
        f"Shown one member and one other person, he picks the member {often(auc)}; guessing: "
        "50 in 100. (This is the AUC.)"
    )


def often(e: Record) -> str:
    """How often, with the interval."""
    return f"{times(e['value'])} ({spread(e)})"
