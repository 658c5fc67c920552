"""The report's sentences, each made from a finding's record, so that no word says more than its numbers.

Every function reads the dict that goes into report.json, already coarse where the audience is the
public: a sentence cannot leak what the record does not hold. Only the story (`outcome`) is decided on the
exact numbers, so that both audiences are told the same one.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from confide.report.numbers import guessing, one_in, percent, share, spread

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


def operating_point(h: Record) -> Record | None:
    """Where the headline is read: at a false-positive rate of 1 %, else at 10 %, where it is resolved."""
    resolved = {at["fpr"]: at for at in h["tpr_at"] if at["rate"] is not None}
    return resolved.get(0.01) or resolved.get(0.1)


def outcome(h: Record) -> Outcome:
    """Which of four stories the numbers tell.

    "broken": a blind adversary wins. "found": a rate at some false-positive rate, or the AUC, lies above
    guessing. "few": too few people for the headline. "nothing".
    """
    if h["blind"] and h["blind"]["low"] > 0.5:
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


def headline(h: Record, story: Outcome) -> str:
    """The first sentence of the report, for a reader who knows nothing of statistics."""
    subject, point = SUBJECTS.get(h["access"], SUBJECT), operating_point(h)
    if story == "broken":
        return (
            "This audit cannot say what the release gives away: somebody who never saw it already tells "
            "the people in the data from those outside, so the two groups differ by themselves."
        )
    if story == "few":
        return "This audit had too few people to say what the release gives away; that is no all-clear."
    if story == "nothing":
        return f"{subject} could not be shown to tell whether it was among the training data."
    if point and beats_guessing(point):
        return (
            f"{subject} can tell that it was among the training data for {_about(point['rate']['value'])} "
            f"members, while wrongly accusing {one_in(point['fpr'])} others."
        )
    sharper = [at for at in h["tpr_at"] if beats_guessing(at)]
    if sharper:
        return (
            f"{subject} can be nearly sure about a few people: he finds "
            f"{_about(sharper[-1]['rate']['value'])} members while wrongly accusing only "
            f"{one_in(sharper[-1]['fpr'])} others."
        )
    return f"{subject} can tell a little better than by guessing whether it was among the training data."


def support(h: Record, story: Outcome, *, tried: int, detectable: float | None) -> list[str]:
    """What stands right under the headline: the interval, and what the audit could have seen."""
    point = operating_point(h)
    lines: list[str] = []
    if point and story in ("found", "nothing"):
        rate = point["rate"]
        shown = "He found" if story == "nothing" else "The true share is"
        amount = f"{share(rate['value'])} members at {one_in(point['fpr'])} wrong accusations: " * (
            story == "nothing"
        )
        lines.append(
            f"{shown} {amount}{spread(rate)}, {_sure(rate['confidence'], tried)}; "
            f"guessing would find {one_in(point['fpr'])}."
        )
    if story == "found" and h["auc"] and not (point and beats_guessing(point)):
        lines.append(_pick(h["auc"]))
    if story == "broken":
        blind = h["blind"]
        lines.append(
            f"Shown one of each, the blind adversary picks the right one {share(blind['value'])} times "
            f"({spread(blind)}); guessing gives 50. Compare people drawn from the same source at random."
        )
    lines += [_could_have_seen(h, detectable)] if story in ("nothing", "few") else []
    return lines


def _could_have_seen(h: Record, detectable: float | None) -> str:
    """The ceiling in words: 'nothing found' is never read as 'nothing there'."""
    parts: list[str] = []
    point, bound = operating_point(h), h["epsilon"]
    if detectable is not None and point:
        parts.append(
            f"it would have noticed an adversary who finds {share(detectable)} members at "
            f"{one_in(point['fpr'])} wrong accusations, and nothing weaker"
        )
    if bound and bound["ceiling"] is not None:
        parts.append(f"the largest epsilon it could ever have shown is {bound['ceiling']:.2f}")
    if not parts:
        return "With so few people this audit could not have seen anything: hold out more of them."
    return f"What this audit could have seen: {'; '.join(parts)}."


def found(h: Record) -> str:
    """One line an attack."""
    point = operating_point(h)
    if point is None:
        return "too few people outside the data to say"
    rate = point["rate"]
    return (
        f"finds {share(rate['value'])} members at {one_in(point['fpr'])} wrong accusations ({spread(rate)})"
    )


def adversary(h: Record, extra: tuple[str, ...]) -> list[str]:
    """What he could do and what he knew."""
    first = ACCESS.get(h["access"], f"He saw what the release shows ({h['access']}).")
    return [first, "He knew the full record of each person he asked about.", *extra]


def means(h: Record, story: Outcome, *, harm: str, promise: Record | None) -> list[str]:
    """What the numbers amount to."""
    lines = [harm] if harm else []
    if outcome(h) == "broken":
        return [
            *lines,
            "The numbers below mix what the release shows with what the groups show by themselves.",
        ]
    if h["auc"]:
        lines.append(_pick(h["auc"]))
    for p in h["precision_at"]:
        if p["value"] and p["prior"] < 0.5:
            lines.append(
                f"If {one_in(p['prior'])} of the people he asks about were in the data, a claim made at "
                f"{one_in(p['fpr'])} wrong accusations would be right {_times(p['value'])}."
            )
    return lines + _epsilon_means(h, promise)


def _epsilon_means(h: Record, promise: Record | None) -> list[str]:
    bound = h["epsilon"]
    if not bound or not bound["low"]:
        return (
            ["The release promises nothing in the sense of differential privacy."] if promise is None else []
        )
    firm = "" if bound["certified"] else f", if this holds: {bound['assumption'] or 'exposure was random'}"
    lines = [
        f"No promise of differential privacy below epsilon {bound['low']:.2f} can be true of this release "
        f"(delta {bound['delta']:g}, {percent(bound['confidence'])} confidence{firm})."
    ]
    if promise is not None and bound["low"] > promise["epsilon"]:
        lines.append(
            f"It was promised epsilon {promise['epsilon']:g}: the promise is broken"
            + ("." if bound["certified"] else ", or the assumption is.")
        )
    return lines


def means_not(h: Record, story: Outcome, *, findings: list[Record]) -> list[str]:
    """What must not be read into the numbers."""
    tried = "one attack" if len(findings) == 1 else f"{len(findings)} attacks"
    lines = [
        f"Not the worst that is possible: {tried} ran. A better attack, more reference models or more "
        "access may find more.",
        "Not an average risk that all share: some people stand out far more than others.",
        "Not a test of other harms: guessing an attribute, linking records and rebuilding them are "
        "other games.",
    ]
    if story in ("nothing", "few"):
        lines.insert(0, "Not proof of safety: what lies below the ceiling of this audit stays unseen.")
    if h["epsilon"] and not h["epsilon"]["certified"]:
        lines.append(
            "Not a certificate: nobody tossed a coin over who was in the data, so the comparison trusts "
            "that members and others were drawn alike."
        )
    return lines


def next_steps(story: Outcome, ruling: str) -> list[str]:
    """What to do now."""
    if story == "broken":
        return [
            "Draw the people outside the data at random from the same source and time as those inside.",
            "Then run the audit again; publish nothing on the strength of this one.",
        ]
    if story == "few":
        return ["Hold out at least 1,000 people before training, retrain, and run the audit again."]
    if story == "nothing":
        steps = ["Keep this report with the release, and audit again whenever the model is retrained."]
        if ruling == "inconclusive":
            steps.insert(0, "Hold out more people, or play more worlds, until the audit can see the limit.")
        return steps
    steps = [
        "Lower the memory of the model first: stop training earlier, regularise more, take more data, and "
        "remove repeated records.",
        "Where that is not enough, train with differential privacy; rounding or hiding scores alone does "
        "not help much, since decisions leak too.",
        "Run the same audit again with the same seed, and compare the two reports.",
    ]
    if ruling == "exceeded":
        steps.insert(0, "Do not publish this release as it is: it exceeds a limit that was set for it.")
    return steps


def warnings(h: Record, story: Outcome, given: tuple[str, ...]) -> list[str]:
    """What a reader must know before he believes a number."""
    lines = list(given)
    if story == "broken":
        lines.insert(0, "The comparison is broken: a blind adversary wins (see the first sentence).")
    elif h["blind"] is None:
        lines.append("No blind adversary was played, so nobody checked that the two groups are alike.")
    if h["excluded"]:
        lines.append(f"{h['excluded']:,} targets could not be scored by {h['title']} and were left out.")
    elif h["excluded"] is None:
        lines.append(f"Fewer than 10 targets could not be scored by {h['title']} and were left out.")
    return lines


def verdict(ruling: str, strict: bool) -> str:
    """The verdict in one line."""
    return {
        "within": "Within the limits that were set.",
        "exceeded": "A limit that was set is exceeded.",
        "inconclusive": "Inconclusive: the evidence cannot decide on a limit that was set"
        + (", which counts as a failure here." if strict else "."),
        "measured": "Measured; no limit was set.",
    }[ruling]


def _about(rate: float) -> str:
    return share(rate) if rate >= 0.995 or rate <= 0 else f"about {share(rate)}"


def _sure(confidence: float, tried: int) -> str:
    text = f"with {percent(confidence)} confidence"
    return text if tried < 2 else f"{text} ({tried} attacks tried)"


def _pick(auc: Record) -> str:
    return (
        f"Shown one member and one other person, he picks the member {_times(auc)}; guessing gives 50 (AUC)."
    )


def _times(e: Record) -> str:
    return f"{share(e['value'])} times ({spread(e)})"
