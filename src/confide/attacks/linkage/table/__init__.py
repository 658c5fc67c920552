"""Linkage of tables: which row belongs to a person, and which predicate holds for one person only?"""

from __future__ import annotations

from confide.attacks.linkage.table.class_predicate import ClassPredicate
from confide.attacks.linkage.table.fellegi_sunter import FellegiSunter
from confide.attacks.linkage.table.many_columns import ManyColumns
from confide.attacks.linkage.table.nearest import Nearest
from confide.attacks.linkage.table.noisy_names import NoisyNames
from confide.attacks.linkage.table.one_column import OneColumn
from confide.attacks.linkage.table.transparency import Transparency

LINKING = (FellegiSunter, Nearest, NoisyNames, Transparency)
"""The attacks that play `TableLinkage`."""
SINGLING = (ManyColumns, OneColumn, ClassPredicate)
"""The attacks that play `SinglingOut`."""
ALL = (*LINKING, *SINGLING)

__all__ = [
    "ALL",
    "LINKING",
    "SINGLING",
    "ClassPredicate",
    "FellegiSunter",
    "ManyColumns",
    "Nearest",
    "NoisyNames",
    "OneColumn",
    "Transparency",
]
