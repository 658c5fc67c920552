"""The explorer's engine: bins that were changed are asked again, and a ledger keeps its parts."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("opendp")

from tests.serve.explorer.conftest import SCHEMA, rows_of

from confide.core.budget import Budget, Unit
from confide.core.errors import BudgetError, DataError, LedgerError
from confide.serve.explorer.app import status_of
from confide.serve.explorer.entering import EntryError
from confide.serve.explorer.private_session import SessionEngine, open_engine
from confide.serve.explorer.questions import Asking, Question
from confide.serve.explorer.reading import read_schema

UNIT = Unit.person("user_id", at_most=3)


def opened(folder: Path, text: str = SCHEMA, **how) -> tuple[SessionEngine, Asking]:
    rows_of(50).write_parquet(folder / "people.parquet")
    file = folder / "schema.toml"
    file.write_text(text, encoding="utf-8")
    schema = read_schema(file)
    given = {"unit": UNIT, "budget": Budget(1.0), "parts": {"ada": 0.5}, **how}
    ledger = f"sqlite:///{folder / 'people.ledger'}"
    engine = open_engine(folder / "people.parquet", schema, schema_file=file, ledger=ledger, **given)
    return engine, Asking(schema, engine.table, "user_id", engine.bins)


def ask(engine: SessionEngine, asking: Asking) -> tuple[str, bool, int]:
    """The text of a question, whether it was known, and the number of cells."""
    asked = asking.asked(asking.check(Question(by=("age",), precision=Decimal("0.1"))))
    answer = engine.ask(asked, analyst="ada")
    return asked.text, answer.known, len(answer.cells)


def test_the_same_text_with_other_bins_is_another_question(tmp_path: Path) -> None:
    """Bins from 0 and bins from 10 have the same names and numbers, and not the same answer."""
    other = SCHEMA.replace("low = 0\nhigh = 100\nstep = 20", "low = 10\nhigh = 110\nstep = 20")
    found = []
    for text in (SCHEMA, SCHEMA, other):
        engine, asking = opened(tmp_path, text)
        found.append(ask(engine, asking))
        engine.close()
    assert found[0][0] == found[1][0] == found[2][0]
    assert [known for _, known, _ in found] == [False, True, False]


def test_a_ledger_keeps_its_parts(tmp_path: Path) -> None:
    engine, _ = opened(tmp_path)
    engine.close()
    engine, _ = opened(tmp_path, budget=None, parts={"ada": 0.5, "ben": 0.25})
    assert list(engine.ledger.parts) == ["ada", "ben"] and not engine.ledger.created
    engine.close()
    with pytest.raises(BudgetError, match=re.escape("ada has 0.5 of this ledger, not 0.6")):
        opened(tmp_path, parts={"ada": 0.6})
    with pytest.raises(BudgetError):
        opened(tmp_path, parts={"cleo": 0.5})
    with pytest.raises(LedgerError, match="unit"):
        opened(tmp_path, unit=Unit.person("user_id", at_most=4))
    with pytest.raises(LedgerError, match="hides all rows of any one user_id"):
        opened(tmp_path, unit=Unit.record(), budget=None)


def test_without_names_there_is_one_analyst(tmp_path: Path) -> None:
    engine, _ = opened(tmp_path, parts={}, budget=Budget(1.0, 1e-6))
    assert list(engine.ledger.parts) == ["analyst"] and engine.ledger.terms.composition == "either"
    engine.close()


def test_a_schema_of_other_data_makes_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such column"):
        opened(tmp_path, SCHEMA.replace("[columns.age]", "[columns.years]"))
    text = "[columns.state]\nlow = 0\nhigh = 9\nstep = 3\n"
    with pytest.raises(DataError, match="it holds texts"):
        opened(tmp_path, text)
    with pytest.raises(DataError, match="no column 'nobody'"):
        opened(tmp_path, unit=Unit.person("nobody", at_most=3))
    assert not (tmp_path / "people.ledger").exists()


def test_errors_have_the_status_of_their_kind() -> None:
    found = [status_of(e) for e in (EntryError("x", 403), BudgetError("x"), LedgerError("x"), DataError("x"))]
    assert found == [403, 409, 503, 422]
