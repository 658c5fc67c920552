"""What the numbers amount to, what must not be read into them, what to do now: sentences as in `words`."""

from __future__ import annotations

from confide.report.goals import Goal
from confide.report.numbers import one_in, percent
from confide.report.words import Outcome, Record, often


def means(
    h: Record, story: Outcome, *, harm: str, promise: Record | None, comparable: bool, goal: Goal
) -> list[str]:
    """What the numbers amount to; a promise of another unit is told, but not held against the bound."""
    lines = [harm] if harm else []
    if story == "broken":
        return [*lines, goal.mixed]
    if h["auc"]:
        lines.append(goal.auc.format(often=often(h["auc"])))
    lines += [
        goal.precision.format(prior=one_in(p["prior"]), fpr=one_in(p["fpr"]), often=often(p["value"]))
        for p in h["precision_at"]
        if p["value"] and p["prior"] < 0.5
    ]
    if not goal.bounds:
        return lines
    if promise is None or comparable:
        return [*lines, *_epsilon_means(h, promise)]
    return [
        *lines,
        *_epsilon_means(h, {"epsilon": float("inf")}),
        f"The release promises {promise['text']}. More than that is told apart here: the "
        "promise can hold, and people be recognised all the same.",
    ]


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


def means_not(h: Record, story: Outcome, *, findings: list[Record], goal: Goal) -> list[str]:
    """What must not be read into the numbers."""
    tried = "one attack" if len(findings) == 1 else f"{len(findings)} attacks"
    lines = [f"Not the worst that is possible: {tried} ran. {goal.better}", *goal.means_not]
    if story in ("nothing", "few"):
        lines.insert(0, "Not proof of safety: what lies below the ceiling of this audit stays unseen.")
    if h["epsilon"] and not h["epsilon"]["certified"]:
        lines.append(goal.no_certificate)
    return lines


def next_steps(story: Outcome, ruling: str, *, blind_wins: bool, goal: Goal) -> list[str]:
    """What to do now."""
    steps = list(goal.steps[story])
    if story == "nothing" and ruling == "inconclusive":
        steps = [*goal.steps["undecided"], *steps]
    if story == "found" and blind_wins:
        steps = [*goal.steps["blind"], *steps]
    if story == "found" and ruling == "exceeded":
        steps.insert(0, "Do not publish this release as it is: it exceeds a limit that was set for it.")
    return steps
