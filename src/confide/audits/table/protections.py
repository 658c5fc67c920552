"""Protections of tables, by the name that a user writes; and what they need to know of the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from confide.audits.protections import Noise, Protection, Scale
from confide.core.nouns import AnyMechanism
from confide.inputs.numbers import parse_number, parse_whole
from confide.inputs.table import Table, TableData
from confide.measure.class_secrets import Diversity
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.full_domain import FullDomain
from confide.mechanisms.anonymize.local_recoding import LocalRecoding
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.mechanisms.anonymize.single_cells import SingleCells
from confide.mechanisms.anonymize.suppression import WithoutRareRows
from confide.mechanisms.anonymize.swapping import RankSwapping, RecordSwapping
from confide.mechanisms.in_order import in_order, steps_of
from confide.mechanisms.randomize.pram import Pram
from confide.mechanisms.randomize.randomised_columns import EveryColumn

KNOWN = ("the known columns",)
"""Stands in a protection for the known columns of a table, until `bound` puts them there."""
K = "the fewest people of a class: people with the same known columns in the release"
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


def _pram(change: str, *, noise: Noise) -> Pram:
    return Pram(column=None, change=parse_number(change), noise=noise)


def _k_ary(epsilon: str, *, noise: Noise) -> EveryColumn:
    return EveryColumn(epsilon=parse_number(epsilon), noise=noise)


def _swap(share: str, *, noise: Noise) -> RecordSwapping:
    return RecordSwapping(columns=KNOWN, share=parse_number(share), noise=noise)


def _ranks(window: str, *, noise: Noise) -> RankSwapping:
    return RankSwapping(columns=KNOWN, window=parse_number(window), noise=noise)


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
        settings={"change": "the share of cells of each column that become another value"},
        random=True,
    ),
    "k-ary": Protection(
        make=_k_ary,
        example="k-ary:8",
        settings={"epsilon": "for a whole row; each column gets the same part of it"},
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


def bound(mechanism: AnyMechanism, data: TableData, held: Table) -> AnyMechanism:
    """A mechanism, each of its steps with the known columns, the secret and the hierarchies of a table."""
    guarded = held.l is not None or held.t is not None

    def of(step: AnyMechanism) -> AnyMechanism:
        assert is_dataclass(step)
        there: dict[str, Any] = {f.name: getattr(step, f.name) for f in fields(step)}
        facts: dict[str, Any] = {}
        facts |= {name: data.known for name in ("known", "columns") if there.get(name) == KNOWN}
        if "hierarchies" in there:
            facts["hierarchies"] = tuple(data.hierarchies[c] for c in data.known)
        if guarded and isinstance(there.get("rules"), Rules):
            facts["rules"] = replace(
                there["rules"],
                l=None if held.l is None else Diversity.of(held.l),
                t=held.t,
                secret=data.secret,
            )
        return replace(step, **facts) if facts else step

    return in_order([of(step) for step in steps_of(mechanism)])
