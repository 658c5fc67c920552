"""What a synthetic file is good for, as tables and plots: margins, associations, models, and the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from confide.core.estimate import Estimate
from confide.core.language import later, number, parts, t
from confide.report import Exhibit, Plot, Reading, Table
from confide.report.exhibits import Cell, Line
from confide.report.finding import Ruling
from confide.utility.synthetic import (
    Associations,
    Gate,
    Learned,
    MarginComparison,
    SyntheticUtility,
    ToldApart,
    nist_score,
)
from confide.utility.synthetic.gate import ADVICE, WORDS, Standing

RULINGS: Mapping[Standing, Ruling] = {
    "settled worse": "exceeded",
    "settled better": "within",
    "not settled": "not settled",
}
"""How a file stands to `--limit utility`."""

WORST = 12
"""Margins that are drawn and named."""
WIDEST = 16
"""Columns of the matrix of pairs: more would not fit beside each other, and the worst pairs are named."""

WAYS = (later("margins of one column"), later("margins of two columns"), later("margins of three columns"))


def utility_exhibits(found: SyntheticUtility) -> Sequence[Exhibit]:
    """All tables and plots on what the file is good for, the most important first."""
    several = found.margins[1:2]
    return (
        margins_table(found),
        *(worst_margins(pairs) for pairs in several),
        *(pairs_worse(found.gate) if found.gate is not None else ()),
        *(association_tables(found.associations) if found.associations is not None else ()),
        *((learned_table(found.learned),) if found.learned else not_learned_table(found.not_learned)),
        told_apart_table(found.told_apart),
    )


def gate_warning(gate: Gate | None) -> Sequence[Reading]:
    """What stands across the top of the report: that the file is worse than shuffled columns, or might be."""
    if gate is None or gate.standing == "settled better":
        return ()
    advice = ADVICE.get(gate.standing)
    return (
        (
            *parts(
                "{verdict}: its margins of two columns are on average {synthetic} from the real ones, those "
                "of shuffled columns {shuffled}; the difference is {difference}.",
                verdict=t(WORDS[gate.standing]),
                synthetic=gate.synthetic,
                shuffled=gate.shuffled,
                difference=gate.difference,
            ),
            "" if advice is None else f" {t(advice)}",
        ),
    )


def margins_table(found: SyntheticUtility) -> Table:
    """The distances of margins, beside a hold-out and shuffled columns."""
    rows: list[tuple[Cell, ...]] = [
        (
            t(WAYS[m.ways - 1]),
            m.synthetic.mean,
            None if m.floor is None else m.floor.mean,
            m.shuffled.mean,
            m.difference.mean,
            ", ".join(m.synthetic.worst()[0][0]),
            m.synthetic.worst()[0][1],
        )
        for m in found.margins
    ]
    last = found.margins[-1]
    if last.ways > 2:
        floor = None if last.floor is None else nist_score(last.floor.mean)
        scores = (last.score, floor, nist_score(last.shuffled.mean))
        rows.append((t("NIST's k-marginal score"), *scores, None, None, None))
    held = found.margins[0].rows[2]
    without = "" if held else t(" Without a hold-out there is no sampling floor.")
    return Table(
        title=t("How far margins are from the real ones"),
        reading=t(
            "The total variation distance, half the sum of the differences of all shares of a margin, on "
            "average over all margins: 0 for equal ones, 1 for ones with nothing in common; NIST's score is "
            "1000 for equal margins. Two samples of one population differ as well, by the sampling floor: "
            "people held out against the real ones, and the fewer they are the higher it is. Shuffled "
            "columns know every column and no dependence: a file that is no better is of no use for two "
            "columns at once.{without} Columns of more than 16 values were cut into 16 bins. Intervals hold "
            "what chance in the rows does, and not what another run of the generator does.",
            without=without,
        ),
        head=(
            t("margins"),
            t("synthetic file"),
            t("hold-out (sampling floor)"),
            t("shuffled columns"),
            t("synthetic minus shuffled"),
            t("the worst margin"),
            t("its distance"),
        ),
        rows=tuple(rows),
    )


def worst_margins(pairs: MarginComparison) -> Plot:
    """The pairs of columns that the file has least right, with their intervals, beside floor and shuffle."""
    order = np.argsort(-pairs.synthetic.each, kind="stable")[:WORST].tolist()
    files = [(t("synthetic file"), pairs.synthetic), (t("shuffled columns"), pairs.shuffled)]
    files += [] if pairs.floor is None else [(t("hold-out"), pairs.floor)]
    lines = [
        Line(
            name=name,
            x=tuple(float(i) for i in range(len(order))),
            y=tuple(float(each.each[i]) for i in order),
            low=tuple(each.at(i).low for i in order),
            high=tuple(each.at(i).high for i in order),
            joined=False,
        )
        for name, each in files
    ]
    return Plot(
        title=t("The pairs of columns that are least right"),
        reading=t(
            "The distance of each pair's margin from the real one, the worst first. A pair above its "
            "shuffle is worse than if the two columns had nothing to do with each other. All intervals of a "
            "file hold together."
        ),
        x_title=t("pair of columns"),
        y_title=t("total variation distance"),
        places=tuple(_pair(pairs.synthetic.columns[i]) for i in order),
        lines=tuple(lines),
    )


def pairs_worse(gate: Gate) -> Sequence[Table]:
    """The pairs on which the file is settled worse than shuffled columns; nothing where there is none."""
    if not gate.worse:
        return ()
    said = t(
        "Of {all} pairs {n} are further from the real ones than if each column were shuffled by itself: "
        "what the file says of them is made up. The intervals hold together.",
        all=gate.pairs,
        n=len(gate.worse),
    )
    more = t("The worst {n} are shown.", n=WORST) if len(gate.worse) > WORST else ""
    return (
        Table(
            title=t("Pairs of columns that are worse than shuffled"),
            reading=[said, more],
            head=(t("pair"), t("how much further")),
            rows=tuple((_pair(names), apart) for names, apart in gate.worse[:WORST]),
        ),
    )


def _pair(names: Sequence[str]) -> str:
    """Two columns in words."""
    one, other = names
    return t("{one} and {other}", one=one, other=other)


def association_tables(found: Associations) -> Sequence[Table]:
    """The dependence of each two columns, real and synthetic: a summary, and a matrix where it fits."""
    d = len(found.names)
    upper = np.triu_indices(d, 1)
    stronger = int(found.stronger[upper].sum())
    rows: list[tuple[Cell, ...]] = [
        (t("synthetic file"), found.apart),
        (t("hold-out (sampling floor)"), found.floor),
        (t("shuffled columns"), found.of_shuffled),
    ]
    summary = Table(
        title=t("Associations of columns"),
        reading=t(
            "How far the dependence of two columns is from the real one, on average over all pairs: the "
            "normalised mutual information, 0 for independent columns and 1 where one decides the other. "
            "{pairs}",
            pairs=_pairs(stronger),
        ),
        head=(t("file"), t("mean difference from the real rows")),
        rows=tuple(rows),
    )
    return (summary, _matrix(found)) if d <= WIDEST else (summary,)


def _pairs(stronger: int) -> str:
    if not stronger:
        return t("No pair depends on each other more than in the real rows, beyond what chance explains.")
    if stronger == 1:
        return t("One pair depends on each other more than in the real rows, beyond what chance explains.")
    return t(
        "{n} pairs depend on each other more than in the real rows, beyond what chance explains.", n=stronger
    )


def _matrix(found: Associations) -> Table:
    d = len(found.names)
    rows = tuple(
        (
            found.names[i],
            *(
                ""
                if i == j
                else number(found.real[i, j], ".2f")
                if i < j
                else f"{number(found.synthetic[i, j], '.2f')}{' !' if found.stronger[i, j] else ''}"
                for j in range(d)
            ),
        )
        for i in range(d)
    )
    return Table(
        title=t("Associations, pair by pair"),
        reading=t(
            "Above the diagonal the real rows, below it the synthetic file: a good file mirrors them. An "
            "exclamation mark is at a pair that depends on each other more in the file than in the real rows."
        ),
        head=("", *found.names),
        rows=rows,
    )


def learned_table(found: Sequence[Learned]) -> Table:
    """What models learn from the file about the named target."""
    first = found[0]
    who = (
        t("Trained on each of three files, and asked about the same real people, who were held out.")
        if first.unseen
        else t(
            "Trained on each of three files, and asked about the same real people, a fifth of the real "
            "ones, which the generator saw."
        )
    )
    how = t(
        "The AUC is .5 for guessing. What a model learns from shuffled columns is noise, and may be off to "
        "either side. Intervals hold the choice of the people asked."
    )
    return Table(
        title=t("Models that foretell {column}", column=first.target),
        reading=[who, how],
        head=(
            t("model"),
            t("trained on the synthetic file"),
            t("on the real rows"),
            t("on shuffled columns"),
        ),
        rows=tuple((t(m.model), m.synthetic, m.real, m.shuffled) for m in found),
        of=first.tested,
    )


def not_learned_table(why: str) -> Sequence[Table]:
    """Why models learned nothing about a target that was named; nothing where none was."""
    reading = t("No model was asked, so that the file may be of any use or none for this.")
    return (Table(title=t("Models"), reading=reading, head=(t("why"),), rows=((why,),)),) if why else ()


def told_apart_table(found: ToldApart) -> Table:
    """How well a model tells rows from real ones."""
    floor: Mapping[str, Estimate | float] = found.floor or {}
    return Table(
        title=t("Told from the real rows"),
        reading=t(
            "How well a model that learned the difference tells rows of a file from real ones. The AUC of "
            "boosted trees is .5 where they see none. The propensity error (pMSE) is that of a logistic "
            "regression, which sees columns one by one, and is 0 where it sees none; beside it is what a "
            "resample would have."
        ),
        head=(t("measure"), t("synthetic file"), t("hold-out (sampling floor)"), t("shuffled columns")),
        rows=tuple(
            (t(name), value, floor.get(name), found.shuffled.get(name))
            for name, value in found.synthetic.items()
        ),
    )
