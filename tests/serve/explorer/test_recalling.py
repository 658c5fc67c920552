"""Answers after a restart: read back from the ledger, shown to who paid for them, and charged to nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.serve.explorer.conftest import SCHEMA, World, world_in

from confide.account.history import Entry
from confide.core.budget import Budget
from confide.serve.explorer.questions import Asking, Only, Question
from confide.serve.explorer.reading import read_schema
from confide.serve.explorer.recalling import question_of

ODD = (
    SCHEMA
    + """
[columns.odd]
label = "Odd ' words"
values = ["it's", 'a "b"', "x; --", "", "e' and 1=1"]

[columns.agreed]
values = [true, false]

[columns.parts]
values = [1, 2, -3]
"""
)
P = Decimal("0.0123")
QUESTIONS = [
    Question(precision=P),
    Question(measure="people", by=("age",), precision=Decimal("0.1")),
    Question(measure="people", by=("age", "state"), precision=Decimal("10")),
    Question(measure="mean", of="income", by=("visited",), precision=Decimal("0.000001")),
    Question(measure="sum", of="income", precision=Decimal("1.5")),
    Question(map="home", by=("lat", "lon"), precision=P),
    Question(
        only=(Only(column="age", low=20, high=60.5), Only(column="state", among=("north",))), precision=P
    ),
    Question(only=(Only(column="lon", low=8.25), Only(column="income", high=5)), by=("odd",), precision=P),
    Question(only=(Only(column="visited", low=date(2024, 2, 1), high=date(2024, 3, 1)),), precision=P),
    Question(only=(Only(column="odd", among=("it's", 'a "b"', "x; --", "", "e' and 1=1")),), precision=P),
    Question(only=(Only(column="agreed", among=(True,)), Only(column="parts", among=(1, -3))), precision=P),
]


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    file = tmp_path / "schema.toml"
    file.write_text(ODD, encoding="utf-8")
    schema = read_schema(file)
    bins = {name: f"{name}_bin" for name in ("age", "visited", "lat", "lon")}
    return Asking(schema, "people", "user_id", bins)


def charge_of(text: str, precision: Decimal, *, gaussian: bool = False) -> Entry:
    units = int(precision * 10**6)
    how = {"epsilon": None if gaussian else units, "rho": (units**2 + 1) // 2}
    return Entry(number=1, at="", kind="charged", analyst="ada", asked=text, **how)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("gaussian", [False, True])
def test_a_question_is_read_back_from_its_text_and_cost(
    asking: Asking, question: Question, gaussian: bool
) -> None:
    asked = asking.asked(asking.check(question))
    assert question_of(charge_of(asked.text, question.precision, gaussian=gaussian), asking) == question


@pytest.mark.parametrize(
    "text",
    [
        "",
        "count",
        "select count(*) from people",  # as `confide query` may ask; the page writes it in quotes
        'select count(*) from "people" where "age" >= 20 or "age" < 10',
        'select count(*) from "people" where not "age" >= 20',
        'select "user_id", count(*) from "people" group by "user_id"',
        'select count(*) from "people" where "nobody" >= 1',
        'select sum(clip("income", 0, 5)) from "people"',
        "select 1; drop table people",
        "x" * 5000,
    ],
)
def test_what_no_page_asks_is_not_shown(asking: Asking, text: str) -> None:
    assert question_of(charge_of(text, P), asking) is None


def restarted(folder: Path, composition_delta: float) -> tuple[list[str], World]:
    """What ada and ben asked, and the explorer after a restart."""
    parts, budget = {"ada": 0.25, "ben": 0.25}, Budget(4.0, composition_delta)
    before = world_in(folder, budget, parts)
    world = next(before)
    client = world.client()
    names: list[str] = []
    asked = [
        ({"measure": "people", "by": ["age"], "precision": 0.05}, "ada"),
        ({"map": "home", "measure": "people", "precision": 0.03}, "ada"),
        ({"measure": "mean", "of": "income", "by": ["state"], "precision": 0.05}, "ben"),
    ]
    for question, name in asked:
        sent = client.post("/api/ask", json=question, headers=world.bearer(name))
        assert sent.status_code == 200, sent.text
        names.append(sent.json())
    for _ in before:
        pass
    return names, next(world_in(folder, budget, parts))


@pytest.mark.slow
@pytest.mark.parametrize("delta", [0.0, 1e-6])
def test_each_analyst_sees_what_they_paid_for_after_a_restart(tmp_path: Path, delta: float) -> None:
    asked, world = restarted(tmp_path, delta)
    client = world.client()
    entries = len(world.explorer.history())
    ada, ben = (client.get("/api/answers", headers=world.bearer(n)).json() for n in ("ada", "ben"))
    assert ada == [asked[1]["name"], asked[0]["name"]] and ben == [asked[2]["name"]]
    for answer in asked[:2]:
        # Cells, cost and notes are those of the first time.
        again = client.get(f"/api/answers/{answer['name']}", headers=world.bearer("ada"))
        assert again.json() == answer
    assert client.get(f"/api/answers/{asked[2]['name']}", headers=world.bearer("ada")).status_code == 404
    page = world.client("ada").get("/").text
    assert "Your answers" in page and "People on the map where they live" in page
    assert len(world.explorer.history()) == entries
    for one in world.clients:
        one.close()
    world.explorer.engine.close()  # pyright: ignore[reportAttributeAccessIssue]


def test_an_answer_to_other_bins_is_not_shown(tmp_path: Path) -> None:
    """The text is the same with bins from 10, and not what was asked."""
    _, world = restarted(tmp_path, 0.0)
    engine = world.explorer.engine
    moved = {**engine.session.extract.derived, "age_bin": "0"}  # pyright: ignore[reportAttributeAccessIssue]
    engine.session.extract.derived = moved  # pyright: ignore[reportAttributeAccessIssue]
    assert world.explorer.results("ada") == [] and world.explorer.results("ben") == []
    entries = [e.kind for e in engine.ledger.history()]
    assert entries.count("charged") == 3
    engine.close()  # pyright: ignore[reportAttributeAccessIssue]


def test_another_precision_is_another_question(asking: Asking) -> None:
    asked = asking.asked(asking.check(QUESTIONS[0]))
    found = question_of(charge_of(asked.text, Decimal("0.5")), asking)
    assert found == replace(QUESTIONS[0], precision=Decimal("0.5"))
