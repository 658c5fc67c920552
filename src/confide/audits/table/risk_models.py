"""Models of risk beside the attacks: by classes, by weights, and by uniqueness in a population."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import numpy as np

from confide.audits.release import AuditedRelease
from confide.audits.table.whole import Whole, whole
from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.core.language import later, t
from confide.inputs.large.drawn import Drawn
from confide.inputs.table import Table as Held
from confide.inputs.table import TableData
from confide.measure.anonymity import Anonymity, anonymity, k_of_subsets
from confide.measure.class_risk import class_risk, keys_of
from confide.measure.individual_risk import individual_risk
from confide.measure.pitman import pitman
from confide.measure.zayatz import zayatz
from confide.report import Exhibit, Quantile, Table
from confide.views.table import Table as Cells
from confide.views.table_people import mean_of_people, number_of_people

SHOWN = 10
"""At most this many sets of columns are shown, those of the smallest classes."""
SHARE = later(
    "Nobody sees which rows are one person's: the chance is the person's share of the rows of the class, so "
    "that somebody with many rows in a class of k people is found more often than one in k times. "
)
EACH_LOOK = later(" Somebody whose rows look different counts once for each look.")
BY_ROWS = later(
    " k counts people, l and t count rows: somebody with several rows in a class counts for each."
)


def class_risks(release: AuditedRelease, data: TableData) -> list[Exhibit]:
    """What somebody who knows the released columns of people without error would find, and by weights."""
    found = whole(release)
    if found is None:
        return []
    if data.drawn is not None:
        return [_classes_table(_of_all(data.drawn), people=data.drawn.total, several=False)]
    # Control people are in the population and in no release.
    wider = data.absent is not None and data.released is None
    population = data.cells.only(found.known) if wider else None
    risk = class_risk(found.seen, population=population)
    rows = [(t("prosecutor: knows that the person is in the release"), *_of_people(risk.each, found.seen))]
    if risk.outside is not None:
        rows.append(
            (
                t("journalist: knows the control people too, and not who is in the release"),
                *_of_people(risk.outside, found.seen),
            )
        )
    if data.weights is not None:
        each = individual_risk(found.seen, data.weights[found.rows])
        rows.append((t("individual risk by weights (Benedetti, Franconi)"), *_of_people(each, found.seen)))
    return [_classes_table(rows, people=found.people, several=found.several)]


def _of_all(drawn: Drawn) -> list[tuple[str, Quantile, float]]:
    """What the prosecutor and the marketer reach in a table from which people were drawn."""
    size = drawn.size
    # A row that says nothing may be anybody.
    least, tries = (int(size.min()), len(size)) if len(size) else (drawn.total, 0)
    top = Quantile(value=1 / least, beyond=int(size[size == least].sum()))
    mean = (tries + drawn.silent / drawn.total) / drawn.total
    return [(t("prosecutor: knows that the person is in the release"), top, mean)]


def _classes_table(rows: Sequence[tuple[str, Quantile, float]], *, people: int, several: bool) -> Exhibit:
    return Table(
        title=t("Risk by the sizes of classes"),
        reading=t(
            "People whose released columns look the same are one class. The chance that a person's row is "
            "named rightly by somebody who knows these columns without error is one over the size of the "
            "class, or over the people of the population who look like that. {several}The mean is what the "
            "marketer reaches: the share of rows named rightly if all are tried. No attack is played here: "
            "an adversary that knows more than these columns, or is content with a guess, is not in these "
            "numbers.",
            several=t(SHARE) if several else "",
        ),
        head=(t("adversary"), t("highest chance"), t("mean chance: the marketer")),
        rows=tuple(rows),
        of=people,
    )


def uniqueness(release: AuditedRelease, held: Held, data: TableData) -> list[Exhibit]:
    """How many people are unique in the population from which the table was drawn."""
    found = whole(release)
    if found is None or held.sampled is None:
        return []
    if data.drawn is None:
        seen = found.seen
        silent = np.asarray(seen.suppressed.all(axis=1))
        if number_of_people(seen, ~silent) < 2:
            return []
        count, people = keys_of(seen.take(~silent)).count, found.people
    else:
        count, people = data.drawn.size, data.drawn.total
    if count.sum() < 2:
        return []
    models = [model(count, sampled=held.sampled) for model in (pitman, zayatz)]
    return [
        Table(
            title=t("Who is unique in the population"),
            reading=t(
                "The table is held for a random sample of {share:.3g} of a population. Two models say how "
                "many people of the population are alone with their known columns, and how likely it is "
                "that somebody who is alone here is alone there. They are models: on known populations "
                "Pitman's is off by {off:.2f} of the people on average, and Zayatz's says too much.{several}",
                share=held.sampled,
                off=0.02,
                several=t(EACH_LOOK) if found.several else "",
            ),
            head=(
                t("model"),
                t("alone in the table"),
                t("alone in the population"),
                t("alone there, given alone here"),
            ),
            rows=tuple(
                (
                    u.model,
                    Estimate(u.in_sample, u.in_sample, u.in_sample, 0.95),
                    u.share,
                    None if np.isnan(u.given_unique) else u.given_unique,
                )
                for u in models
            ),
            of=people,
        )
    ]


def anonymity_tables(release: AuditedRelease, held: Held, data: TableData) -> list[Exhibit]:
    """k, l and t of the release as it stands, and k of those who know only some of the columns."""
    found = whole(release)
    if found is None:
        return []
    stands, people = _stands(found, data), found.people
    if data.drawn is not None:
        stands, people = data.drawn.stands, data.drawn.total
    rows: list[tuple[str, int | float | None]] = [
        (t("k: people in the smallest class"), stands.k),
        (t("classes"), stands.classes),
        (t("rows that say nothing, which are in no class"), stands.suppressed),
    ]
    if stands.distinct is not None:
        rows += [
            (t("l: the fewest different secrets in a class"), stands.distinct),
            (t("l by entropy: the smallest exp(entropy)"), stands.entropy),
            (t("t: the largest distance of a class from everybody"), stands.t),
        ]
    exhibits: list[Exhibit] = [
        Table(
            title=t("k, l and t"),
            reading=t(
                "Of the classes of people whose known columns look the same. A missing value is a value of "
                "its own. These numbers bound no attack: they say what holds in the table.{several}",
                several=t(BY_ROWS) if found.several and stands.distinct is not None else "",
            ),
            head=(t("what"), t("value")),
            rows=tuple(rows),
            of=people,
        )
    ]
    if held.subsets is not None and held.subsets <= len(found.known):
        by_set = (
            k_of_subsets(found.view, found.known, held.subsets) if data.drawn is None else data.drawn.subsets
        )
        subsets = sorted(by_set.items(), key=lambda one: one[1])
        exhibits.append(
            Table(
                title=t("k of those who know {n} of the columns", n=held.subsets),
                reading=t(
                    "The smallest class, for each set of {n} known columns; of {sets} sets those with the "
                    "smallest ones, at most {most}.",
                    n=held.subsets,
                    sets=len(subsets),
                    most=SHOWN,
                ),
                head=(t("columns"), "k"),
                rows=tuple((" + ".join(names), k) for names, k in subsets[:SHOWN]),
            )
        )
    return exhibits


def _stands(found: Whole, data: TableData) -> Anonymity:
    secret = data.secret if data.secret in found.view.names else ""
    try:
        return anonymity(found.view, found.known, secret=secret or None)
    except DataError:  # a secret of ranges has no l and no t
        return anonymity(found.view, found.known)


def _of_people(each: Array, seen: Cells) -> tuple[Quantile, float]:
    """The highest chance of a row, for how many people it holds, and the mean over people."""
    top = float(each.max()) if len(each) else nan
    highest = Quantile(value=top, beyond=number_of_people(seen, each >= top))
    return highest, float(mean_of_people(each, seen.people))
