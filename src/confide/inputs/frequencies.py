"""Genotypes or measurements of a pool of people, of whom statistics are published, and of people outside."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any

import numpy as np
import polars as pl

from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import HOLD, HOW, KNOWS, Flag, Held, OptionalColumn
from confide.core.flags import Table as TableOf
from confide.core.language import t
from confide.core.who import standing
from confide.inputs.one_person_twice import refuse_one_person_twice
from confide.inputs.reading import Decimal, Separator, reading_of
from confide.inputs.same_alleles import refuse_other_alleles
from confide.inputs.same_units import refuse_other_units
from confide.inputs.statistics_columns import Sheet, aligned, copies, read_sheet, values
from confide.views.frequencies import Genotypes, Measurements

FEWEST = 40
"""Questions at least, as in an audit of counts."""
FEWEST_PEOPLE = 10
"""People in each file: with fewer there is no spread to measure by."""
MOST = 50_000_000
"""Values in a file, of which a genotype takes a byte: a few rounds hold a pool of many people each, and a
hundred rounds one of few people."""


@dataclass(frozen=True, slots=True, eq=False)
class Frequencies:
    """Genotypes of a pool of people, of whom only the allele frequencies are published.

    Each file has a row a person and a column a SNP: how many copies of one allele the person has, 0, 1 or 2;
    empty or -1 where that is not known. All files count the same allele. With `means` the columns are
    measurements, such as levels of expression, and their means are published.

    The adversary knows the genotypes of the people it asks about, and those of a reference sample of the
    population. It is to say who was in the pool. It is judged on people of the pool and on people who are
    absent from it: in each round, coins put some of both into the pool or leave them out.

    Args:
        records: The people of the pool, a row a person: .parquet or .csv; in Python also a data frame.
        reference: A sample of the same population that the adversary knows: none of the pool's people, and
            none of the absent ones.
        targets: People of the same population who are absent from the pool; 100 or more, if a rate at 1 in
            100 false claims is asked about.
        id: The column that names people; it is no SNP.
        means: Whether columns are measurements, of which means are published.
        alleles: How many alleles each person has at each SNP: 2 for genotypes, 1 for attributes of yes or no.
        questions: About how many times the adversary is asked whether somebody was in the pool.
        separator: What stands between the values of csv files, such as ; or tab, where that is not seen.
        decimal: The decimal sign of csv files, . or a comma, where that is not seen.

    Raises:
        DataError: for numbers out of range.

    Source: Homer et al. 2008; Sankararaman et al. 2009; Dwork et al. 2015.
    """

    records: Held
    _: KW_ONLY
    reference: Annotated[Any, Flag(group=KNOWS, metavar="FILE")]
    targets: TableOf
    id: OptionalColumn = None
    means: Annotated[bool, Flag(group=HOLD)] = False
    alleles: Annotated[int, Flag(group=HOLD, least=1, most=2)] = 2
    questions: Annotated[int, Flag(group=HOW, least=FEWEST)] = 2_000
    separator: Separator = None
    decimal: Decimal = None

    def __post_init__(self) -> None:
        check_fields(self)
        _ = reading_of(self)
        if self.alleles not in (1, 2):
            raise DataError(
                f"alleles is {self.alleles}: give 2 for genotypes, 1 for attributes of yes or no."
            )
        if self.questions < FEWEST:
            raise DataError(f"questions is {self.questions}: ask {FEWEST} times or more.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrequenciesData:
    """The pool, the absent people and the reference, with the same columns.

    Args:
        people: of the pool first, and then those who are absent.
        pool: how many are in the pool.
        reference: the sample that the adversary knows.
        columns: their names.
        constant: how many columns have one value in all files: they tell nothing.
        who: where each of the people stands in the files.
        name: of the pool's file.
        notes: what was read and what was left aside, in sentences.
    """

    people: Genotypes | Measurements
    pool: int
    reference: Genotypes | Measurements
    columns: tuple[str, ...]
    constant: int
    who: pl.DataFrame
    name: str
    notes: tuple[str, ...]


def read_frequencies(held: Frequencies) -> FrequenciesData:
    """Read the three files, and refuse what would make an audit of them wrong.

    Raises:
        DataError: for columns that do not match, cells that are no genotypes, people who stand in two files,
            SNPs of which the files count different alleles, or too few people.
    """
    reading = reading_of(held)
    pool, absent, reference = (
        read_sheet(given, name=name, ids=held.id, reading=reading)
        for given, name in (
            (held.records, "the pool"),
            (held.targets, "the targets"),
            (held.reference, "the reference"),
        )
    )
    for sheet in (pool, absent, reference):
        _refuse_size(sheet, len(pool.columns))
    columns, notes = aligned(pool, (absent, reference))
    sheets = (pool, absent, reference)
    read = [values(s, columns) if held.means else copies(s, columns, held.alleles) for s in sheets]
    notes += _lacking(read, sheets)
    named = [(sheet.name, people) for sheet, people in zip(sheets, read, strict=True)]
    measured = [(name, people) for name, people in named if isinstance(people, Measurements)]
    for other in measured[1:]:  # none where genotypes were read
        refuse_other_units(measured[0], other, columns)
    notes += refuse_one_person_twice(*named)
    genotypes = [(name, people) for name, people in named if isinstance(people, Genotypes)]
    for other in genotypes[:2]:  # none where measurements were read
        refuse_other_alleles(genotypes[2], other, columns)
    constant = _constant(read)
    if constant:
        notes.append(
            t("1 column with one value in all files: nothing there tells people apart.")
            if constant == 1
            else t("{n:,} columns with one value in all files: nothing there tells people apart.", n=constant)
        )
    if constant == len(columns):
        raise DataError(f"{pool.name}: each column has one value in all files: give columns that vary.")
    return FrequenciesData(
        people=_together(read[0], read[1]),
        pool=len(read[0]),
        reference=read[2],
        columns=columns,
        constant=constant,
        who=pl.concat([_standing(pool), _standing(absent)], how="diagonal"),
        name=pool.name,
        notes=tuple(notes),
    )


def _refuse_size(sheet: Sheet, columns: int) -> None:
    people = sheet.frame.height
    if people < FEWEST_PEOPLE:
        raise DataError(f"{sheet.name} has {people} people: give {FEWEST_PEOPLE} or more.")
    if people * columns > MOST:
        raise DataError(
            f"{sheet.name}: {people:,} people in {columns:,} columns are {people * columns:,} values: give "
            f"at most {MOST:,}, by taking fewer columns."
        )


def _lacking(read: list[Genotypes | Measurements], sheets: tuple[Sheet, ...]) -> list[str]:
    """How many genotypes are not known, and what becomes of them; measurements have none missing."""
    said: list[str] = []
    for people, sheet in zip(read, sheets, strict=True):
        if not isinstance(people, Genotypes):
            return []
        share = float((people.copies < 0).mean())
        if share == 1:
            raise DataError(f"{sheet.name}: no genotype is known: give a file with genotypes.")
        if share:
            said.append(t("{share:.2g} % in {file}", share=100 * share, file=sheet.name))
    if not said:
        return []
    return [
        t(
            "Genotypes are missing ({said}). A frequency is that of the known ones, and a missing "
            "one speaks neither for nor against a person.",
            said=", ".join(said),
        )
    ]


def _constant(read: list[Genotypes | Measurements]) -> int:
    """How many columns have one known value in all files."""
    if isinstance(read[0], Genotypes):
        tables = [p.copies for p in read if isinstance(p, Genotypes)]
        most = np.max([t.max(axis=0) for t in tables], axis=0)
        # A missing genotype is no value: it is put above all others to find the least.
        least = np.min([np.where(t < 0, 3, t).min(axis=0) for t in tables], axis=0)
    else:
        tables = [p.values for p in read if isinstance(p, Measurements)]
        most, least = (np.array([f(t, axis=0) for t in tables]) for f in (np.max, np.min))
        most, least = most.max(axis=0), least.min(axis=0)
    return int((most <= least).sum())


def _together(first: Genotypes | Measurements, second: Genotypes | Measurements) -> Genotypes | Measurements:
    if isinstance(first, Genotypes) and isinstance(second, Genotypes):
        return Genotypes(copies=np.concatenate([first.copies, second.copies]), alleles=first.alleles)
    assert isinstance(first, Measurements) and isinstance(second, Measurements)
    return Measurements(values=np.concatenate([first.values, second.values]))


def _standing(sheet: Sheet) -> pl.DataFrame:
    rows = np.arange(1, sheet.frame.height + 1)
    return standing(sheet.name, row=rows, ids=sheet.ids)
