"""Real runs of the commands are recorded, and audited: nothing is read, and the result says what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.audits.computations.test_computations import audit, outcomes

pytestmark = pytest.mark.slow


def test_three_parties_of_a_joint_table(tmp_path: Path) -> None:
    pytest.importorskip("mpyc")
    from tests.cli.join_desk import NAMES, Desk

    desk = Desk(tmp_path)
    desk.plan(computation="histogram", settings={"bins": 20})
    records = {name: tmp_path / f"record-{name}" for name in NAMES}
    ends = desk.run({name: desk.words(name, "--record", str(records[name])) for name in NAMES})
    assert set(ends.values()) == {0}, [desk.log(name).read_text() for name in NAMES]
    every = list(records.values())
    found = audit(every, "party:north")
    assert outcomes(found) == {
        "threshold": "passed",
        "dealt": "passed",
        "fresh": "passed",
        "inputs": "passed",
        "result": "failed",
    }
    both = audit(every, "coalition:south,east").checks["inputs"]
    assert both.outcome == "failed" and both.attacks[0].succeeded


def test_a_match_of_two_lists(tmp_path: Path) -> None:
    pytest.importorskip("private_set_intersection")
    from tests.cli.test_match import NAMES, end_of, prepared, start

    prepared(tmp_path, reveal="size")
    records = [tmp_path / f"record-{name}" for name in NAMES]
    learned = {"bank": ["--out", str(tmp_path / "size.json")], "shop": []}
    running = [
        start(tmp_path, name, *learned[name], "--record", str(folder))
        for name, folder in zip(NAMES, records, strict=True)
    ]
    assert all(end_of(process)[0] == 0 for process in running)
    for name in NAMES:
        found = outcomes(audit(records, f"party:{name}"))
        assert found == {"blinded": "passed", "order": "passed", "result": "failed"}, name
