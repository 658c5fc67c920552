"""Synthetic records under differential privacy: `confide.synthesize.AIM(domain, budget=b)(records, rng=rng)`.

A domain comes from a file (`confide.synthesize.read_domain`) or is made in Python (`PublicDomain`).

>>> from confide import Budget
>>> from confide.synthesize import MST, Integer, PublicDomain
>>> ages = PublicDomain((Integer("age", 0, 99, bins=10),))
>>> str(MST(ages, budget=Budget(1.0, 1e-9)).budget)
'epsilon 1, delta 1e-09, hiding any one record'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confide.inputs.domain import read_domain
    from confide.mechanisms.synthesize.columns.categories import Category, Key
    from confide.mechanisms.synthesize.columns.domain import PublicDomain
    from confide.mechanisms.synthesize.columns.kinds import Date, Integer, Real
    from confide.mechanisms.synthesize.columns.rules import rule_of
    from confide.mechanisms.synthesize.columns.two_levels import TwoLevels
    from confide.releases.synthesis.linked import LinkedFiles, LinkedSynthesiser
    from confide.releases.synthesis.linked_run import LinkedWritten
    from confide.releases.synthesis.makers import (
        AIM,
        MST,
        Independent,
        Linked,
        PlausibleDeniability,
        PrivBayes,
    )
    from confide.releases.synthesis.run import synthesize
    from confide.releases.synthesis.settings import SynthesizeSettings
    from confide.releases.synthesis.synthesiser import Synthesiser, SyntheticFile
    from confide.releases.synthesis.written import Written

_HOME = {
    "AIM": "confide.releases.synthesis.makers",
    "Category": "confide.mechanisms.synthesize.columns.categories",
    "Date": "confide.mechanisms.synthesize.columns.kinds",
    "Independent": "confide.releases.synthesis.makers",
    "Integer": "confide.mechanisms.synthesize.columns.kinds",
    "Key": "confide.mechanisms.synthesize.columns.categories",
    "Linked": "confide.releases.synthesis.makers",
    "LinkedFiles": "confide.releases.synthesis.linked",
    "LinkedSynthesiser": "confide.releases.synthesis.linked",
    "LinkedWritten": "confide.releases.synthesis.linked_run",
    "MST": "confide.releases.synthesis.makers",
    "PlausibleDeniability": "confide.releases.synthesis.makers",
    "PrivBayes": "confide.releases.synthesis.makers",
    "PublicDomain": "confide.mechanisms.synthesize.columns.domain",
    "Real": "confide.mechanisms.synthesize.columns.kinds",
    "Synthesiser": "confide.releases.synthesis.synthesiser",
    "SynthesizeSettings": "confide.releases.synthesis.settings",
    "SyntheticFile": "confide.releases.synthesis.synthesiser",
    "TwoLevels": "confide.mechanisms.synthesize.columns.two_levels",
    "Written": "confide.releases.synthesis.written",
    "read_domain": "confide.inputs.domain",
    "rule_of": "confide.mechanisms.synthesize.columns.rules",
    "synthesize": "confide.releases.synthesis.run",
}
"""Loaded at first use, so that `import confide` stays quick."""

__all__ = [
    "AIM",
    "MST",
    "Category",
    "Date",
    "Independent",
    "Integer",
    "Key",
    "Linked",
    "LinkedFiles",
    "LinkedSynthesiser",
    "LinkedWritten",
    "PlausibleDeniability",
    "PrivBayes",
    "PublicDomain",
    "Real",
    "Synthesiser",
    "SynthesizeSettings",
    "SyntheticFile",
    "TwoLevels",
    "Written",
    "read_domain",
    "rule_of",
    "synthesize",
]


def __getattr__(name: str) -> object:
    """A mechanism or what belongs to one, imported when it is asked for."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"confide.synthesize has no {name!r}; it has {', '.join(__all__)}.")
