"""What the decoder says of its result on its card, and whether it is conclusive."""

from __future__ import annotations

import numpy as np

from confide.attacks.membership.white_box.decoder._solution import GRID, SPENT, Solution
from confide.core.diagnostics import Curve, Diagnostics
from confide.core.language import Kept, keep, later

# In a regression the result is conclusive only if more candidates than this score above 99 % of the known
# non-members.
STANDS_OUT = 0.02
# The result is conclusive only if the candidates' gradients explain this share of the target
# (`docs/decoder.md`).
EXPLAINED = 0.45
# What the gradients are looked for in: all numbers of them, or a sketch.
LOOKED = {
    "weights": (
        later("It looked for the gradients of {n} candidates in the weights."),
        later(
            "It looked for the gradients of {n} candidates in the weights (gradients sketched in {sketch:d} "
            "numbers, as there are more than {most:d})."
        ),
    ),
    "displacement": (
        later("It looked for the gradients of {n} candidates in the way from the oldest published state."),
        later(
            "It looked for the gradients of {n} candidates in the way from the oldest published state "
            "(gradients sketched in {sketch:d} numbers, as there are more than {most:d})."
        ),
    ),
    "update": (
        later("It looked for the gradients of {n} candidates in the update of the oldest published state."),
        later(
            "It looked for the gradients of {n} candidates in the update of the oldest published state "
            "(gradients sketched in {sketch:d} numbers, as there are more than {most:d})."
        ),
    ),
}
RIDGE = {
    "by the evidence": later(
        "Ridge {ridge:.1g} (by the evidence), gradients at temperature {temperature:g}; no label was used."
    ),
    "by known non-members": later(
        "Ridge {ridge:.1g} (by known non-members), gradients at temperature {temperature:g}; no label was "
        "used."
    ),
    "given": later("Ridge {ridge:.1g} (given), gradients at temperature {temperature:g}; no label was used."),
}


def remarks_on(solution: Solution, *, sketch: int, most: int, values: bool) -> Diagnostics:
    """The card's remarks.

    Args:
        sketch: numbers of a gradient's sketch; it is used for more candidates than `most`.
        values: whether the model predicts values instead of classes.
    """
    setting, known = solution.setting, solution.known
    explained, among = max(solution.explained, 0.0), int(solution.clear.sum())
    whole, sketched = LOOKED[setting.target]
    candidates = len(solution.clear)
    remarks = [
        keep(sketched, n=candidates, sketch=sketch, most=most) if among > most else keep(whole, n=candidates),
        keep(RIDGE[setting.by], ridge=float(setting.ridge), temperature=float(setting.temperature)),
        keep(
            "The candidates' gradients explain {share:.0%} of the target, chance deducted.",
            share=float(explained),
        ),
        keep("It cannot know how many of the members are among the candidates; those missing act as noise."),
    ]
    shares: list[float] = []
    stands_out = 0.0
    if known:
        shares = [solution.flagged(ridge) for ridge in GRID]
        stands_out = float(solution.flagged(setting.ridge))
        remarks.append(keep("Each of {n} known non-members was tested alone beside them.", n=int(known)))
        remarks.append(
            keep(
                "{share:.1%} of the candidates stand above 99% of the known non-members; by chance, 1%.",
                share=stands_out,
            )
        )
    doubt = _doubt(solution, explained, among, stands_out if values else None)
    if doubt is not None:
        remarks.append(doubt)
    return Diagnostics(tuple(remarks), doubt is None, (_curve(solution, shares),))


def _doubt(solution: Solution, explained: float, among: int, stands_out: float | None) -> Kept | None:
    """Why the result is not conclusive; `stands_out` where the model predicts values."""
    spectrum = solution.spectrum
    if explained < EXPLAINED:
        return keep(
            "Not conclusive: {share:.0%} of the target is left unexplained. The model is far from "
            "stationary, or has noise in its weights, or most members are not among the candidates: give a "
            "known start (checkpoints), or the whole list.",
            share=float(1 - explained),
        )
    # With fewer equations than candidates, or a fit that uses most of them up, noise is explained too.
    if spectrum.parameters < among or spectrum.spent(solution.setting.ridge) > SPENT:
        return keep(
            "Not conclusive: {numbers:.0f} numbers are too few to tell {n} candidates apart: give fewer "
            "candidates, or look at more layers (or a wider `sketch`).",
            numbers=float(spectrum.parameters),
            n=among,
        )
    if stands_out is not None and stands_out <= STANDS_OUT:
        return keep(
            "Not conclusive: in a regression the share explained tells too little, and no candidate stands "
            "out from known non-members: give a population where there is none."
        )
    return None


def _curve(solution: Solution, shares: list[float]) -> Curve:
    title = later("Candidates that stand above 99% of the known non-members")
    y_title = later("share of candidates")
    if not shares:
        evidence = np.array([solution.spectrum.evidence(ridge) for ridge in GRID])
        shares = ((evidence - evidence.max()) / len(solution.clear)).tolist()
        title = later("How likely the parameters are under each ridge")
        y_title = later("log evidence a candidate")
    return Curve(title, later("ridge"), y_title, GRID, tuple(shares), solution.setting.ridge)
