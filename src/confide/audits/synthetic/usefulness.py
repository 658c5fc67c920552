"""Of how much use a synthetic file is: the gate against shuffled columns, and tables beside it."""

from __future__ import annotations

from collections.abc import Sequence

from confide.audits.release import AuditedRelease
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.inputs.synthetic import SyntheticData
from confide.report import Exhibit, Table, Usefulness
from confide.utility.synthetic.gate import Gate, gate_of
from confide.utility.synthetic.learning import learned
from confide.utility.synthetic.margins import MarginComparison, compare_margins, nist_score

TWO_WAY = "distance of margins of two columns"
WAYS = (1, 2, 3)
MOST = 400
"""Margins of three columns that are compared, at most: of 30 columns there are 4,060."""
SHOWN = 8
RULINGS = {"settled worse": "exceeded", "settled better": "within", "not settled": "not settled"}


def margins_of(release: AuditedRelease, data: SyntheticData, ways: int) -> MarginComparison:
    """The margins of this number of columns, compared once."""

    def compare() -> MarginComparison:
        return compare_margins(
            data.real,
            data.synthetic,
            data.control,
            ways=ways,
            rng=release.settings.rng("margins", ways),
            most=MOST,
        )

    return release.once(f"margins of {ways}", compare)


def gate_on(release: AuditedRelease, data: SyntheticData) -> Gate | None:
    """The file held against its columns shuffled; None where there is one column alone."""
    if len(data.real.domains) < 2:
        return None
    return gate_of(margins_of(release, data, 2))


def usefulness(gate: Gate | None) -> Usefulness:
    """What the gate says of a limit on it."""
    if gate is None:
        return Usefulness(ruling="not settled", reason="one column alone has no margins of two")
    ruling = RULINGS[gate.standing]
    return Usefulness(ruling=ruling, reason=gate.sentence)  # type: ignore[arg-type]


def utility_exhibits(release: AuditedRelease, data: SyntheticData) -> Sequence[Exhibit]:
    """The tables on usefulness."""
    ways = [n for n in WAYS if n <= len(data.real.domains)]
    compared = [margins_of(release, data, n) for n in ways]
    found: list[Exhibit] = [_margins_table(compared)]
    if len(compared) > 1:
        found.append(_worst_table(compared[1]))
    if data.target:
        found += _learned_table(release, data)
    return found


def _margins_table(compared: Sequence[MarginComparison]) -> Table:
    rows: list[tuple[str | Estimate | None, ...]] = []
    for one in compared:
        name = f"of {one.ways} column{'s' * (one.ways > 1)}, mean of {len(one.synthetic.each):,}"
        floor = None if one.floor is None else one.floor.mean
        rows.append((f"distance of margins {name}", one.synthetic.mean, floor, one.shuffled.mean))
        if one.ways > 1:
            score = None if floor is None else nist_score(floor)
            rows.append((f"k-marginal score {name}", one.score, score, nist_score(one.shuffled.mean)))
    return Table(
        title="Of how much use the file is: margins",
        reading="A margin is the table of counts of some columns, columns of more than 16 values in 16 bins. "
        "The distance is the total variation from the real margin: 0 for the same shares, 1 for nothing in "
        "common. Two samples of one population differ too: people held out show by how much. Shuffled columns "
        "are right in each column and know nothing of how columns go together: a file that is no better is of "
        "no use for anything that needs two columns at once. The k-marginal score of NIST says the same, from "
        "0 to 1,000, high for good.",
        head=("what", "synthetic file", "people held out", "columns shuffled"),
        rows=tuple(rows),
    )


def _worst_table(pairs: MarginComparison) -> Table:
    at = {names: i for i, names in enumerate(pairs.shuffled.columns)}
    return Table(
        title="Which two columns are farthest from the real ones",
        reading="Where a table of these two columns must not be trusted. The intervals of all pairs hold "
        "together.",
        head=("columns", "synthetic file", "columns shuffled"),
        rows=tuple(
            (" and ".join(names), distance, pairs.shuffled.at(at[names]))
            for names, distance in pairs.synthetic.worst(SHOWN)
        ),
    )


def _learned_table(release: AuditedRelease, data: SyntheticData) -> list[Exhibit]:
    try:
        found = learned(
            data.real, data.synthetic, data.control, target=data.target, rng=release.settings.rng("learned")
        )
    except DataError:
        return []  # a target that is the only column, or has one value among those asked
    asked = "people who were held out" if data.control is not None else "a fifth of the real people"
    return [
        Table(
            title=f"What models learn from the file about {data.target}",
            reading=f"Models learn from one file, and are asked about {asked}: the AUC; 0.5 is guessing.",
            head=("model", "real rows", "synthetic rows", "columns shuffled"),
            rows=tuple((one.model, one.real, one.synthetic, one.shuffled) for one in found),
            of=min(one.tested for one in found),
        )
    ]
