"""Protections of tables, by the name that a user writes; and what they need to know of the table."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from confide.audits.protections import Noise, Protection, Scale
from confide.inputs.column_recipes import parse_columns
from confide.inputs.numbers import parse_number, parse_whole
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.correlated_noise import CorrelatedNoise
from confide.mechanisms.anonymize.full_domain import FullDomain
from confide.mechanisms.anonymize.invariant_pram import InvariantPram
from confide.mechanisms.anonymize.local_recoding import LocalRecoding
from confide.mechanisms.anonymize.microaggregation import Microaggregation
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.mechanisms.anonymize.pseudonyms import Pseudonyms, SecretKey
from confide.mechanisms.anonymize.single_cells import SingleCells
from confide.mechanisms.anonymize.suppression import WithoutColumns, WithoutRareRows, WithoutRareValues
from confide.mechanisms.anonymize.swapping import RankSwapping, RecordSwapping
from confide.mechanisms.anonymize.top_bottom_coding import TopBottomCoding
from confide.mechanisms.randomize.pram import Pram
from confide.mechanisms.randomize.randomised_columns import EveryColumn, RandomisedColumns

KNOWN = ("the known columns",)
"""Stands in a protection for the known columns of a table, until `bound` puts them there."""
NUMBERS = ("the known columns of numbers",)
"""Stands for those of the known columns that hold numbers."""
REHEARSED = SecretKey(hashlib.sha512(b"confide: a key for rehearsals, which everybody knows").digest())
"""Stands for the key of pseudonyms in an audit; a release takes that of its user (`--key-file`)."""
K = "the fewest people of a class: people with the same known columns in the release"
NUMERIC = "of numbers, parted by ;, or the known ones"
ONE = "its name, or all"
SUPPRESS = "the largest share of rows that may be wholly suppressed"


def _local(k: str, suppress: str = "0") -> LocalRecoding:
    return LocalRecoding(known=KNOWN, rules=Rules(k=parse_whole(k)), suppress=parse_number(suppress))


def _lattice(k: str, suppress: str = "0") -> FullDomain:
    return FullDomain(known=KNOWN, rules=Rules(k=parse_whole(k)), suppress=parse_number(suppress))


def _mondrian(k: str) -> Mondrian:
    return Mondrian(known=KNOWN, rules=Rules(k=parse_whole(k)))


def _rare(k: str) -> WithoutRareRows:
    return WithoutRareRows(known=KNOWN, k=parse_whole(k), how="blank")


def _cells(k: str) -> SingleCells:
    return SingleCells(known=KNOWN, k=parse_whole(k))


def _pram(change: str, column: str = "", *, noise: Noise) -> Pram:
    return Pram(column=column or None, change=parse_number(change), noise=noise)


def _invariant(change: str, column: str = "", *, noise: Noise) -> InvariantPram:
    return InvariantPram(column=column or None, change=parse_number(change), noise=noise)


def _k_ary(epsilon: str, *, noise: Noise) -> EveryColumn:
    return EveryColumn(epsilon=parse_number(epsilon), noise=noise)


def _swap(share: str, *, noise: Noise) -> RecordSwapping:
    return RecordSwapping(columns=KNOWN, share=parse_number(share), noise=noise)


def _ranks(window: str, *, noise: Noise) -> RankSwapping:
    return RankSwapping(columns=KNOWN, window=parse_number(window), noise=noise)


def _columns(epsilon: str, *recipe: str, noise: Noise) -> RandomisedColumns:
    # The commas of the recipe were taken for those between settings.
    text, kept = re.subn(r",?\s*rest keep\s*$", "", ", ".join(recipe))
    share = parse_number(epsilon)
    return parse_columns(text, epsilon=share, rest="keep" if kept else "drop", noise=noise)


def _pseudonym(column: str) -> Pseudonyms:
    return Pseudonyms(column=column, key=REHEARSED)


def _aggregate(k: str, columns: str = "") -> Microaggregation:
    return Microaggregation(columns=_named(columns) or NUMBERS, k=parse_whole(k))


def _noise(alpha: str, columns: str = "", *, noise: Noise) -> CorrelatedNoise:
    return CorrelatedNoise(columns=_named(columns) or NUMBERS, alpha=parse_number(alpha), noise=noise)


def _without(columns: str) -> WithoutColumns:
    return WithoutColumns(columns=_named(columns))


def _top(column: str, top: str) -> TopBottomCoding:
    return TopBottomCoding(column=column, top=parse_number(top))


def _bottom(column: str, bottom: str) -> TopBottomCoding:
    return TopBottomCoding(column=column, bottom=parse_number(bottom))


def _values(people: str, columns: str = "") -> WithoutRareValues:
    return WithoutRareValues(columns=_named(columns) or KNOWN, people=parse_whole(people))


def _named(columns: str) -> tuple[str, ...]:
    """Columns parted by semicolons, since commas part settings."""
    return tuple(filter(None, (column.strip() for column in columns.split(";"))))


def _of_k(name: str) -> Scale:
    return Scale(weakest=2, strongest=200, write=lambda k: f"{name}:{k:.0f}", whole=True)


PROTECTIONS: Mapping[str, Protection] = {
    "local": Protection(
        make=_local,
        example="local:10",
        settings={"k": K, "suppress": SUPPRESS},
        alone=False,
        scale=_of_k("local"),
    ),
    "lattice": Protection(
        make=_lattice,
        example="lattice:10,0.05",
        settings={"k": K, "suppress": SUPPRESS},
        alone=False,
        scale=_of_k("lattice"),
    ),
    "mondrian": Protection(
        make=_mondrian, example="mondrian:10", settings={"k": K}, alone=False, scale=_of_k("mondrian")
    ),
    "blank": Protection(
        make=_rare,
        example="blank:5",
        settings={"k": "the known columns of rows that fewer than k people share are suppressed"},
        alone=False,
        scale=_of_k("blank"),
    ),
    "cells": Protection(
        make=_cells,
        example="cells:5",
        settings={
            "k": "people whose class has fewer than k lose the one known cell that gives them away most"
        },
        alone=False,
        scale=_of_k("cells"),
    ),
    "pram": Protection(
        make=_pram,
        example="pram:0.1",
        settings={"change": "the share of cells that become another value", "column": ONE},
        random=True,
    ),
    "invariant-pram": Protection(
        make=_invariant,
        example="invariant-pram:0.1",
        settings={"change": "as of pram, before some are turned back", "column": ONE},
        random=True,
        alone=False,
    ),
    "columns": Protection(
        make=_columns,
        example="columns:1,warner(sex) k-ary(region) laplace(income, 0..200000)",
        settings={
            "epsilon": "for a person, shared among all columns named",
            "recipe": "warner, k-ary, oue, rappor, laplace or gaussian, each with its column; other columns "
            "are left out, or kept with `rest keep` at the end",
        },
        random=True,
    ),
    "pseudonym": Protection(
        make=_pseudonym,
        example="pseudonym:person_id",
        settings={"column": "whose values are replaced, with the key of --key-file"},
    ),
    "microaggregate": Protection(
        make=_aggregate,
        example="microaggregate:10",
        settings={"k": "the fewest people of a group", "columns": NUMERIC},
        alone=False,
        scale=_of_k("microaggregate"),
    ),
    "noise": Protection(
        make=_noise,
        example="noise:0.1",
        settings={"alpha": "the variance of the noise as a share of that of the numbers", "columns": NUMERIC},
        random=True,
        alone=False,
    ),
    "without": Protection(
        make=_without, example="without:name;address", settings={"columns": "that are left out; parted by ;"}
    ),
    "top": Protection(
        make=_top,
        example="top:age,90",
        settings={"column": "of numbers", "top": "numbers of at least this become one range"},
    ),
    "bottom": Protection(
        make=_bottom,
        example="bottom:age,18",
        settings={"column": "of numbers", "bottom": "numbers of at most this become one range"},
    ),
    "blank-values": Protection(
        make=_values,
        example="blank-values:10",
        settings={
            "people": "values of a column that fewer people have are suppressed",
            "columns": "parted by ;, or the known ones",
        },
        alone=False,
        scale=_of_k("blank-values"),
    ),
    "k-ary": Protection(
        make=_k_ary,
        example="k-ary:8",
        settings={"epsilon": "for a person, with all columns and rows; each column gets the same part of it"},
        random=True,
    ),
    "swap": Protection(
        make=_swap,
        example="swap:0.1",
        settings={"share": "the share of rows whose known columns are swapped with another row's"},
        random=True,
        alone=False,
    ),
    "rank-swap": Protection(
        make=_ranks,
        example="rank-swap:0.05",
        settings={"window": "how far apart, as a share of all ranks, swapped values may be"},
        random=True,
        alone=False,
    ),
}
