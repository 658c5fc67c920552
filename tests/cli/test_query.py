"""`confide query`: a price, an answer, a refusal in one sentence; nothing of a row on the terminal."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from confide.cli import main

TEXT = "select state, count(*) as n from people group by state order by n desc"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    states, secret = ["NY", "TX"] * 500, ["zanzibar"]
    frame = pl.DataFrame({"user_id": range(1_001), "state": states + secret, "age": [40] * 1_001})
    frame.write_parquet("people.parquet")
    return tmp_path


def run(*words: str, budget: str | None = "1,1e-6", unit: str = "user_id:2") -> Result:
    given = ["people.parquet", "--unit", unit, "--ledger", "sqlite:///people.ledger"]
    return CliRunner().invoke(main, ["query", *given, *(["--budget", budget] if budget else []), *words])


def test_a_price_first_and_then_the_answer(desk: Path) -> None:
    words = ("--sql", TEXT, "--keys", "state=NY,TX,", "--within", "40")
    quote = run(*words, "--cost")
    # 2 rows a person: the smallest epsilon with which 95 % of discrete Laplace noise is within 40.
    assert quote.exit_code == 0 and "n: +-40 at 95%" in quote.output and "epsilon 0.14" in quote.output
    answer = run(*words, "--out", "a.csv")
    assert answer.exit_code == 0 and "Spent epsilon 0.14" in answer.output
    written = pl.read_csv("a.csv")
    assert sorted(written["state"].fill_null("none")) == ["NY", "TX", "none"]
    assert written.columns == ["state", "n", "n_noise_low", "n_noise_high", "n_low", "n_high"]
    again = run(*words, budget=None)
    assert "known already" in again.output and "Spent epsilon 0.14" in again.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--epsilon", "0.1", "--cost"), "the budget pays for it"),
        (("--epsilon", "2", "--cost"), "the budget does not pay for it"),
        (("--epsilon", "2"), "the smallest budget that pays for it is epsilon 2"),
        (("--within", "1"), "buys n within"),
        (("--sql", "select max(age) from people", "--epsilon", "0.1"), "one person's value"),
    ],
)
def test_what_charges_nothing_leaves_nothing_on_the_disk(
    desk: Path, words: tuple[str, ...], says: str
) -> None:
    given = ("--sql", "select count(*) as n from people", *words)
    assert says in " ".join(run(*given).output.split())
    assert [p.name for p in desk.iterdir()] == ["people.parquet"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--rho", "0.001"), "such as 1,1e-6"),
        (("--within", "1", "--cost"), "Of what is left, epsilon 1 buys n within"),
        (("--keys", "state=,"), "write state= for that group alone"),
        (("--keys", "state=a\nb"), "on one line"),
    ],
)
def test_messages_say_what_the_command_has(desk: Path, words: tuple[str, ...], says: str) -> None:
    done = run("--sql", "select count(*) as n from people", *words, budget="1")
    assert says in " ".join(done.output.split())


def test_an_empty_value_is_the_group_without_one(desk: Path) -> None:
    done = run("--sql", TEXT, "--epsilon", "0.1", "--keys", "state=", "--out", "a.csv")
    assert done.exit_code == 0 and pl.read_csv("a.csv")["state"].to_list() == [None]


def test_a_budget_that_was_refused_binds_nothing(desk: Path) -> None:
    """No ledger was made with the small budget, so that the larger one of the message pays."""
    count = ("--sql", "select count(*) from people", "--epsilon", "0.1")
    assert "smallest budget" in " ".join(run(*count, budget="0.001").output.split())
    done = run(*count, budget="1")
    assert done.exit_code == 0 and "a new ledger was made" in done.output


@pytest.mark.parametrize("unit", ["record", "user_id:3", "age:2"])
def test_another_unit_than_the_ledgers_is_refused_without_a_budget_too(desk: Path, unit: str) -> None:
    count = ("--sql", "select count(*) from people", "--epsilon", "0.1")
    assert run(*count).exit_code == 0
    done = run(*count, budget=None, unit=unit)
    assert done.exit_code == 2 and "hides all rows of any one user_id" in " ".join(done.output.split())


def test_a_rare_group_is_neither_shown_nor_printed(desk: Path) -> None:
    done = run("--sql", TEXT, "--epsilon", "0.9", "--delta", "1e-9")
    assert done.exit_code == 0 and "NY" in done.output and "zanzibar" not in done.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--sql", "select max(age) from people", "--epsilon", "0.1"), "one person's value"),
        (("--sql", TEXT, "--epsilon", "0.1"), "give the keys"),
        (("--sql", TEXT, "--epsilon", "2", "--keys", "state=NY"), "costs epsilon 2"),
        (("--sql", TEXT, "--epsilon", "x", "--keys", "state=NY"), "epsilon is x"),
        (("--sql", TEXT, "--within", "1", "--keys", "state=NY"), "buys n within"),
        (("--sql", TEXT, "--epsilon", "0.1", "--keys", "NY"), "COLUMN=VALUE"),
        (("--sql", TEXT, "--epsilon", "0.1", "--keys", "state=NY", "--keys", "state=TX"), "twice"),
        (("--sql", TEXT.replace("state", "age"), "--epsilon", "0.1", "--keys", "age=x"), "such as 30"),
        (("--sql", TEXT, "--epsilon", "0.1", "--keys", "state=NY", "--out", "no/a.csv"), "a folder that"),
        (("--sql", TEXT, "--epsilon", "0.1", "--out", "a.csv", "--cost"), "leave out --out"),
        (("--sql", TEXT, "--epsilon", "0.1", "--keys", "state=NY", "--order", "day"), "no column 'day'"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_one_sentence(
    desk: Path, words: tuple[str, ...], says: str
) -> None:
    done = run(*words)
    assert done.exit_code == 2 and says in " ".join(done.output.split())
    assert "Traceback" not in done.output and not Path("a.csv").exists()
    spent = run("--sql", "select count(*) from people", "--epsilon", "0.1", "--cost")
    assert "the budget pays for it: epsilon 1 or" in spent.output


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"unit": "user_id"}, "is no unit"),
        ({"unit": "user_id:0"}, "is no unit"),
        ({"unit": "user_id:²"}, "is no unit"),
        ({"unit": "user:3"}, "did you mean user_id"),
        ({"budget": "1;1e-6"}, "is no budget"),
        ({"budget": "inf"}, "epsilon is inf"),
        ({"budget": "-1"}, "epsilon is -1"),
        ({"budget": None}, "give the budget"),
    ],
)
def test_units_and_budgets_that_cannot_be_make_no_ledger(desk: Path, how: dict[str, str], says: str) -> None:
    done = run("--sql", "select count(*) from people", "--epsilon", "0.1", **how)
    assert done.exit_code == 2 and says in " ".join(done.output.split())
    assert not Path("people.ledger").exists()


def test_tables_to_join_and_errors_by_name_are_given_as_in_python(desk: Path) -> None:
    pl.DataFrame({"state": ["NY", "TX"], "region": ["east", "south"]}).write_parquet("regions.parquet")
    pl.DataFrame({"person": range(1_001), "rooms": [3] * 1_001}).write_parquet("homes.parquet")
    beside = ("--public", "r=regions.parquet:state", "--second", "h=homes.parquet:person")
    text = (
        "select r.region, count(*) as n, sum(clip(h.rooms, 0, 9)) as s from people join r on people.state = "
        "r.state join h on people.user_id = h.person group by r.region"
    )
    asked = ("--sql", text, "--keys", "region=east,south", "--within", "n=40")
    done = run(*beside, *asked, "--out", "a.csv")
    assert done.exit_code == 0, done.output
    # Of each state 500 people with a row each: beyond 10 times the 95 % with a chance below 1e-12.
    assert all(abs(n - 500) < 400 for n in pl.read_csv("a.csv")["n"])
    for option, wrong in {"--public": "r=regions.parquet", "--second": "homes.parquet:person"}.items():
        refused = run(option, wrong, *asked)
        assert refused.exit_code == 2 and "NAME=FILE:COLUMN" in refused.output
    refused = run(*beside, *beside[:2], *asked)
    assert refused.exit_code == 2 and "'r' twice" in refused.output


@pytest.mark.parametrize(
    ("select", "keys", "groups"),
    [
        ("h.rooms", "rooms=3,0,", [3, 0, None]),
        ("h.rooms as r", "r=3,0", [3, 0]),
        ("h.built", "built=2020-01-31,1999-01-01", ["2020-01-31", "1999-01-01"]),
        ("h.garden", "garden=true,false", [True, False]),
        ("age as years", "years=40,41", [40, 41]),
    ],
)
def test_keys_are_of_the_kind_of_the_group_that_the_query_names(
    desk: Path, select: str, keys: str, groups: list[object]
) -> None:
    """All 1,001 people have 3 rooms; the second key is nobody's, and both are answered."""
    homes = {"person": range(1_001), "rooms": [3] * 1_001, "garden": [True] * 1_001}
    pl.DataFrame({**homes, "built": [date(2020, 1, 31)] * 1_001}).write_parquet("homes.parquet")
    text = (
        f"select {select}, count(*) as n from people join h on people.user_id = h.person group by "
        f"{select.partition(' ')[0]}"
    )
    beside = ("--second", "h=homes.parquet:person")
    Path("one.sql").write_text(text + "\n")
    for asked in (("--sql", text), ("--workload", "one.sql", "--delta", "1e-8")):
        assert run(*beside, *asked, "--keys", keys, "--epsilon", "0.2", "--cost").exit_code == 0
    done = run(*beside, "--sql", text, "--keys", keys, "--epsilon", "0.2", "--out", "a.csv")
    assert done.exit_code == 0, done.output
    assert pl.read_csv("a.csv").to_series(0).to_list() == groups
    wrong = keys.partition("=")[0] + "=x"
    refused = run(*beside, "--sql", text, "--keys", wrong, "--epsilon", "0.2")
    assert refused.exit_code == 2 and "x is no value of this column" in " ".join(refused.output.split())


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (("--histogram", "age:0,40,50"), ["from", "to", "count"]),
        (("--histogram", "age:0..100/10"), ["from", "to", "count"]),
        (("--top", "state:1", "--candidates", "states.txt"), ["state", "count"]),
        (("--heavy", "state", "--delta", "1e-9"), ["state", "count"]),
        (("--tables", "state", "--keys", "state=NY,TX,"), ["state", "count"]),
        (("--tables", "state", "--tables", "state,age", "--keys", "state=NY", "--keys", "age=40"),
         ["table", "state", "age", "count"]),
    ],
)  # fmt: skip
def test_questions_beside_sql_have_a_price_first_too(
    desk: Path, words: tuple[str, ...], columns: list[str]
) -> None:
    Path("states.txt").write_text("NY\n\nTX\nWY\n")
    before = {p.name for p in desk.iterdir()}
    quote = run(*words, "--epsilon", "0.5", "--cost")
    assert quote.exit_code == 0 and "count: +-" in quote.output and "cost epsilon 0.5" in quote.output
    assert {p.name for p in desk.iterdir()} == before
    answer = run(*words, "--epsilon", "0.5", "--out", "a.csv")
    assert answer.exit_code == 0 and "Spent epsilon 0.5" in answer.output
    assert pl.read_csv("a.csv").columns[: len(columns)] == columns and "zanzibar" not in answer.output
    assert "known already" in run(*words, "--epsilon", "0.5").output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "no question"),
        (("--sql", TEXT, "--heavy", "state"), "several questions"),
        (("--histogram", "age"), "is no histogram"),
        (("--histogram", "age:0..1"), "is no histogram"),
        (("--histogram", "age:0..1000000/1"), "at most 1,000 bins"),
        (("--histogram", "age:0..1/0"), "is no histogram"),
        (("--histogram", "age:0..nan/1"), "is no histogram"),
        (("--histogram", "age:0,inf"), "is no histogram"),
        (("--histogram", "age:9,1"), "edges that rise"),
        (("--histogram", "age:0,9", "--within", "3"), "--histogram takes no --within"),
        (("--top", "state:1"), "--candidates FILE"),
        (("--top", "state", "--candidates", "states.txt"), "COLUMN:K"),
        (("--top", "state:1", "--candidates", "none.txt"), "No such file"),
        (("--top", "state:1", "--candidates", "people.parquet"), "no text in UTF-8"),
        (("--top", "age:1", "--candidates", "states.txt"), "--candidates age: NY is no value"),
        (("--heavy", "state"), "give a delta"),
        (("--tables", "state"), "not for state"),
        (("--sql", TEXT, "--within", "x", "--keys", "state=NY"), "NAME=NUMBER"),
        (("--sql", TEXT, "--within", "n=1", "--within", "n=2", "--keys", "state=NY"), "twice"),
        (("--sql", TEXT, "--within", "1", "--within", "n=2", "--keys", "state=NY"), "one or the other"),
        (("--sql", TEXT, "--candidates", "states.txt"), "--sql takes no --candidates"),
    ],
)  # fmt: skip
def test_forms_that_cannot_be_are_refused_in_one_sentence(
    desk: Path, words: tuple[str, ...], says: str
) -> None:
    Path("states.txt").write_text("NY\nTX\n")
    price = () if "--within" in words and "--sql" in words else ("--epsilon", "0.1")
    done = run(*words, *price)
    assert done.exit_code == 2 and says in " ".join(done.output.split()), done.output
    assert "Traceback" not in done.output and not Path("people.ledger").exists()


