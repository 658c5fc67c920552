"""What the result says: encryption hides what goes in, and nothing of what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from confide.audits.checked.record import Attack, Check, played
from confide.audits.computations.questions import RESULT
from confide.audits.computations.recorded import Recorded
from confide.core.arrays import Array, Floats

REBUILT = 1e-3
"""A model is rebuilt where its scores for other rows are met to this."""


def colluding(plan: Mapping[str, Any]) -> int:
    """How many parties of a joint computation may share what they saw."""
    given = plan.get("threshold")
    return (len(plan["parties"]) - 1) // 2 if given is None else int(given)


def of_scores(run: Recorded) -> Check:
    """Whether who reads scores rebuilds the model."""
    held = run.held_by("client")
    if "scores" not in held:
        told = "The scores are in the client's record alone, which was not given."
        return Check(name=RESULT, outcome="unclear", found=told)
    attack = played(lambda: _rebuilt(held["rows"], held["scores"], str(run.plan["plan"]["link"])))
    told = (
        f"{len(held['scores']):,} rows were scored without noise, so that every attack on the model's "
        "answers works on them as if nothing had been encrypted: audit the model (confide audit model)."
    )
    return Check(name=RESULT, outcome="failed", found=told, attacks=(attack,))


def of_match(run: Recorded) -> Check:
    """A matched list answers whether each of its people is in the other's."""
    rows = next((r.published["rows"] for r in run.kept.values() if "rows" in r.published), None)
    if rows is not None:
        story = (
            "Each matched person is now known to be on both lists, and each other one not to be: the "
            "answers are exact, and were what was asked for."
        )
    else:
        story = (
            "The size is exact: two runs whose lists differ by one person say whether that person is on "
            "the other list, and a list of one asks it at once. What the plan says of fewest people and of "
            "runs stands against it."
        )
    attack = Attack(story=story, succeeded=rows is not None)
    told = "The result is exact, and no noise hides a person in it."
    return Check(name=RESULT, outcome="failed", found=told, attacks=(attack,))


def of_join(run: Recorded) -> Check:
    """Whether two results that differ by one person give that person away."""
    plan = run.plan
    if plan.get("epsilon") is not None and len(run.looking) > colluding(plan):
        told = (
            f"The noise keeps its promise while at most {colluding(plan)} of {len(run.parties)} parties "
            f"share what they saw. These {len(run.looking)} take their own noise away, and too little is "
            "left."
        )
        return Check(name=RESULT, outcome="failed", found=told)
    if plan.get("epsilon") is not None:
        told = (
            f"The parties added noise inside: (epsilon {plan['epsilon']:g}, delta {plan['delta']:g}) for a "
            "record, while no more parties share what they saw than the plan allows. That bounds every "
            "attack on the result, as far as each party put its part in."
        )
        return Check(name=RESULT, outcome="passed", found=told)
    attack = played(lambda: _difference(run))
    told = "The result is exact: no noise hides a person in it."
    more: tuple[Attack, ...] = ()
    if plan.get("aligning") is not None:
        from confide.audits.computations.own_sums import of_both  # needs the extra of matches

        of_people, more = of_both(run)
        told = f"{told} {of_people}"
    return Check(name=RESULT, outcome="failed", found=told, attacks=(attack, *more))


def _difference(run: Recorded) -> Attack:
    """Take all other rows away from a sum of everybody, and have the last one."""
    owners = {party: run.held_by(party) for party in run.parties if run.held_by(party)}
    total = run.published.get("sum")
    columns = [column["name"] for column in run.plan["columns"]]
    story = "An adversary that knows all rows but one subtracts them from the result"
    if total is None or len(owners) < sum(p["role"] == "owner" for p in run.plan["parties"]):
        return Attack(
            story=f"{story}. It was not played: this takes sums, and every record.", succeeded=False
        )
    rows = np.concatenate([np.column_stack([held[name] for name in columns]) for held in owners.values()])
    read = np.asarray(total, float).ravel()[: len(columns)] - rows[:-1].sum(axis=0)
    gap = float(np.abs(read - rows[-1]).max())
    scale = float(np.abs(rows[-1]).max()) or 1.0
    return Attack(
        story=f"{story}, and reads the last one, off by {gap:.1g}.",
        succeeded=gap <= 1e-3 * scale,
        figures={"error": gap},
    )


def _rebuilt(rows: Array, scores: Array, link: str) -> Attack:
    """Least squares on one score more than there are inputs, judged on the other rows."""
    inputs, raw = rows.shape[1], _unlinked(scores, link)
    enough = inputs + 1
    design = np.column_stack([rows, np.ones(len(rows))])
    if len(rows) <= enough or raw is None:
        return Attack(
            story=f"A linear model is rebuilt from {enough:,} scores: {len(rows):,} are too few to show it, "
            "or the scores say classes alone.",
            succeeded=False,
        )
    weights, *_ = np.linalg.lstsq(design[:enough], raw[:enough], rcond=None)
    gap = float(np.abs(design[enough:] @ weights - raw[enough:]).max())
    done = gap < REBUILT * max(1.0, float(np.abs(raw).max()))
    end = (
        "It is the model."
        if done
        else "That is not the model, which is not linear or was asked about similar rows."
    )
    return Attack(
        story=f"The client solves {enough:,} equations for a linear model, and foretells its other "
        f"{len(rows) - enough:,} scores to {gap:.1g}. {end}",
        succeeded=done,
        figures={"largest error": gap},
    )


def _unlinked(scores: Array, link: str) -> Floats | None:
    """The scores before the link that the client applied; None where it cannot be undone."""
    found = np.asarray(scores, float)
    if link == "identity":
        return found
    inside = np.clip(found, 1e-15, 1 - 1e-15)
    if link == "sigmoid":
        return np.log(inside / (1 - inside))
    if link == "softmax":
        logs = np.log(inside)
        return logs - logs[:, :1]
    return None
