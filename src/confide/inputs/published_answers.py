"""Answers that exist: matched to their queries, and held against what such records can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import DataError
from confide.core.language import number, t
from confide.inputs.answer_fit import ENOUGH, AnswerFit, answer_fit
from confide.inputs.columns import first_of, need, numbers
from confide.inputs.tables import Table
from confide.inputs.workloads import Workload
from confide.views.answers import Answers

WIDER = 1.25
"""How many times the stated noise the found one may be, or the other way round: tails differ."""
CHANCE = 4.0
"""Divided by the root of the number of answers, how much more chance may add to it."""
ROUNDED = 0.3
"""What answers in whole numbers add to noise at most, in people."""
TOLERATED = 0.239
"""The share of arbitrary answers up to which secrets can be found (Dwork, McSherry, Talwar 2007)."""


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Answers as they were published, one for each query of the workload that depends on the secret.

    Args:
        name: of the table.
        answers: float64[m].
    """

    name: str
    answers: Floats


def texts_of(table: Table) -> list[str]:
    """The queries that stand beside their answers.

    Raises:
        DataError: if there is no such column.
    """
    if "query" not in table.frame.columns:
        raise DataError(
            f"{table.name} does not say what was asked: give a column `query`, or the queries (`--workload`)."
        )
    need(table.frame, ["query"], name=table.name)
    return table.frame["query"].cast(pl.String).to_list()


def given_answers(table: Table, workload: Workload, *, named: bool) -> Given:
    """The answers in the order of the workload.

    Args:
        table: with a column `answer`, and perhaps `query`.
        workload: what was asked.
        named: whether the queries come from elsewhere; a column `query` then names them.

    Raises:
        DataError: if there is not one finite number for each query.
    """
    frame = table.frame
    if named and "query" in frame.columns:
        frame = _by_name(frame, workload, name=table.name)
    need(frame, ["answer"], name=table.name)
    found = numbers(frame, "answer", name=table.name)
    if len(found) != workload.asked:
        raise DataError(
            f"{table.name} has {len(found):,} answers to the {workload.asked:,} queries of {workload.name}: "
            "give one for each, in their order."
        )
    return Given(table.name, found[workload.number])


def _by_name(frame: pl.DataFrame, workload: Workload, *, name: str) -> pl.DataFrame:
    names = frame["query"].cast(pl.String)
    lost = ~names.is_in(list(workload.names))
    if lost.any() or names.n_unique() < len(names):
        wrong = names.filter(lost) if lost.any() else names.filter(names.is_duplicated())
        raise DataError(
            f"{name} answers {first_of(wrong)}, which {'is no query' if lost.any() else 'is one query'} of "
            f"{workload.name}: give one row for each query, or leave out the column `query`."
        )
    wanted = pl.DataFrame({"query": list(workload.names)})
    return wanted.join(frame.with_columns(names), on="query", how="left", maintain_order="left")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """Answers that exist, held against the records.

    Args:
        view: the answers.
        notes: what the reader must know, in sentences.
        unsettled: what cannot be settled about them, in a few words -> why.
    """

    view: Answers
    notes: tuple[str, ...]
    unsettled: Mapping[str, str]


def published(given: Given, workload: Workload, bits: Bools, *, noise: float) -> Held:
    """The answers as sums of the secret over subsets, held against the records.

    A wrong order of rows or queries would make every attack fail, and look like safety. So answers that the
    records cannot have are refused, and where it is not sure that they have them, no limit counts as kept. A
    smaller share may be arbitrary.

    Args:
        given: as published.
        workload: what was asked.
        bits: bool[n], who has the secret.
        noise: its deviation, as stated.

    Raises:
        DataError: for answers that contradict each other, the records, or the stated noise.
    """
    sums = workload.sign * (given.answers - workload.base)
    if noise == 0:
        _refuse_broken(given, workload)
        _refuse_contradiction(given, workload)
    true = workload.subsets.sums(bits.astype(np.float64))
    notes, unsettled = (), {}
    if noise > 0 or (sums != true).any():
        fit = answer_fit(sums, workload, true, noise=noise)
        _refuse_others(given, fit, noise=noise, off=int((sums != true).sum()))
        notes, unsettled = _arbitrary(fit), _doubts(fit)
    view = Answers(
        subsets=workload.subsets, answers=sums, noise=noise, wording=_sticky(sums, workload, noise=noise)
    )
    return Held(view=view, notes=notes, unsettled=unsettled)


