"""What the numbers amount to, what must not be read into them, what to do now: sentences as in `words`."""

from __future__ import annotations

from confide.report.numbers import one_in, percent
from confide.report.words import Outcome, Record, often, pick


def means(h: Record, story: Outcome, *, harm: str, promise: Record | None) -> list[str]:
    """What the numbers amount to."""
    lines = [harm] if harm else []
    if story == "broken":
        return [
            *lines,
            "The numbers in this report mix what the release shows with what the groups show by themselves.",
        ]
    if h["auc"]:
        lines.append(pick(h["auc"]))
    for p in h["precision_at"]:
        if p["value"] and p["prior"] < 0.5:
            lines.append(
                f"If {one_in(p['prior'])} of the people he asks about were in the data, a claim made at "
                f"{one_in(p['fpr'])} wrong accusations would be right {often(p['value'])}."
            )
    return lines + _epsilon_means(h, promise)


def _epsilon_means(h: Record, promise: Record | None) -> list[str]:
    bound = h["epsilon"]
    if not bound or not bound["low"]:
        return (
            ["The release promises nothing in the sense of differential privacy."] if promise is None else []
        )
    firm = "" if bound["certified"] else f"; it is assumed: {bound['assumption'] or 'exposure was random'}"
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


def next_steps(story: Outcome, ruling: str, *, blind_wins: bool) -> list[str]:
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
    if blind_wins:
        steps.insert(
            0, "Audit again with others drawn as the members were, to learn how much is the release's."
        )
    if ruling == "exceeded":
        steps.insert(0, "Do not publish this release as it is: it exceeds a limit that was set for it.")
    return steps
