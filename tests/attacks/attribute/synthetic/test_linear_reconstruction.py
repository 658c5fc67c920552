"""Linear reconstruction from a synthetic file: by hand, against a dense solver, and what it refuses."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from confide.attacks.attribute import LinearReconstruction
from confide.attacks.attribute.synthetic._equations import Equations
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case
from confide.knowledge.table import TableKnowledge
from confide.views.table import Domain, Table

SEX, TOWN, AGE = Domain("sex", ("f", "m")), Domain("town", ("a", "b")), Domain("age", ("0", "1", "2"))
ILL = Domain("ill", ("no", "yes"))
STATE = Domain("state", ("p", "q", "r", "s"))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def case(file: Any, people: Any, facts: Any = None, *, known=(SEX, TOWN), secret=ILL) -> Case:
    register = Table.of(known, np.array(people))
    view = Table.of((*known, secret), np.array(file).reshape(-1, len(known) + 1))
    targets = register if facts is None else Table.of(known, np.array(facts))
    return Case(view, TableKnowledge(wrong=0.0, secret=secret.name, everybody=register), targets)


def test_four_people_by_hand() -> None:
    """A person in each cell of sex and town; each single column says half, and both together say who."""
    people = [[0, 0], [0, 1], [1, 0], [1, 1]]
    file = [[0, 0, 1], [0, 1, 0], [1, 0, 0], [1, 1, 1]]
    one = LinearReconstruction(columns=1, sets=40)(case(file, people), rng=rng())
    assert one.score == pytest.approx([0.5] * 4, abs=1e-3)
    two = LinearReconstruction(columns=2, sets=1)(case(file, people), rng=rng())
    assert two.value.tolist() == [1, 0, 0, 1] and two.score == pytest.approx([1.0] * 4, abs=1e-3)


def test_a_person_of_whom_the_file_has_no_row_is_found_by_sums() -> None:
    """All women of the file are ill, and in town b half of the people are: so the man in b is not."""
    people = [[0, 0], [0, 1], [1, 1]]
    file = [[0, 0, 1], [0, 0, 1], [0, 1, 1], [0, 0, 1]]
    # No row is about a man: the columns one by one are all there is, and town b has one row, of a woman.
    found = LinearReconstruction(columns=2, sets=1)(case(file, people), rng=rng())
    assert found.value.tolist()[:2] == [1, 1]
    # The share in each town: a 1, b 1/2; of women 1. Then the man in b has the bit 0.
    file = [[0, 0, 1], [0, 0, 1], [0, 1, 1], [1, 1, 0]]
    sums = LinearReconstruction(columns=1, sets=60)(case(file, people), rng=rng())
    assert sums.value.tolist() == [1, 1, 0] and sums.score == pytest.approx([1.0] * 3, abs=0.02)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_the_solution_is_that_of_a_dense_solver(columns: int) -> None:
    known = (SEX, TOWN, AGE)
    draw, m = rng(columns), (2, 2, 3)
    people = (draw.random((30, 3)) * m).astype(int)
    rows = (draw.random((50, 4)) * (*m, 2)).astype(int)
    dealt = case(rows, people, known=known)
    register, view = dealt.known.everybody, dealt.view.only(["sex", "town", "age"])
    equations = Equations.of(register, view, columns=columns, sets=6, rng=rng(9))
    holds = dealt.view.low[:, 3] == 1
    solution, ended = equations.solved(dealt.view.low[:, 3], np.array([1]))
    found = solution[:, 0]
    a, b, count = [], [], 0
    draw = rng(9)
    for _ in range(6):
        at = np.sort(draw.permutation(3)[:columns])
        for values in itertools.product(*(range(m[i]) for i in at)):
            mine, rows_in = ((t.low[:, at] == values).all(axis=1) for t in (register, view))
            if mine.any() and rows_in.any():
                # n (mean of bits - share)^2: one equation in the sum, divided by the root of the people.
                a.append(mine / np.sqrt(mine.sum()))
                b.append(np.sqrt(mine.sum()) * holds[rows_in].mean())
                count += 1
    assert count == equations.number
    best = lsq_linear(np.array(a), np.array(b), (0, 1), method="bvls")
    loss = lambda x: ((np.array(a) @ x - b) ** 2).sum() / 2  # noqa: E731
    assert ended and loss(found) <= best.cost + 1e-3 * max(1.0, best.cost)


def test_several_values_each_have_their_share() -> None:
    """Four people apart, each with another value of four, or of two kept ones."""
    people = [[0, 0], [0, 1], [1, 0], [1, 1]]
    file = [[0, 0, 3], [0, 1, 1], [1, 0, 0], [1, 1, 1], [1, 1, 1]]
    dealt = case(file, people, secret=STATE)
    found = LinearReconstruction(columns=2, sets=2)(dealt, rng=rng())
    assert found.value.tolist() == [3, 1, 0, 1]
    assert found.score == pytest.approx([1.0] * 4, abs=1e-3)
    commonest = LinearReconstruction(columns=2, sets=2, values=1)(dealt, rng=rng())
    assert commonest.value.tolist() == [1] * 4


def test_people_with_equal_facts_get_equal_shares_and_unknown_ones_no_claim() -> None:
    people = [[0, 0], [0, 0], [1, 1], [1, 1]]
    file = [[0, 0, 1], [0, 0, 0], [1, 1, 0], [1, 1, 0]]
    found = LinearReconstruction(columns=2, sets=1)(case(file, people, [[0, 0], [1, 1], [0, 1]]), rng=rng())
    assert found.score == pytest.approx([0.5, 1.0, 0.0], abs=1e-3)
    assert found.value.tolist()[1:] == [0, -1]


def test_a_file_of_one_value_claims_it() -> None:
    found = LinearReconstruction()(case([[0, 0, 1]], [[0, 0], [1, 1]]), rng=rng())
    assert found.value.tolist() == [1, 1]


def test_a_column_that_the_file_lacks_is_left_out() -> None:
    dealt = case([[0, 0, 1], [1, 0, 0]], [[0, 0], [1, 1]])
    less = Case(dealt.view.only(["sex", "ill"]), dealt.known, dealt.targets)
    assert LinearReconstruction()(less, rng=rng()).value.tolist() == [1, 0]


def test_it_says_what_it_lacks() -> None:
    dealt = case([[0, 0, 1], [1, 0, 0]], [[0, 0], [1, 1]])
    blind = TableKnowledge(wrong=0.0, secret="ill")
    with pytest.raises(KnowledgeError, match="needs a register of everybody"):
        LinearReconstruction()(Case(dealt.view, blind, dealt.targets), rng=rng())
    for view in (dealt.view.only(["sex"]), dealt.view.only(["ill"]), dealt.view.take(np.arange(0))):
        with pytest.raises(KnowledgeError, match="nothing can be inferred about 'ill'"):
            LinearReconstruction()(Case(view, dealt.known, dealt.targets), rng=rng())
    ranges = Table(dealt.view.domains, dealt.view.low, np.maximum(dealt.view.low, 1))
    with pytest.raises(KnowledgeError, match="exact values"):
        LinearReconstruction()(Case(ranges, dealt.known, dealt.targets), rng=rng())