def test_a_file_that_is_there_is_not_overwritten_and_one_that_is_read_never(desk: Path) -> None:
    count = ("--sql", "select count(*) as n from people", "--epsilon", "0.1")
    Path("a.csv").write_text("mine")
    refused = run(*count, "--out", "a.csv")
    assert refused.exit_code == 2 and "overwrite it with --force" in refused.output
    assert Path("a.csv").read_text() == "mine" and not Path("people.ledger").exists()
    for read in ("people.parquet", "people.ledger"):
        refused = run(*count, "--out", read, "--force")
        assert refused.exit_code == 2 and "is read here" in refused.output
    assert run(*count, "--out", "a.csv", "--force").exit_code == 0 and "n_low" in Path("a.csv").read_text()


def test_a_budget_that_promises_nothing_is_granted_with_a_warning(desk: Path) -> None:
    done = run("--sql", "select count(*) from people", "--epsilon", "0.1", "--cost", budget="1000")
    assert done.exit_code == 0 and "budget's epsilon 1000 promises nothing" in done.output
    done = run("--sql", "select count(*) from people", "--epsilon", "0.1", "--cost")
    assert "promises nothing" not in done.output


def test_a_new_ledger_has_the_parts_that_are_given_and_more_are_admitted(desk: Path) -> None:
    count = ("--sql", "select count(*) from people", "--epsilon", "0.1")
    parts = ("--part", "ada=1/4", "--part", "ben=0.5")
    quote = run(*count, *parts, "--analyst", "ada", "--cost")
    assert quote.exit_code == 0 and not Path("people.ledger").exists()
    assert "say who asks (ada, ben), by --analyst" in " ".join(run(*count, *parts).output.split())
    done = run(*count, *parts, "--analyst", "ada")
    assert done.exit_code == 0 and "with parts for ada, ben" in done.output
    ledger = CliRunner().invoke(main, ["ledger", "admit", "people.ledger", "eve", "1/8"])
    assert ledger.exit_code == 0 and "ada: 1/4 of it, spent epsilon 0.1" in ledger.output
    ledger = CliRunner().invoke(main, ["ledger", "revoke", "people.ledger", "ben"])
    assert ledger.exit_code == 0 and "ben: 1/2 of it, spent epsilon 0, revoked" in ledger.output
    assert run(*count, "--analyst", "eve", budget=None).exit_code == 0
    other = run(*count, "--part", "ada=1/2", "--analyst", "ada")
    assert other.exit_code == 2 and "has other parts than these" in " ".join(other.output.split())


