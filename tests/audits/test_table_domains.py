"""Releases of tables whose columns have other values: no audit is weaker than a comparison by value."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import confide
from confide.attacks.linkage.table.fellegi_sunter import FellegiSunter
from confide.attacks.linkage.table.nearest import Nearest
from confide.audits.protections import parse_protections
from confide.audits.release import protected
from confide.audits.table.binding import CHANGING, bound, legible
from confide.audits.table.games import linkage
from confide.audits.table.protections import PROTECTIONS
from confide.core.arrays import Floats
from confide.inputs.table import TableData, read_data
from confide.mechanisms.in_order import steps_of
from confide.views.table import Table

KNOWN = "age,region,income"


def people(n: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "region": rng.choice(["north", "south", "east", "west"], n, p=[0.4, 0.3, 0.2, 0.1]),
            "income": np.round(rng.lognormal(10, 0.5, n), 2),
            "ill": rng.choice(["yes", "no"], n),
            "badge": [f"B{i:04d}" for i in range(n)],
        }
    )


def held(known: str = KNOWN) -> confide.Table:
    return confide.Table(people(), known=known, secret="ill", targets=400, wrong=0.0)


def by_value(facts: Table, release: Table) -> Floats:
    """The distance of each target from each row, from the values as they are written."""
    total = np.zeros((len(facts), len(release)))
    for name in facts.names:
        domain, codes = facts.domains[facts.at(name)], facts.low[:, facts.at(name)]
        if name in release.names:
            other, seen = release.domains[release.at(name)], release.low[:, release.at(name)]
            if domain.numbers is not None:
                assert other.numbers is not None
                x, y = domain.numbers[codes], other.numbers[seen]
                total += np.minimum(np.abs(x[:, None] - y) / (np.std(y) or 1.0), 1)
            else:
                total += np.array(domain.labels)[codes][:, None] != np.array(other.labels)[seen]
        elif f"{name}={domain.labels[0]}" in release.names:
            bits = np.stack([release.low[:, release.at(f"{name}={label}")] for label in domain.labels])
            total += 1 - bits[codes]
    return total


def rates(text: str, data: TableData, record: confide.Table) -> tuple[float, float]:
    """The share of people whose row is named: by the better attack of the audit, and by value."""
    mechanism = bound(parse_protections([text], PROTECTIONS)[text], data, record)
    # Without facts that are wrong, the targets of both games are the same people with the same facts.
    games = [
        protected(linkage(record, data, made_by=None, rng=np.random.default_rng(0)), made)
        for made in (legible(mechanism, data), mechanism)
    ]
    audit, plain = [0, 0], 0
    people = 0
    for world in range(games[0].parts):
        seen, raw = (game.deal(world, rng=np.random.default_rng(world)) for game in games)
        here = seen.exposed
        people += int(here.sum())
        for i, attack in enumerate((Nearest(), FellegiSunter())):
            claim = attack(seen.case, rng=np.random.default_rng(1)).value
            assert claim is not None
            audit[i] += int((claim[here] == seen.secrets[here]).sum())
        claim = by_value(raw.case.targets, raw.case.view).argmin(1)
        plain += int((claim[raw.exposed] == raw.secrets[raw.exposed]).sum())
    return max(audit) / people, plain / people


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("noise:0.01", 0.5),
        ("noise:0.1", 0.1),
        ("microaggregate:3", 0.3),
        ("microaggregate:10", 0.05),
        ("without:income", 0.3),
        ("pseudonym:region", 0.9),
        ("columns:60,laplace(age,18..90) laplace(income,0..200000) k-ary(region)", 0.05),
        ("columns:60,oue(age) oue(region)", 0.05),
        ("columns:40,rappor(region) rest keep", 0.9),
        ("top:age,60", 0.9),
        ("blank-values:2", 0.1),
        ("invariant-pram:0.2,region", 0.9),
    ],
)
def test_the_audit_is_no_weaker_than_a_comparison_by_value(text: str, least: float) -> None:
    record = held()
    audit, plain = rates(text, read_data(record), record)
    # About 200 people, and the noise of two draws: 4 deviations of the difference at most.
    spread = 4 * np.sqrt(2 * max(plain * (1 - plain), 0.02) / 200)
    assert audit >= plain - spread
    assert audit >= least


def test_codes_that_mean_something_else_would_look_harmless() -> None:
    record = held()
    data = read_data(record)
    mechanism = bound(parse_protections(["noise:0.01"], PROTECTIONS)["noise:0.01"], data, record)
    game = protected(linkage(record, data, made_by=None, rng=np.random.default_rng(0)), mechanism)
    world = game.deal(0, rng=np.random.default_rng(0))
    # The broken twin: codes of the release are compared with codes of the facts.
    view, facts = world.case.view.only(KNOWN.split(",")), world.case.targets
    claim = (facts.low[:, None, :] != view.low[None]).sum(2).argmin(1)
    assert (claim[world.exposed] == world.secrets[world.exposed]).mean() < 0.1
    assert rates("noise:0.01", data, record)[0] > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("text", [p.example for p in PROTECTIONS.values()])
def test_whatever_a_protection_does_the_audit_reads_the_original_s_columns(text: str) -> None:
    record = held(known="age,region")
    data = read_data(record)
    named = {
        "blank:5": "blank:2",
        "warner(sex)": "oue(ill)",
        "person_id": "badge",
        "name;address": "badge;ill",
    }
    for old, new in named.items():
        text = text.replace(old, new)
    made = legible(bound(parse_protections([text], PROTECTIONS)[text], data, record), data)
    view = made(data.cells, rng=np.random.default_rng(0)).view
    assert [d.digest() for d in view.domains] == [d.digest() for d in data.cells.domains]
    assert len(view) == len(data.cells)


def test_a_mechanism_that_keeps_the_domains_is_left_alone() -> None:
    record = held()
    data = read_data(record)
    made = bound(parse_protections(["mondrian:5"], PROTECTIONS)["mondrian:5"], data, record)
    assert legible(made, data) is made and not any(isinstance(step, CHANGING) for step in steps_of(made))


@pytest.mark.slow
def test_a_secret_that_is_not_released_is_not_inferred_and_the_report_says_why() -> None:
    found = confide.audit(held(), protect=["without:ill"], seed=0)
    assert "the secret 'ill' is not released" in found.report.text()


def test_numbers_that_are_asked_for_and_not_known_are_named() -> None:
    record = confide.Table(people(), known="region", secret="ill", targets=400)
    mechanism = parse_protections(["noise:0.1"], PROTECTIONS)["noise:0.1"]
    with pytest.raises(confide.ConfideError, match=r"none of the known columns .region. holds numbers"):
        bound(mechanism, read_data(record), record)
