"""Auditing a private session: the workload through its mechanism, beside the answers as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.audits.door import call

from confide.core.errors import ConfideError
from confide.inputs.answers import Answers
from confide.mechanisms.statistics.session_sums import SessionSums

PEOPLE, QUERIES = 60, 200


def run(tmp_path: Path, **given: Any) -> Any:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"age": rng.integers(20, 80, PEOPLE), "ill": (rng.random(PEOPLE) < 0.3) * 1})
    asked = pl.DataFrame({f"q{i}": rng.integers(0, 2, PEOPLE) for i in range(QUERIES)})
    usual = {"secret": "ill", "workload": asked, "seed": 3, "cache": tmp_path / "cache", "targets": 120}
    return call(Answers, frame, **{**usual, "attacks": ["box-reconstruction"], **given})


def test_a_session_is_audited_beside_the_answers_as_they_are_with_the_error_an_analyst_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = tmp_path / "desk"
    desk.mkdir()
    monkeypatch.chdir(desk)
    audit = run(tmp_path, protect=["session:1", "session:1,1e-6"])
    (table,) = (e for s in audit.sections for e in s.exhibits if e.title.startswith("What each protection"))
    rows = {row[0]: row for row in table.rows}
    risk, error = ({name: row[i] for name, row in rows.items()} for i in (2, 3))
    # Exact answers rebuild everybody. Under a session the bound of the promise holds: a right claim is at
    # most e times as likely of those who have the secret, so that the AUC is at most 1 - 1 / 2e.
    assert risk["as they are"].value == 1 and error["as they are"].value == 0
    for name in ("session:1", "session:1,1e-6"):
        assert risk[name].low <= 1 - 1 / (2 * np.e)
    # The mean of |k| for P(k) in proportion to exp(-|k| / s), of 200 queries with epsilon 1/200 each, is
    # nearly s; two worlds of 200 answers each have it within 20 % but for a chance of 1 in 10,000.
    scale = SessionSums(epsilon=1.0).law(QUERIES).scale
    assert abs(error["session:1"].value / scale - 1) < 0.2 and scale > 199
    sigma = SessionSums(epsilon=1.0, delta=1e-6).law(QUERIES).scale
    assert abs(error["session:1,1e-6"].value / (sigma * (2 / np.pi) ** 0.5) - 1) < 0.2
    for section, (epsilon, delta) in zip(audit.sections, ((1, 0), (1, 1e-6)), strict=True):
        assert (section.promise.epsilon, section.promise.delta) == (epsilon, delta)
        assert str(section.unit) == "what any one row holds in ill"
    # No ledger was made or charged.
    assert list(desk.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [("session", "epsilon is missing"), ("session:0", "epsilon is 0"), ("session:1,2", "delta is 2")],
)
def test_budgets_that_cannot_be_are_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfideError, match=says):
        run(tmp_path, protect=[text])
