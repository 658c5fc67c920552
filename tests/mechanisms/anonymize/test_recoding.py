"""Full-domain, local recoding and Mondrian: all classes keep the rules, or it is refused."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.core.errors import DataError, PromiseError
from confide.measure.anonymity import anonymity
from confide.measure.class_secrets import Diversity, distance
from confide.mechanisms.anonymize.class_rules import Rules, verified
from confide.mechanisms.anonymize.full_domain import FullDomain
from confide.mechanisms.anonymize.local_recoding import LocalRecoding
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.views.hierarchy import Hierarchy
from confide.views.table import Domain, Table

KNOWN = ("a", "b", "c")
EXAMPLES = 60
RULES = (
    Rules(k=2),
    Rules(k=3, l=Diversity(2), secret="s"),
    Rules(k=2, l=Diversity(1.5, "entropy"), secret="s"),
    Rules(k=2, l=Diversity(2, "recursive", 2.0), secret="s"),
    Rules(k=2, t=0.3, secret="s"),
    Rules(k=2, t=0.3, secret="s", ordered=True, l=Diversity(2)),
)


@dataclass(frozen=True)
class Given:
    """A table and hierarchies of its known columns."""

    table: Table
    hierarchies: tuple[Hierarchy, ...]


@st.composite
def tables(draw: st.DrawFn) -> Given:
    """Random tables: ties, missing values, columns of one value, values that no row has."""
    n = draw(st.integers(1, 30))
    domains, columns, hierarchies = [], [], []
    for name in KNOWN:
        m = draw(st.integers(1, 5))
        counted, missing = draw(st.booleans()), m > 1 and draw(st.booleans())
        numbers = np.append(np.arange(m - missing), [np.nan] * missing) if counted else None
        domains.append(Domain(name, tuple(map(str, range(m))), numbers, missing))
        columns.append(draw(st.lists(st.integers(0, m - 1), min_size=n, max_size=n)))
        borders = np.ones(m, np.int32)
        levels = [np.arange(m, dtype=np.int32)]
        for _ in range(draw(st.integers(0, 2))):
            borders &= np.array(draw(st.lists(st.integers(0, 1), min_size=m, max_size=m)), np.int32)
            borders[0] = 0
            levels.append(np.cumsum(borders).astype(np.int32))
        levels.append(np.zeros(m, np.int32))
        labels = tuple(tuple(map(str, range(int(level[-1]) + 1))) for level in levels)
        if draw(st.booleans()):
            hierarchies.append(Hierarchy(name, np.array(levels), labels))
    domains += [Domain("s", ("x", "y", "z")), Domain("free", ("u", "v"))]
    columns.append(draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    columns.append(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    whose = draw(st.none() | st.lists(st.integers(0, n - 1), min_size=n, max_size=n))
    people = None if whose is None else np.array(whose)
    return Given(Table.of(domains, np.array(columns).T, people=people), tuple(hierarchies))


def boxes(view: Table) -> dict[tuple[int, ...], list[int]]:
    """The rows of each class, by a loop; wholly suppressed rows are left out."""
    at = [view.at(name) for name in KNOWN]
    rows: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for row in range(len(view)):
        sizes = [(int(view.low[row, i]), int(view.high[row, i]), len(view.domains[i])) for i in at]
        wide = [(lo, hi, m) for lo, hi, m in sizes if m > 1]
        if not wide or any(hi - lo < m - 1 for lo, hi, m in wide):
            rows[tuple(x for lo, hi, _ in sizes for x in (lo, hi))].append(row)
    return rows


def keeps(view: Table, rules: Rules) -> bool:
    """Whether all classes keep the rules, by loops over rows."""
    found = boxes(view)
    secret = view.low[:, view.at("s")].tolist()
    whole = np.bincount(secret, minlength=3)
    for rows in found.values():
        people = len(rows) if view.people is None else len({int(view.people[row]) for row in rows})
        counts = sorted(Counter(secret[row] for row in rows).values(), reverse=True)
        shares = np.array(counts) / len(rows)
        if people < rules.k:
            return False
        if rules.l is not None:
            good = {
                "distinct": len(counts) >= rules.l.l,
                "entropy": -(shares * np.log(shares)).sum() >= np.log(rules.l.l) - 1e-9,
                "recursive": counts[0] < rules.l.c * sum(counts[int(rules.l.l) - 1 :]),
            }
            if not good[rules.l.kind]:
                return False
        if rules.t is not None:
            own = np.bincount([secret[row] for row in rows], minlength=3)
            if distance(own[None], whole, ordered=bool(rules.ordered))[0] > rules.t + 1e-9:
                return False
    return bool(found)


def mechanisms(drawn: Given, rules: Rules, suppress: float):
    yield FullDomain(known=KNOWN, rules=rules, hierarchies=drawn.hierarchies, suppress=suppress)
    yield LocalRecoding(known=KNOWN, rules=rules, hierarchies=drawn.hierarchies, suppress=suppress)
    yield Mondrian(known=KNOWN, rules=rules)


@settings(max_examples=EXAMPLES)
@given(tables(), st.sampled_from(RULES), st.sampled_from([0.0, 0.1, 0.4]))
def test_every_class_keeps_the_rules_or_the_table_is_refused(drawn: Given, rules: Rules, suppress: float):
    table = drawn.table
    at = [table.at(name) for name in KNOWN]
    for mechanism in mechanisms(drawn, rules, suppress):
        try:
            view = mechanism(table, rng=None).view
        except (PromiseError, DataError):
            continue
        assert keeps(view, rules)
        assert all(claim.holds for claim in mechanism.claims(view))
        # Rows stay in their order, every cell covers its value, and other columns are not touched.
        assert (view.low <= table.low).all() and (table.low <= view.high).all()
        others = [i for i in range(len(table.domains)) if i not in at]
        assert np.array_equal(view.low[:, others], table.low[:, others])
        assert np.array_equal(view.high[:, others], table.low[:, others])
        hidden = len(table) - sum(map(len, boxes(view).values()))
        allowed = 0.0 if isinstance(mechanism, Mondrian) else suppress
        assert hidden <= allowed * len(table) + 1e-9
        assert mechanism.budget is None


@settings(max_examples=EXAMPLES)
@given(tables(), st.sampled_from(RULES), st.sampled_from([0.0, 0.1, 0.4]))
def test_the_lattice_is_as_if_all_nodes_had_been_counted(drawn: Given, rules: Rules, suppress: float):
    table = drawn.table
    given_ = {h.name: h for h in drawn.hierarchies}
    levels = []
    for name in KNOWN:
        m = len(table.domains[table.at(name)])
        flat = Hierarchy(name, np.array([np.arange(m), np.zeros(m)], np.int32), (("",) * m, ("*",)))
        levels.append(given_.get(name, flat))
    best, best_node = np.inf, None
    for node in product(*[range(h.levels) for h in levels]):
        low, high = table.low.copy(), table.low.copy()
        for h, level in zip(levels, node, strict=True):
            group = h.group[level][table.low[:, table.at(h.name)]]
            low[:, table.at(h.name)] = h.start[level][group]
            high[:, table.at(h.name)] = h.stop[level][group] - 1
        view = Table(table.domains, low, high, table.people)
        lost, hidden = np.zeros(len(table)), np.ones(len(table), np.bool_)
        for h in levels:
            i = table.at(h.name)
            lost += (high[:, i] - low[:, i]) / max(h.values - 1, 1) / len(KNOWN)
        for rows in boxes(view).values():
            # A class that fails is suppressed: does it alone keep the rules, against all rows?
            hidden[rows] = not _alone(view, rows, rules)
        if hidden.all() or hidden.sum() > suppress * len(table) + 1e-9:
            continue
        loss = float(np.where(hidden, 1.0, lost).mean())
        if loss < best - 1e-12:
            best, best_node = loss, node
    mechanism = FullDomain(known=KNOWN, rules=rules, hierarchies=drawn.hierarchies, suppress=suppress)
    if best_node is None:
        with pytest.raises((PromiseError, DataError)):
            mechanism.search(table)
    else:
        found = mechanism.search(table)
        assert found.loss == pytest.approx(best) and found.node == best_node


def _alone(view: Table, rows: list[int], rules: Rules) -> bool:
    if (len(rows) if view.people is None else len(set(view.people[rows].tolist()))) < rules.k:
        return False
    secret = view.low[:, view.at("s")]
    counts = np.bincount(secret[rows], minlength=3)[None]
    good = rules.l is None or bool(rules.l.passes(counts)[0])
    far = distance(counts, np.bincount(secret, minlength=3), ordered=bool(rules.ordered))[0]
    return good and (rules.t is None or bool(far <= rules.t + 1e-9))


def people(n: int = 400, seed: int = 0) -> Table:
    rng = np.random.default_rng(seed)
    domains = [Domain(name, tuple(map(str, range(m)))) for name, m in zip("abcs", (20, 6, 4, 3), strict=True)]
    columns = [rng.integers(0, len(d), n) ** 2 // len(d) for d in domains[:-1]]
    # Mostly one secret for each value of a: classes that are fine in k are not in l and t.
    columns.append(np.where(rng.random(n) < 0.8, columns[0] % 3, rng.integers(0, 3, n)))
    return Table.of(domains, np.array(columns).T)


@pytest.mark.parametrize("make", [LocalRecoding, Mondrian, FullDomain])
def test_a_broken_twin_is_caught(make):
    """A mechanism that counts one person too few, or forgets l, makes what its claims refuse."""
    table = people()
    more = {"suppress": 0.3} if make is not Mondrian else {}
    loose = make(known=KNOWN, rules=Rules(k=4), **more)(table, rng=None).view
    assert all(claim.holds for claim in verified(loose, KNOWN, Rules(k=4)))
    smallest = min(map(len, boxes(loose).values()))
    assert not all(claim.holds for claim in verified(loose, KNOWN, Rules(k=smallest + 1)))
    # Rules a little above what a mechanism without l and t reaches.
    seen = anonymity(loose, KNOWN, secret="s")
    assert seen.entropy is not None and seen.t is not None
    diverse = Rules(k=4, l=Diversity(seen.entropy + 0.01, "entropy"), secret="s")
    close = Rules(k=4, t=seen.t - 0.01, secret="s")
    for rules in (diverse, close):
        assert [claim.holds for claim in verified(loose, KNOWN, rules)] == [True, False]
    strict = Rules(k=4, l=Diversity(2), secret="s")
    kept = make(known=KNOWN, rules=strict, **more)(table, rng=None).view
    assert all(claim.holds for claim in verified(kept, KNOWN, strict, subsets=2))
    # One cell made finer after the mechanism is seen too.
    low, high = kept.low.copy(), kept.high.copy()
    row = int(np.argmax(high[:, 0] > low[:, 0]))
    low[row, 0] = high[row, 0] = table.low[row, 0]
    assert not all(claim.holds for claim in verified(replace(kept, low=low, high=high), KNOWN, strict))


def test_local_recoding_loses_less_than_whole_columns_do():
    table = people()
    local = LocalRecoding(known=KNOWN, rules=Rules(k=5), suppress=0.3)(table, rng=None).view
    whole = FullDomain(known=KNOWN, rules=Rules(k=5), suppress=0.3)(table, rng=None).view
    assert (local.high - local.low).sum() < (whole.high - whole.low).sum()


def test_k_counts_people_where_the_table_says_whose_its_rows_are():
    # Each person has three equal rows: k = 2 of rows is there at once, k = 2 of people is not.
    people = np.repeat(np.arange(4), 3)
    table = Table.of([Domain("a", tuple("wxyz"))], people[:, None], people=people)
    mechanism = Mondrian(known=("a",), rules=Rules(k=2))
    rows = mechanism(table.published, rng=None).view
    assert rows.precise
    persons = mechanism(table, rng=None).view
    assert persons.low[:, 0].tolist() == [0] * 6 + [2] * 6
    assert persons.high[:, 0].tolist() == [1] * 6 + [3] * 6
    # Broken twin: made by counting rows, and held to people.
    assert not mechanism.claims(replace(rows, people=people))[0].holds
    assert "2 people" in mechanism.claims(persons)[0].text


def test_wrong_settings_are_refused():
    table = people()
    with pytest.raises(PromiseError, match="k is 0"):
        Rules(k=0)
    with pytest.raises(PromiseError, match="name it"):
        Rules(l=Diversity(2))
    with pytest.raises(PromiseError, match="t is 0"):
        Rules(t=0.0, secret="s")
    with pytest.raises(PromiseError, match="k is 401, and there are 400 people"):
        Mondrian(known=KNOWN, rules=Rules(k=401))(table, rng=None)
    with pytest.raises(DataError, match="no column 'z'"):
        Mondrian(known=("z",), rules=Rules(k=2))(table, rng=None)
    with pytest.raises(DataError, match="among the known"):
        Mondrian(known=("a", "s"), rules=Rules(k=2, t=0.5, secret="s"))(table, rng=None)
    with pytest.raises(DataError, match="generalised already"):
        once = Mondrian(known=KNOWN, rules=Rules(k=4))(table, rng=None).view
        Mondrian(known=KNOWN, rules=Rules(k=4))(once, rng=None)
    with pytest.raises(PromiseError, match="not even the class of all 400 rows"):
        Mondrian(known=KNOWN, rules=Rules(k=4, l=Diversity(4), secret="s"))(table, rng=None)
    constant = Table.of(table.domains, np.where(np.arange(4) == 3, 0, table.low))
    with pytest.raises(DataError, match="one value in all 400 rows"):
        Mondrian(known=KNOWN, rules=Rules(k=4, l=Diversity(2), secret="s"))(constant, rng=None)
    with pytest.raises(PromiseError, match="a share of 1"):
        FullDomain(known=KNOWN, rules=Rules(k=4), suppress=1.0)
    wrong = Hierarchy("a", np.array([[0, 1], [0, 0]], np.int32), (("x", "y"), ("*",)))
    with pytest.raises(DataError, match="has 2 values and the column has 20"):
        LocalRecoding(known=KNOWN, rules=Rules(k=4), hierarchies=(wrong,))(table, rng=None)


def test_a_lattice_too_large_is_refused_with_its_number_of_nodes():
    with pytest.raises(PromiseError, match="has 8 nodes, and 7 are allowed: take local recoding"):
        FullDomain(known=KNOWN, rules=Rules(k=4), most_nodes=7)(people(), rng=None)
    with pytest.raises(PromiseError, match="has 8 nodes, and after 0 s"):
        FullDomain(known=KNOWN, rules=Rules(k=4), seconds=0.0)(people(), rng=None)


def test_a_table_that_only_suppression_of_all_rows_would_anonymise_is_refused():
    domains = [Domain("a", tuple(map(str, range(6))))]
    table = Table.of(domains, np.arange(6)[:, None])
    for mechanism in (
        FullDomain(known=("a",), rules=Rules(k=2), suppress=0.5),
        LocalRecoding(known=("a",), rules=Rules(k=2), suppress=0.5),
        Mondrian(known=("a",), rules=Rules(k=4)),
    ):
        with pytest.raises(PromiseError):
            mechanism(table, rng=None)
