"""The Adult data set: incomes above 50,000 dollars, from the US census of 1994."""

from __future__ import annotations

import io

import polars as pl

from confide.core.arrays import Rng
from confide.data import twins
from confide.data.archives import reading
from confide.data.card import Card
from confide.data.locating import File, find, locate
from confide.data.splits import Split, in_split
from confide.data.twins import Levels, Number
from confide.views.records import Records

PACKED = File(path="tabular/adult.parquet")
UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases/adult"
TRAIN = File(
    path="tabular/adult.data",
    url=f"{UCI}/adult.data",
    checksum="sha256:5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
)
TEST = File(
    path="tabular/adult.test",
    url=f"{UCI}/adult.test",
    checksum="sha256:a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
)
COUNTRIES = """
    Cambodia Canada China Columbia Cuba Dominican-Republic Ecuador El-Salvador England France Germany
    Greece Guatemala Haiti Holand-Netherlands Honduras Hong Hungary India Iran Ireland Italy Jamaica Japan
    Laos Mexico Nicaragua Outlying-US(Guam-USVI-etc) Peru Philippines Poland Portugal Puerto-Rico Scotland
    South Taiwan Thailand Trinadad&Tobago United-States Vietnam Yugoslavia
"""
OCCUPATIONS = """
    Adm-clerical Armed-Forces Craft-repair Exec-managerial Farming-fishing Handlers-cleaners
    Machine-op-inspct Other-service Priv-house-serv Prof-specialty Protective-serv Sales Tech-support
    Transport-moving
"""
SCHOOLS = """
    10th 11th 12th 1st-4th 5th-6th 7th-8th 9th Assoc-acdm Assoc-voc Bachelors Doctorate HS-grad Masters
    Preschool Prof-school Some-college
"""
WORK = "Federal-gov Local-gov Never-worked Private Self-emp-inc Self-emp-not-inc State-gov Without-pay"
MARRIED = (
    "Divorced Married-AF-spouse Married-civ-spouse Married-spouse-absent Never-married Separated Widowed"
)


def _words(name: str, text: str, *, missing: float = 0.0) -> Levels:
    return Levels(name=name, levels=tuple(text.split()), missing=missing)


# Rough means and spreads for the twin; none of them is measured exactly.
COLUMNS = (
    Number(name="age", low=17, high=90, mean=38, sd=14),
    _words("workclass", WORK, missing=0.06),
    Number(name="fnlwgt", low=12_285, high=1_490_400, mean=190_000, sd=100_000),
    _words("education", SCHOOLS),
    Number(name="education_num", low=1, high=16, mean=10, sd=2.5),
    _words("marital_status", MARRIED),
    _words("occupation", OCCUPATIONS, missing=0.06),
    _words("relationship", "Husband Not-in-family Other-relative Own-child Unmarried Wife"),
    _words("race", "Amer-Indian-Eskimo Asian-Pac-Islander Black Other White"),
    _words("sex", "Female Male"),
    Number(name="capital_gain", low=0, high=99_999, mean=10_000, sd=10_000, zeros=0.92),
    Number(name="capital_loss", low=0, high=4_356, mean=1_900, sd=400, zeros=0.95),
    Number(name="hours_per_week", low=1, high=99, mean=40, sd=12),
    _words("native_country", COUNTRIES, missing=0.02),
)
CARD = Card(
    name="adult",
    title="Adult (UCI; census income)",
    people="residents of the US aged 17 and more, from the Current Population Survey of 1994",
    records=48_842,
    repeats=52,
    shape=(14,),
    features="age, work, sampling weight, schooling, marriage, occupation, family role, race, sex, capital "
    "gain and loss, hours, country of birth",
    task="does the person earn more than 50,000 dollars a year?",
    classes=("<=50K", ">50K"),
    terms="UCI, CC BY 4.0",
    redistribution=True,
    source="https://archive.ics.uci.edu/dataset/2/adult",
    get="Get adult.data and adult.test from https://archive.ics.uci.edu/dataset/2/adult.",
    harm="income, family and origin of a person who is singled out by age, work, weight and country",
    citation="Becker, Kohavi: Adult, UCI 1996, doi 10.24432/C5XW20",
)


def load(*, split: Split = "all", distinct: bool = True) -> Records:
    """Load the people: x a frame of 14 columns (int32 and text, null if unknown), y 1 above 50,000 dollars.

    Args:
        split: 32,561 people for training, 16,281 for testing, or all.
        distinct: leave out records that equal an earlier one, train before test.

    Raises:
        DataError: if the set is not here and cannot be downloaded, or its file is damaged.
    """
    table = _parquet() if find(PACKED) else pl.concat([_csv(TRAIN, "train"), _csv(TEST, "test")])
    table = table.sort(pl.col("split") != "train", maintain_order=True)
    records = Records(
        table.select(column.name for column in COLUMNS),
        (table["income"] == CARD.classes[1]).cast(pl.Int64).to_numpy(),
    )
    kept = in_split((table["split"] == "train").to_numpy(), split)
    return CARD.check(records.take(kept & records.first_of_each() if distinct else kept))


def twin(n: int, *, rng: Rng) -> Records:
    """Make n synthetic people of this shape (see `confide.data.twins`).

    >>> import numpy as np
    >>> twin(5, rng=np.random.default_rng(0)).x.shape
    (5, 14)
    """
    return twins.table(n, name=CARD.name, shares=(3, 1), columns=COLUMNS, rng=rng)


def _schema() -> dict[str, pl.DataType]:
    held = {c.name: pl.Int32() if isinstance(c, Number) else pl.String() for c in COLUMNS}
    return {**held, "income": pl.String()}


def _parquet() -> pl.DataFrame:
    path = locate(PACKED, get=CARD.get)
    with reading(path, "the Adult table"):
        return pl.read_parquet(path).select(
            pl.col(n).cast(t) for n, t in {**_schema(), "split": pl.String()}.items()
        )


def _csv(file: File, split: str) -> pl.DataFrame:
    """UCI's layout: no header, ", " between, "?" for unknown, remarks after "|", a dot after test labels."""
    path = locate(file, get=CARD.get)
    with reading(path, "UCI's Adult table"):
        table = pl.read_csv(
            io.BytesIO(path.read_bytes()),
            has_header=False,
            schema=dict.fromkeys(_schema(), pl.String),
            comment_prefix="|",
        )
        clean = table.with_columns(pl.all().str.strip_chars(" ").replace("?", None)).drop_nulls("income")
        return clean.with_columns(pl.col("income").str.strip_suffix("."), split=pl.lit(split)).cast(_schema())  # pyright: ignore[reportArgumentType]
