"""Commands made from records: every field is an option, its docstring line the help, and 0 is a value."""

from __future__ import annotations

from dataclasses import fields
from typing import get_type_hints

import pytest

from confide.audits import KINDS, spec_of
from confide.audits.settings import Settings, SettingsGiven
from confide.cli.audit import command
from confide.cli.flags import _helps, _kind_and_flag, filled
from confide.inputs.model import Model


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
        assert text.startswith(_helps(record)[name][:40]), name


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
