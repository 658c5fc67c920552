"""Audits of recorded computations: the mechanisms hide what goes in, each broken twin is caught."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.audits.computations import kept

from confide.audits.checked.outcome import CheckedAudit
from confide.audits.computations.door import audited
from confide.audits.computations.settings import ComputationSettings
from confide.cli import main
from confide.core.errors import DataError


def audit(folders: list[Path], who: str, **more: bool) -> CheckedAudit:
    return audited(ComputationSettings(tuple(folders), seen_by=who, **more))  # type: ignore[arg-type]


def outcomes(found: CheckedAudit) -> dict[str, str]:
    return {name: check.outcome for name, check in found.checks.items()}


@pytest.mark.parametrize("who", ["party:a", "party:b", "party:c"])
def test_honest_shares_hide_inputs_from_every_party(who: str, tmp_path: Path) -> None:
    # 80 numbers of the others. A number is met by chance with 2^-127; the test of 120 random numbers for
    # repeats alarms falsely once in a million.
    found = audit(kept.write_join(tmp_path), who)
    assert outcomes(found) == {
        "threshold": "passed",
        "dealt": "passed",
        "fresh": "passed",
        "inputs": "passed",
        "result": "failed",  # no noise: the encryption does not hide the result
    }
    assert found.exit_code == 1
    assert audit(kept.write_join(tmp_path / "again"), who, accept_result=True).exit_code == 0


def test_the_last_row_is_read_from_the_sum_by_subtraction(tmp_path: Path) -> None:
    check = audit(kept.write_join(tmp_path), "analyst").checks["result"]
    assert check.attacks[0].succeeded and float(check.attacks[0].figures["error"]) < 1e-6  # type: ignore[arg-type]


def test_a_promise_keeps_people_hidden_in_the_result(tmp_path: Path) -> None:
    found = audit(kept.write_join(tmp_path, epsilon=1.0), "party:a")
    assert found.checks["result"].outcome == "passed" and found.exit_code == 0
    assert "3 of 3 parties" in found.checks["noised"].found


@pytest.mark.parametrize("silent", ["b", "abc"])
def test_a_party_that_adds_no_noise_is_caught(silent: str, tmp_path: Path) -> None:
    # Noise of 40 numbers that is there has a sum of squares below that of noise missing once in 10^6 runs.
    found = audit(kept.write_join(tmp_path, epsilon=1.0, silent=tuple(silent)), "party:a")
    assert found.checks["noised"].outcome == "failed" and found.exit_code == 1


def test_a_promise_holds_nothing_against_more_than_may_collude(tmp_path: Path) -> None:
    check = audit(kept.write_join(tmp_path, epsilon=1.0), "coalition:b,c").checks["result"]
    assert check.outcome == "failed" and "at most 1 of 3" in check.found


def test_more_than_may_collude_read_everything(tmp_path: Path) -> None:
    found = audit(kept.write_join(tmp_path), "coalition:b,c")
    assert found.checks["threshold"].outcome == "failed" and found.checks["inputs"].outcome == "failed"
    attack = found.checks["inputs"].attacks[0]
    assert attack.succeeded and "40 of 40" in attack.story


@pytest.mark.parametrize(
    ("twin", "bad"),
    [
        (kept.constant, {"dealt", "inputs"}),
        (kept.seeded, {"inputs", "fresh"}),
        (kept.repeating, {"fresh"}),
    ],
)
def test_a_broken_twin_is_caught_and_the_attack_is_played(
    twin: kept.Deal, bad: set[str], tmp_path: Path
) -> None:
    found = audit(kept.write_join(tmp_path, twin), "party:b")
    failed = {name for name, outcome in outcomes(found).items() if outcome == "failed"} - {"result"}
    assert failed >= bad
    assert any(attack.succeeded for name in failed for attack in found.checks[name].attacks)


def test_without_the_others_records_nothing_is_passed(tmp_path: Path) -> None:
    folders = kept.write_join(tmp_path)
    found = audit(folders[:1], "party:a", accept_result=True)
    assert found.checks["inputs"].outcome == "unclear" and found.exit_code == 1


def test_a_few_numbers_settle_nothing(tmp_path: Path) -> None:
    found = audit(kept.write_join(tmp_path, count=3), "party:a", accept_result=True)
    assert found.checks["inputs"].outcome == "unclear" and found.exit_code == 1


def test_blinded_lists_hide_who_is_on_them_and_hashed_ones_do_not(tmp_path: Path) -> None:
    pytest.importorskip("private_set_intersection")
    found = audit(kept.write_match(tmp_path / "1"), "party:shop")
    assert outcomes(found) == {"blinded": "passed", "order": "passed", "result": "failed"}
    twin = audit(kept.write_match(tmp_path / "2", hashed=True), "party:shop").checks["blinded"]
    assert twin.outcome == "failed" and "of 30 people" in twin.attacks[0].story
    answered = audit(kept.write_match(tmp_path / "3"), "party:bank")
    assert answered.checks["order"].outcome == "passed"
    ordered = audit(kept.write_match(tmp_path / "4", ordered=True), "party:bank")
    assert ordered.checks["order"].outcome == "failed"
    told = audit(kept.write_match(tmp_path / "5", reveal="ids"), "analyst").checks["result"]
    assert told.attacks[0].succeeded


def test_rows_that_were_brought_together_say_nothing_and_each_twin_is_caught(tmp_path: Path) -> None:
    pytest.importorskip("private_set_intersection")
    for who in ("party:a", "party:b", "party:c"):
        checks = audit(kept.write_brought(tmp_path / who), who).checks
        assert checks["brought"].outcome == "passed", checks["brought"].found
        # A column of 99 rows: a sum of 52 + 7 bits, one of squares of 104 + 7, rounded; 40 of 60 people.
        assert (
            "a has 169 bits of such sums, and who of its list is on both takes 52" in checks["result"].found
        )
    alone = audit(kept.write_brought(tmp_path / "alone")[:1], "party:a").checks["brought"]
    assert alone.outcome == "unclear"
    # 60 rows in an order of chance go with one of three orders once in a million audits.
    for twin, read in (
        ("hashed", "60 names and 0"), ("bare", "0 names and 60"), ("seeded", "0 names and 1"),
        ("ordered", "the place of a matched row"),
    ):  # fmt: skip
        check = audit(kept.write_brought(tmp_path / twin, twin=twin), "party:a").checks["brought"]
        assert check.outcome == "failed" and read in check.attacks[0].story, check


def test_a_server_learns_nothing_and_the_client_rebuilds_the_model(tmp_path: Path) -> None:
    pytest.importorskip("tenseal")
    folders = kept.write_outsource(tmp_path)
    found = audit(folders, "server")
    checks = outcomes(found)
    assert {name for name, outcome in checks.items() if outcome == "passed"} == set(checks) - {"result"}
    attack = audit(folders, "client").checks["result"].attacks[0]
    # 7 scores give the 7 numbers of the model; the error is that of the encryption.
    assert attack.succeeded and float(attack.figures["largest error"]) < 1e-3  # type: ignore[arg-type]


def test_rows_in_the_clear_are_found_and_nothing_to_search_for_is_no_pass(
    tmp_path: Path,
) -> None:
    pytest.importorskip("tenseal")
    sent = audit(kept.write_outsource(tmp_path / "1", twin="clear"), "server").checks["inputs"]
    assert sent.outcome == "failed"
    same = audit(kept.write_outsource(tmp_path / "2", twin="zeros"), "server").checks["inputs"]
    assert same.outcome == "unclear"


@pytest.mark.parametrize("twin", ["kit", "returned", "parameters", "again"])
def test_each_twin_of_outsourcing_is_caught(twin: str, tmp_path: Path) -> None:
    pytest.importorskip("tenseal")
    found = audit(kept.write_outsource(tmp_path, twin=twin), "server")
    name = "ciphertexts" if twin == "again" else twin
    assert found.checks[name].outcome == "failed"
    if twin == "kit":
        assert found.checks[name].attacks[0].succeeded


def test_what_cannot_be_audited_is_refused(tmp_path: Path) -> None:
    folders = kept.write_join(tmp_path / "1")
    other = kept.write_join(tmp_path / "2", count=41)
    with pytest.raises(DataError, match="of another plan"):
        audit([folders[0], other[1]], "party:a")
    with pytest.raises(DataError, match="a second record of 'a'"):
        audit([folders[0], folders[0]], "party:a")
    again = kept.write_join(tmp_path / "3")  # the same plan, run once more: its truth is another
    with pytest.raises(DataError, match="records of 'a' and 'b' do not fit"):
        audit([folders[0], again[1]], "party:a")
    with pytest.raises(DataError, match="no record of 'c'"):
        audit(folders[:2], "party:c")
    for who in ("everyone", "party:", "party:a,b", "coalition:a"):
        with pytest.raises(DataError, match="give server, client, party:NAME"):
            audit(folders, who)


def test_the_command_writes_a_page_that_tells_inputs_from_the_result(tmp_path: Path) -> None:
    folders = kept.write_join(tmp_path)
    out = tmp_path / "report"
    words = ["audit", "computation", *map(str, folders), "--as", "party:b", "--out", str(out)]
    ran = CliRunner().invoke(main, words)
    assert ran.exit_code == 1, ran.output
    said = " ".join(ran.output.split())
    assert "No attack that was tried read what others put in, through the eyes of b." in said
    assert "The result itself says something of people." in said
    assert (out / "computation.html").exists() and (out / "computation.json").exists()
    assert CliRunner().invoke(main, [*words, "--accept-result"]).exit_code == 0