def _refuse_others(given: Given, fit: AnswerFit, *, noise: float, off: int) -> None:
    """Refuse answers that do not go with the records, or are more or less noisy than it is said."""
    order = "check that rows and queries stand in the same order"
    if fit.unrelated:
        raise DataError(
            f"{given.name}: {off:,} of {fit.answers:,} answers are not what the records say, and they do not "
            f"rise with it (slope {_slope(fit)}, where 1 is right): {order}, and that these are the records "
            "that were asked. No noise explains it."
        )
    if noise == 0:
        if fit.spread > 0:
            raise DataError(
                f"{given.name}: {off:,} of {fit.answers:,} answers are not what the records say: {order}, or "
                f"say how noisy they are (`--noise {fit.spread:.3g}`)."
            )
        if not fit.settled:
            raise DataError(
                f"{given.name}: {off:,} of {fit.answers:,} answers are not what the records say, and there "
                f"are too few others to show that the order is right: {order}, or correct the wrong ones."
            )
    times = WIDER + CHANCE / fit.answers**0.5
    if fit.answers >= ENOUGH and not noise / times - ROUNDED <= fit.spread <= noise * times + ROUNDED:
        right = f"correct it (`--noise {fit.spread:.3g}`)" if fit.spread else "leave it out: most are exact"
        raise DataError(
            f"{given.name}: the answers are off from the records by about {fit.spread:.3g}, and --noise says "
            f"{noise:g}: {order}, or {right}."
        )


def _slope(fit: AnswerFit) -> str:
    """The slope in words; without a minus before 0."""
    return number(round(fit.slope, 2) + 0.0, ".2f")


def _arbitrary(fit: AnswerFit) -> tuple[str, ...]:
    """That some answers are of no use, and are taken for made up."""
    if not fit.arbitrary:
        return ()
    others = t("off by about {off:.3g}", off=fit.spread) if fit.spread else t("exact")
    return (
        t(
            "{share:.2g} in 100 answers are far from what the records say, and the others are "
            "{others}: they are taken for arbitrary, that is made up, swapped, or of another table.",
            share=100 * fit.arbitrary / fit.answers,
            others=others,
        ),
    )


def _doubts(fit: AnswerFit) -> dict[str, str]:
    """What cannot be settled about answers that were not refused."""
    found = dict[str, str]()
    if not fit.settled:
        found[t("whether the answers belong to these records")] = (
            t(
                "It is not sure that rows and queries stand in the same order: on what the records say the "
                "answers have the slope {slope}, give or take {half:.2g}, where 1 is right. In a wrong order "
                "every attack fails, which would look like safety.",
                slope=_slope(fit),
                half=fit.half,
            )
            if np.isfinite(fit.half)
            else t(
                "It is not sure that rows and queries stand in the same order: the answers are too few, or "
                "too much like each other, to show it. In a wrong order every attack fails, which would "
                "look like safety."
            )
        )
    if fit.arbitrary > TOLERATED * fit.answers:
        found[t("what the other answers say")] = t(
            "{share:.2g} in 100 answers are arbitrary: beyond {most:.3g} in 100 no attack here is "
            "sure to find what the others say.",
            share=100 * fit.arbitrary / fit.answers,
            most=100 * TOLERATED,
        )
    return found


def _refuse_broken(given: Given, workload: Workload) -> None:
    """Refuse exact answers that count nobody or half a person."""
    broken = given.answers != np.rint(given.answers)
    for wrong, what in ((broken, "a fraction"), (given.answers < 0, "negative")):
        if wrong.any():
            i = int(wrong.argmax())
            raise DataError(
                f"{given.name}: the answer to {workload.named(i)} is {given.answers[i]:g}, and a count is "
                f"never {what}: correct it, or say how noisy the answers are (`--noise`)."
            )


def _refuse_contradiction(given: Given, workload: Workload) -> None:
    """Refuse two exact answers to one question that differ."""
    sums = workload.sign * (given.answers - workload.base)
    group = same_subsets(workload)
    order = np.lexsort((sums, group))
    differ = (np.diff(group[order]) == 0) & (np.diff(sums[order]) != 0)
    if differ.any():
        at = int(differ.argmax())
        one, other = sorted(int(i) for i in order[at : at + 2])
        raise DataError(
            f"{given.name}: {workload.named(one)} and {workload.named(other)} count the same people, and "
            "their answers differ: correct one, or say how noisy the answers are (`--noise`)."
        )


def same_subsets(workload: Workload) -> Ints:
    """A number for each set of people, int64[m]: equal for queries that count the same."""
    rows = np.ascontiguousarray(workload.subsets.packed.T)
    keys = rows.view(np.dtype((np.void, rows.shape[1]))).ravel()
    return np.unique(keys, return_inverse=True)[1]


def _sticky(sums: Floats, workload: Workload, *, noise: float) -> Ints | None:
    """The texts by number, where noise seems to belong to the text: the same text, always the same answer."""
    text = workload.wording
    _, first, back = np.unique(text, return_index=True, return_inverse=True)
    repeated = len(first) < len(text)
    return text if noise > 0 and repeated and bool((sums == sums[first][back]).all()) else None