def test_a_part_is_the_most_that_its_analyst_can_spend(desk: Path) -> None:
    """A budget without delta adds up epsilons: a quarter of 1 pays for 0.25, and not for a millionth more."""
    count = ("--sql", "select count(*) from people", "--part", "ada=1/4", "--analyst", "ada")
    refused = run(*count, "--epsilon", "0.250001", budget="1")
    assert refused.exit_code == 2 and "ada has epsilon 0.25 left" in " ".join(refused.output.split())
    assert not Path("people.ledger").exists()
    assert run(*count, "--epsilon", "0.25", budget="1").exit_code == 0


def test_a_ledger_for_everybody_says_how_one_with_parts_is_made(desk: Path) -> None:
    assert run("--sql", "select count(*) from people", "--epsilon", "0.1").exit_code == 0
    done = CliRunner().invoke(main, ["ledger", "admit", "people.ledger", "eve", "1/8"])
    said = " ".join(done.output.split())
    assert (
        done.exit_code == 2 and "--part eve=1/8 of confide query" in said and "parts={'eve': '1/8'}" in said
    )


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (["ada"], "NAME=SHARE"),
        (["ada=1/4", "ada=1/2"], "names 'ada' twice"),
        (["ada=2"], "give a share above 0"),
        (["ada=x"], "the part is x"),
        (["ada=3/4", "ben=1/2"], "add up to 1.25"),
        (["ada\x1b=1/4"], "is no name of an analyst"),
    ],
)
def test_parts_that_cannot_be_make_no_ledger(desk: Path, parts: list[str], says: str) -> None:
    words = [word for part in parts for word in ("--part", part)]
    done = run("--sql", "select count(*) from people", "--epsilon", "0.1", *words)
    assert done.exit_code == 2 and says in " ".join(done.output.split()) and "\x1b" not in done.output
    assert not Path("people.ledger").exists()


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("out", ["/dev/null", "fifo", "link", "dangling", "folder", "/proc/x.csv", "x" * 300])
def test_a_place_that_no_answer_can_have_is_refused_before_the_charge(
    desk: Path, out: str, force: bool
) -> None:
    os.mkfifo("fifo")
    Path("mine.csv").write_text("mine")
    Path("link").symlink_to("mine.csv")
    Path("dangling").symlink_to("gone.csv")
    Path("folder").mkdir()
    before = {p.name for p in desk.iterdir()}
    count = ("--sql", "select count(*) from people", "--epsilon", "0.1", "--out", out)
    done = run(*count, *(["--force"] if force else []))
    assert done.exit_code == 2 and any(words in done.output for words in ("--out", "name too long"))
    assert "Traceback" not in done.output
    assert {p.name for p in desk.iterdir()} == before and Path("mine.csv").read_text() == "mine"


