"""Readings: the titles of the charts, tiles and tables of a report, and how to read them."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.diagnostics import Curve
from confide.core.language import t
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


def chart_words(goal: Goal, *, of: str = "") -> dict[ChartName, ChartWords]:
    """The words of each chart that this goal draws.

    Args:
        of: the attack that the charts lead with, where that is not the strongest.
    """
    words: dict[ChartName, ChartWords] = {"roc": _roc(goal, of), "scores": _scores(goal, of)}
    # The order is that of the page.
    if goal.lists:
        words["worst_off"] = _worst_off(goal)
    if goal.bounds:
        words["epsilon"] = ChartWords(
            title=t("Promised, shown, could have shown"),
            how_to_read=t(
                "Shown is a lower bound on what is given away. It should not be above what was "
                "promised. A low second bar says that little is given away only where the third is high: "
                "where that is low too, the audit could not have seen more."
            ),
            x_title=t("epsilon (0: nothing is given away)"),
        )
    return words


def _roc(goal: Goal, of: str) -> ChartWords:
    caught, wrong = goal.say("caught"), goal.false_claim
    told = {"wrong": wrong, "upwards": goal.say("upwards")}
    band = (
        t("The band is the interval of {attack}.", attack=of)
        if of
        else t("The band is the interval of the strongest attack.")
    )
    how = (
        t(
            "Each line is an attack. Choose on the lower axis the share of {wrong} that "
            "you would accept, and read upwards {upwards}. On the dotted line an attack is guessing.",
            **told,
        )
        if goal.certain
        else t(
            "Each line is an attack. Choose on the lower axis the share of {wrong} that "
            "you would accept, and read upwards {upwards}. On the dotted line as many claims are wrong as "
            "right; guessing is far below it.",
            **told,
        )
    )
    return ChartWords(
        title=_capital(t("{caught} against {wrong}", caught=caught, wrong=wrong)),
        how_to_read=f"{how} {band}",
        x_title=t("{wrong} (false-positive rate)", wrong=wrong),
        y_title=t("{caught} (true-positive rate)", caught=caught),
    )


def _scores(goal: Goal, of: str) -> ChartWords:
    told = {"units": goal.units, "exposed": goal.exposed, "control": goal.control}
    return ChartWords(
        title=t("What {attack} sees", attack=of) if of else t("What the strongest attack sees"),
        how_to_read=t(
            "All {units} are in one row, ordered by how sure the attack is, and cut into steps "
            "of equal size. Filled: the share of {exposed} in each step. Outlined: the share of "
            "{control}. Guessing gives two flat shapes, at the dotted line. A high filled shape at the right "
            "means that the attack tells them apart.",
            **told,
        )
        if goal.certain
        else t(
            "All {units} are in one row, ordered by how sure the attack is, and cut into steps "
            "of equal size. Filled: the share of {exposed} in each step. Outlined: the share of "
            "{control}. Those {units} with no claim, or a wrong one, are at the left. A high filled shape at "
            "the right means that the attack tells them apart.",
            **told,
        ),
        x_title=t("all {units}, ordered by the attack's score", units=goal.units),
        y_title=t("share of the group in each step"),
    )


def _worst_off(goal: Goal) -> ChartWords:
    told = {"exposed": _capital(goal.exposed), "control": goal.control}
    return ChartWords(
        title=t("Who is worst off"),
        how_to_read=t(
            "{exposed}, grouped by the share of {control} with a claim that is "
            "at least as sure. The upright mark is what guessing would give. A bar at the top that is longer "
            "than its mark shows that some stand out.",
            **told,
        )
        if goal.certain
        else t(
            "{exposed}, grouped by the share of {control} with a claim that is "
            "at least as sure. The upright mark is the share of {control} in the same group. A bar at the "
            "top that is longer than its mark shows that some stand out.",
            **told,
        ),
        x_title=t("share of the {noun}; mark: guessing", noun=goal.noun)
        if goal.certain
        else t("share of the {noun}; mark: {control}", noun=goal.noun, control=goal.control),
        y_title=t("{control} with a claim as sure", control=goal.control),
    )


def curve_words(tried: Curve) -> ChartWords:
    """The words of a chart of what an attack tried before it chose a setting."""
    told = {"x": t(tried.x_title), "y": t(tried.y_title)}
    return ChartWords(
        title=t(tried.title),
        how_to_read=t("Across, on a logarithmic axis: {x}. Upwards: {y}.", **told)
        if tried.chosen is None
        else t(
            "Across, on a logarithmic axis: {x}. Upwards: {y}. The mark is what the attack chose: "
            "{chosen:.3g}.",
            **told,
            chosen=tried.chosen,
        ),
    )


def labels(goal: Goal, *, rate: str, alone: bool = True) -> LabelRecord:
    """The goal's names for the numbers that every report shows.

    Args:
        rate: the false-positive rate where the headline is read, as '1 in 100'; empty where there is none.
        alone: if there is none, is it this release that has too few people for one?
    """
    one, other = goal.pair
    caught, few = _capital(goal.say("caught")), goal.people[1]
    return {
        "tiles": {
            "found": t("{caught} {at}", caught=caught, at=goal.at(rate)) if rate else caught,
            # Where claims about exposed people can be wrong, guessing reaches less than one half.
            "auc": t("Surer about {one} than about {other} (AUC; guessing: 0.5)", one=one, other=other)
            if goal.certain
            else t("Surer about {one} than about {other} (AUC)", one=one, other=other),
            "compared": t("People compared"),
            "exposed": goal.groups[0],
            "control": goal.groups[1],
        },
        "right_claims": t("right claims about {exposed}", exposed=goal.exposed),
        "false_claims": t("claims about {control}", control=goal.control),
        "false_claim": goal.false_claim,
        "condition": goal.condition,
        "too_few": t("too few {control}", control=few)
        if alone
        else t("too few {control} for another release here", control=few),
        "bounds": goal.bounds,
        "worst_off": _list_words(goal) if goal.lists else [],
    }


def _list_words(goal: Goal) -> list[str]:
    """Title, reading and the three column heads of the list of the most exposed."""
    return [
        t("The most exposed {noun}", noun=goal.noun),
        t(
            "{noun} by where they stand in your data, with the share of {control} with a "
            "claim that is at least as sure. {counted} This table points at people; do not pass it on.",
            noun=_capital(goal.noun),
            control=goal.control,
            counted=t(COUNTED),
        ),
        goal.say("one"),
        t("times in"),
        t("{wrong} as surely", wrong=goal.false_claim),
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
