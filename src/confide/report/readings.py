"""Readings: the titles of the charts, tiles and tables of a report, and how to read them."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.diagnostics import Curve
from confide.core.who import COUNTED
from confide.report.goals import Goal
from confide.report.page_types import ChartName, LabelRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartWords:
    """The words of one chart."""

    title: str
    how_to_read: str
    x_title: str = ""
    y_title: str = ""


def chart_words(goal: Goal) -> dict[ChartName, ChartWords]:
    """The words of each chart that this goal draws."""
    words: dict[ChartName, ChartWords] = {"roc": _roc(goal), "scores": _scores(goal)}
    # The order is that of the page.
    if goal.lists:
        words["worst_off"] = _worst_off(goal)
    if goal.bounds:
        words["epsilon"] = ChartWords(
            title="Promised, shown, could have shown",
            how_to_read="Shown is a lower bound on what is given away. It should not be above what was "
            "promised. A low second bar says that little is given away only where the third is high: "
            "where that is low too, the audit could not have seen more.",
            x_title="epsilon (0: nothing is given away)",
        )
    return words


def _roc(goal: Goal) -> ChartWords:
    noun, found = goal.noun, goal.verb[2]
    diagonal = (
        "On the dotted line an attack is guessing."
        if goal.certain
        else "On the dotted line as many claims are wrong as right; guessing is far below it."
    )
    return ChartWords(
        title=f"{_capital(noun)} {found} against {goal.false_claim}",
        how_to_read=f"Each line is an attack. Choose on the lower axis the share of {goal.false_claim} that "
        f"you would accept, and read upwards what share of the {noun} is {found}. {diagonal} The band is the "
        "interval of the strongest attack.",
        x_title=f"{goal.false_claim} (false-positive rate)",
        y_title=f"{noun} {found} (true-positive rate)",
    )


def _scores(goal: Goal) -> ChartWords:
    shape = (
        "Guessing gives two flat shapes, at the dotted line."
        if goal.certain
        else f"Those {goal.units} with no claim, or a wrong one, are at the left."
    )
    return ChartWords(
        title="What the strongest attack sees",
        how_to_read=f"All {goal.units} are in one row, ordered by how sure the attack is, and cut into steps "
        f"of equal size. Filled: the share of {goal.exposed} in each step. Outlined: the share of "
        f"{goal.control}. {shape} A high filled shape at the right means that the attack tells them apart.",
        x_title=f"all {goal.units}, ordered by the attack's score",
        y_title="share of the group in each step",
    )


def _worst_off(goal: Goal) -> ChartWords:
    mark = "what guessing would give" if goal.certain else f"the share of {goal.control} in the same group"
    return ChartWords(
        title="Who is worst off",
        how_to_read=f"{_capital(goal.exposed)}, grouped by the share of {goal.control} with a claim that is "
        f"at least as sure. The upright mark is {mark}. A bar at the top that is longer than its mark shows "
        "that some stand out.",
        x_title=f"share of the {goal.noun}; mark: {'guessing' if goal.certain else goal.control}",
        y_title=f"{goal.control} with a claim as sure",
    )


def curve_words(tried: Curve) -> ChartWords:
    """The words of a chart of what an attack tried before it chose a setting."""
    mark = "" if tried.chosen is None else f" The mark is what the attack chose: {tried.chosen:.3g}."
    return ChartWords(
        title=tried.title,
        how_to_read=f"Across, on a logarithmic axis: {tried.x_title}. Upwards: {tried.y_title}.{mark}",
    )


def labels(goal: Goal, *, rate: str, alone: bool = True) -> LabelRecord:
    """The goal's names for the numbers that every report shows.

    Args:
        rate: the false-positive rate where the headline is read, as '1 in 100'; empty where there is none.
        alone: if there is none, is it this release that has too few people for one?
    """
    at = f" {goal.at(rate)}" if rate else ""
    one, other = goal.pair
    # Where claims about exposed people can be wrong, guessing reaches less than one half.
    guess = "; guessing: 0.5" if goal.certain else ""
    return {
        "tiles": {
            "found": f"{_capital(goal.noun)} {goal.verb[2]}{at}",
            "auc": f"Surer about {one} than about {other} (AUC{guess})",
            "compared": "People compared",
            "exposed": goal.groups[0],
            "control": goal.groups[1],
        },
        "right_claims": f"right claims about {goal.exposed}",
        "false_claims": f"claims about {goal.control}",
        "false_claim": goal.false_claim,
        "condition": goal.condition,
        "too_few": f"too few {goal.people[1]}{'' if alone else ' for another release here'}",
        "bounds": goal.bounds,
        "worst_off": _list_words(goal) if goal.lists else [],
    }


def _list_words(goal: Goal) -> list[str]:
    """Title, reading and the three column heads of the list of the most exposed."""
    # The head of a column names one of them.
    each = goal.noun.removesuffix("s")
    return [
        f"The most exposed {goal.noun}",
        f"{_capital(goal.noun)} by where they stand in your data, with the share of {goal.control} with a "
        f"claim that is at least as sure. {COUNTED} This table points at people; do not pass it on.",
        each,
        "times in",
        f"{goal.false_claim} as surely",
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