def test_each_file_of_a_workload_needs_a_place_too(desk: Path) -> None:
    Path("two.sql").write_text("select count(*) from people\nselect count(*) from people where age > 3\n")
    Path("a-2.csv").symlink_to("gone.csv")
    done = run("--workload", "two.sql", "--total", "0.1", "--delta", "1e-7", "--out", "a.csv", "--force")
    assert done.exit_code == 2 and "a-2.csv is a link" in " ".join(done.output.split())
    assert not Path("people.ledger").exists() and not Path("a-1.csv").exists()


def test_a_wrong_line_of_a_workload_is_named(desk: Path) -> None:
    Path("w.sql").write_text("-- counts\n\nselect count(*) from people\nselect max(age) from people\n")
    done = run("--workload", "w.sql", "--total", "0.1", "--delta", "1e-7", "--cost")
    assert done.exit_code == 2 and "--workload w.sql, line 4: " in " ".join(done.output.split())


def test_an_answer_without_rows_says_so(desk: Path) -> None:
    """50 states of one person each: at delta 1e-12 one is shown with a chance of 5e-11 at most."""
    pl.DataFrame({"user_id": range(50), "state": [str(i) for i in range(50)]}).write_parquet("people.parquet")
    done = run("--heavy", "state", "--epsilon", "0.5", "--delta", "1e-12")
    assert done.exit_code == 0 and "No row is shown" in done.output


def test_a_price_says_why_what_is_left_is_said_twice(desk: Path) -> None:
    count = ("--sql", "select count(*) from people", "--epsilon", "0.1", "--cost")
    assert "in the two ways in which the ledger counts" in " ".join(run(*count).output.split())
    assert "two ways" not in run(*count, budget="1").output


def test_the_last_bin_of_steps_ends_with_the_span(desk: Path) -> None:
    done = run("--histogram", "age:0..100/30", "--epsilon", "0.5", "--out", "a.csv")
    assert done.exit_code == 0 and pl.read_csv("a.csv")["to"].to_list() == [30, 60, 90, 100]
