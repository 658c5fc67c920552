"""The survey "fair": answers of 6,366 married women to a magazine about their marriage and affairs."""

from __future__ import annotations

import polars as pl

from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.data import twins
from confide.data.card import Card
from confide.data.twins import Levels
from confide.views.records import Records

SCALE = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
COLUMNS = (
    Levels(name="rate_marriage", levels=SCALE[:5]),
    Levels(name="age", levels=(17.5, 22.0, 27.0, 32.0, 37.0, 42.0)),
    Levels(name="yrs_married", levels=(0.5, 2.5, 6.0, 9.0, 13.0, 16.5, 23.0)),
    Levels(name="children", levels=(0.0, 1.0, 2.0, 3.0, 4.0, 5.5)),
    Levels(name="religious", levels=SCALE[:4]),
    Levels(name="educ", levels=(9.0, 12.0, 14.0, 16.0, 17.0, 20.0)),
    Levels(name="occupation", levels=SCALE),
    Levels(name="occupation_husb", levels=SCALE),
)
CARD = Card(
    name="fair",
    title="Fair's survey of extramarital affairs (Redbook, 1974)",
    people="married women, first marriage, who answered a magazine's survey",
    records=6_366,
    repeats=1_178,
    shape=(8,),
    features="rating of the marriage, age, years married, children, religiousness, education, "
    "the woman's and the husband's occupation",
    task="did the woman have an affair?",
    classes=("no affair", "affair"),
    terms="included in statsmodels with the author's permission",
    redistribution=False,
    source="https://fairmodel.econ.yale.edu/rayfair/pdf/2011b.htm",
    get="It is part of statsmodels: pip install 'confide[demo]'.",
    harm="that a woman had an affair; that this woman answered at all",
    citation="Fair: A Theory of Extramarital Affairs, Journal of Political Economy, 1978",
    note="1,039 of its rows equal an earlier one in all nine published columns, and 1,178 if the time spent "
    "in affairs is reduced to yes or no; the rows are sorted by the answer, so shuffle before splitting",
)


def load(*, distinct: bool = True) -> Records:
    """Load the women: x a frame of eight float64 columns, y 1 if a woman reports an affair.

    Args:
        distinct: leave out records that equal an earlier one in features and answer. Two women can give the
            same answers, but an audit cannot distinguish them, and both sides could hold the record.

    Raises:
        DataError: if statsmodels is not installed.

    >>> load().x.columns[:2]
    ['rate_marriage', 'age']
    """
    from importlib.resources import files

    try:
        # Only the file: the loader of statsmodels would import pandas and half of statsmodels.
        text = (files("statsmodels") / "datasets" / "fair" / "fair.csv").read_bytes()
    except (ImportError, FileNotFoundError) as missing:
        raise DataError(f"the fair survey is not on this machine. {CARD.get}") from missing
    table = pl.read_csv(text, schema_overrides=dict.fromkeys(_names(), pl.Float64))
    records = Records(table.select(_names()), (table["affairs"] > 0).cast(pl.Int64).to_numpy())
    return CARD.check(records.take(records.first_of_each()) if distinct else records)


def twin(n: int, *, rng: Rng) -> Records:
    """Make n synthetic women of this shape (see `confide.data.twins`).

    >>> import numpy as np
    >>> twin(5, rng=np.random.default_rng(0)).x.shape
    (5, 8)
    """
    return twins.table(n, name=CARD.name, shares=(2, 1), columns=COLUMNS, rng=rng)


def _names() -> list[str]:
    return [column.name for column in COLUMNS]
