"""Every attack and every mechanism has one entry on a page, with all parts, and cites the code's paper."""

from __future__ import annotations

from collections import Counter

from tests.docs.catalogue_pages import entries

from confide import audits, learn
from confide.attacks.catalogue import attacks_of
from confide.audits.protections import parse_protections
from confide.inputs.column_recipes import parse_columns

ATTACKS, MECHANISMS = entries("attacks"), entries("mechanisms")

OF_ATTACKS = ("Paper", "Idea", "Needs", "Cost", "Fails")
OF_MECHANISMS = ("Paper", "Idea", "Promise and conditions", "Cost", "Fails")

SECTIONS = {
    "Ratings and likes": ("ratings", "likes"),
    "Ratings": ("ratings",),
    "Traces": ("traces",),
    "Pictures": ("images",),
    "Tables": ("table",),
    "Counts of visits": ("counts",),
    "Answers to queries": ("answers",),
    "Tables of counts": ("crosstabs",),
    "Frequencies and means": ("frequencies",),
    "Ways to train": ("learner",),
    "Synthesisers": ("generator",),
}
"""Heading -> the kinds of release whose protections stand under it."""

ESTIMATORS = ("PrivateLogisticRegression", "PrivateLinearRegression", "GradientHistograms", "tune")
RECIPES = {
    "warner": "warner(sex)",
    "k-ary": "k-ary(region)",
    "oue": "oue(region)",
    "rappor": "rappor(page)",
    "laplace": "laplace(income, 0..9)",
    "gaussian": "gaussian(income, 0..9, delta 1e-6)",
}
QUESTIONS = [
    "count",
    "sum",
    "avg",
    "var",
    "quantile",
    "histogram",
    "top_k",
    "heavy_hitters",
    "tables",
    "above",
]


def test_each_attack_has_one_entry() -> None:
    assert Counter(e.name for e in ATTACKS) == Counter({attack.name for attack in attacks_of()})


def test_attacks_cite_the_papers_of_their_code() -> None:
    known = {attack.name: attack for attack in attacks_of()}
    for entry in ATTACKS:
        attack = known[entry.name]
        assert entry.links == [attack.paper.url], entry.name
        assert str(attack.paper.year) in entry.parts["Paper"], entry.name
        # The question that the page asks is the one of the report.
        assert attack.title in entry.text, entry.name


def test_every_entry_has_all_parts() -> None:
    for among, labels in ((ATTACKS, OF_ATTACKS), (MECHANISMS, OF_MECHANISMS)):
        for entry in among:
            assert tuple(entry.parts) == labels, entry.name
            assert all(part.strip() for part in entry.parts.values()) and entry.links, entry.name


def test_each_protection_has_one_entry() -> None:
    there = Counter((kind, e.name) for e in MECHANISMS for kind in SECTIONS.get(e.section, ()))
    known = [(kind, name) for kind in audits.KINDS for name in audits.spec_of(kind).protections]
    assert there == Counter(known)


def test_protections_are_written_as_the_code_has_it() -> None:
    for entry in MECHANISMS:
        for kind in SECTIONS.get(entry.section, ()):
            assert f"Written as `{audits.spec_of(kind).protections[entry.name].example}`." in entry.text


def test_what_promises_nothing_is_not_said_to_promise() -> None:
    for entry in MECHANISMS:
        for kind in SECTIONS.get(entry.section, ()):
            protection = audits.spec_of(kind).protections[entry.name]
            made = parse_protections([protection.example], {entry.name: protection})
            promised = made[protection.example].budget is not None
            says = entry.parts["Promise and conditions"]
            # A matrix of PRAM may promise, plausible deniability promises of one record: both have no budget.
            if entry.name not in ("pram", "plausible"):
                assert says.startswith("None") != promised, entry


def test_estimators_questions_and_recipes_have_an_entry_each() -> None:
    named = Counter((e.section, e.name) for e in MECHANISMS if e.section not in SECTIONS)
    expected = [("Estimators and tools", name) for name in ESTIMATORS]
    expected += [("Questions", name) for name in QUESTIONS] + [
        ("Randomised columns", name) for name in RECIPES
    ]
    assert named == Counter(expected)
    assert all(hasattr(learn, name) for name in ESTIMATORS)
    for recipe in RECIPES.values():
        assert parse_columns(recipe, epsilon=1.0).parts
