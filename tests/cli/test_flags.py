"""Commands made from records: every field is an option, its docstring line the help, and 0 is a value."""

from __future__ import annotations

from dataclasses import fields
from typing import get_type_hints

import click
import pytest
from click.testing import CliRunner

from confide import releases
from confide.audits import KINDS, spec_of
from confide.audits.settings import Settings, SettingsGiven
from confide.cli.audit import command
from confide.cli.commands import main
from confide.cli.flags import GROUPS, _helps, _kind_and_flag, filled
from confide.inputs.model import Model

from .conftest import Run


def shown(record: type) -> set[str]:
    """The fields of a record that a command line can give."""
    hints = get_type_hints(record, include_extras=True)
    return {f.name for f in fields(record) if not _kind_and_flag(hints[f.name])[1].python_only}


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_the_record_is_an_option_with_its_help(kind: str) -> None:
    record = spec_of(kind).record
    made = {p.name: p for p in command(spec_of(kind)).params}
    assert shown(record) <= set(made)
    for name in shown(record):
        text = getattr(made[name], "help", None) or getattr(made[name], "said", "")
        said = _helps(record)[name].partition("; in Python")[0]  # of which a command line says nothing
        assert text.startswith(said[:40]), name


def test_the_settings_are_options_too_where_something_is_played() -> None:
    made = {p.name for p in command(spec_of("ratings")).params}
    assert shown(Settings) <= made
    assert "seed" not in {p.name for p in command(spec_of("scores")).params}, "nothing is played there"


def test_the_keywords_of_audit_are_the_fields_of_the_settings() -> None:
    assert set(get_type_hints(SettingsGiven)) == {f.name for f in fields(Settings)}


def test_nought_is_given_and_nothing_is_not() -> None:
    options = {p.name: p for p in command(spec_of("model")).params}
    context = command(spec_of("model")).make_context(
        "model", ["m", "--members", "a", "--nonmembers", "b", "--references", "0"]
    )
    assert context.params["references"] == 0
    model = filled(Model, context.params)
    assert isinstance(model, Model) and model.references == 0 and model.checkpoints == ()
    assert options["model"].param_type_name == "argument"


PAGES = [("audit", kind) for kind in KINDS] + [("protect", kind) for kind in releases.KINDS]


def headings(page: str) -> list[str]:
    """The lines of a help page that have options under them."""
    return [line[:-1] for line in page.splitlines() if line.endswith(":") and not line.startswith(" ")]


@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_the_help_of_a_kind_lists_its_options_under_the_four_headings(
    words: tuple[str, str], run: Run
) -> None:
    done = run(*words, "--help")
    assert done.exit_code == 0
    # Nobody attacks scores that somebody else's attack has made.
    played = [GROUPS[0], GROUPS[3]] if words[1] == "scores" else list(GROUPS)
    assert headings(done.output) == [*played, "Help"]


@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_the_help_of_a_kind_speaks_of_what_a_command_line_can_give(words: tuple[str, str], run: Run) -> None:
    page = " ".join(run(*words, "--help").output.split())
    assert "in Python" not in page and "[default: ]" not in page and "x>=" not in page


def test_every_option_has_its_help() -> None:
    def options(command: click.Command, name: str) -> list[str]:
        context = click.Context(command)
        if isinstance(command, click.Group):
            inside = [command.get_command(context, word) for word in command.list_commands(context)]
            return [line for one in inside if one is not None for line in options(one, f"{name} {one.name}")]
        given = [p for p in command.get_params(context) if isinstance(p, click.Option)]
        return [f"{name} {option.opts[-1]}" for option in given if not option.help]

    assert options(main, "confide") == []


@pytest.mark.parametrize("kind", releases.KINDS)
def test_the_help_of_protect_tells_of_the_sidecar_and_of_ids(kind: str, run: Run) -> None:
    page = " ".join(run("protect", kind, "--help").output.split())
    assert "FILE.confide.json, its sidecar" in page
    assert "get new random numbers" in page or "Rows stand in random order" in page


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("audit", "transcript"), "audit takes no 'transcript': choose one of model, ratings, "),
        (("protect", "model"), "protect takes no 'model': choose one of ratings, "),
        (("audit", "ratings", "r.csv", "--facts", "0"), "'--facts': 0 is too small: give 1 or more."),
        (("audit", "ratings", "r.csv", "--facts", "1e3"), "'1e3' is not a whole number: give one in digits"),
        (("demo", "--seed", "-1"), "'--seed': -1 is too small: give 0 or more."),
    ],
)
def test_what_cannot_be_is_said_with_the_value_and_what_to_do(
    words: tuple[str, ...], says: str, run: Run
) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert says in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ("audit ratings r.csv", "--user"),
        ("audit likes l.csv --user u --item i --traits t.csv", "--trait"),
        ("audit counts v.csv", "--user"),
        ("audit answers p.csv", "--secret"),
        ("protect ratings r.csv --with rare:2 --out s.csv", "--user"),
        ("protect ratings r.csv --user u --item i --with rare:2", "--out"),
        ("protect traces v.csv --user u --time t --place p --out s.csv", "--with"),
    ],
)
def test_an_option_that_is_needed_and_missing_is_named(run: Run, words: str, missing: str) -> None:
    done = run(*words.split())
    assert done.exit_code == 2 and f"Missing option '{missing}'" in done.output


@pytest.mark.parametrize("name", ["a\ud800.parquet", "a\0.parquet"])
@pytest.mark.parametrize(
    "words",
    [
        ("identifiers", "NAME"),
        ("report", "NAME"),
        ("estimate", "NAME", "column"),
        ("audit", "ratings", "NAME", "--user", "u", "--item", "i"),
        ("audit", "ratings", __file__, "--user", "u", "--item", "i", "--out", "NAME"),
        ("protect", "ratings", __file__, "--user", "u", "--item", "i", "--with", "rare:2", "--out", "NAME"),
        ("query", "NAME", "--unit", "record", "--ledger", "sqlite:///x", "--sql", "select count(*) from x"),
    ],
    ids=" ".join,
)
def test_a_name_that_no_file_can_have_is_a_persons_error(words: tuple[str, ...], name: str) -> None:
    done = CliRunner().invoke(main, [name if word == "NAME" else word for word in words])
    assert done.exit_code == 2 and "no file can have the name a" in " ".join(done.output.split())
