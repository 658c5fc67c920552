"""`confide frontier model`: train under several budgets, attack each model, and find the budget to choose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from confide.audits import spec_of
from confide.audits.outcome import Audit
from confide.audits.run import audit
from confide.audits.settings import Settings
from confide.cli.audit import out_option
from confide.cli.exits import Done, say, sentences, usable, warn
from confide.cli.flags import GroupedCommand, GroupedOption, filled, options_of, story_of
from confide.core.errors import DataError
from confide.core.flags import HOLD, HOW
from confide.inputs.learner import LOGISTIC
from confide.inputs.numbers import parse_epsilon
from confide.report import judge_section

OWN = ("protect", "attacks")
"""Settings that this command has in its own way, or not at all."""


class _Frontier(click.Group):
    """The group, whose one command is made when it is asked for: it imports a door."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["model"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _model() if cmd_name == "model" else None


def command() -> click.Group:
    """The group."""
    return _Frontier(
        "frontier",
        help="Train under several budgets, attack each model, and compare risk with what is left.",
        short_help="Compare budgets: what each leaves of accuracy, and of risk.",
    )


def _model() -> click.Command:
    spec = spec_of("learner")
    own = [
        GroupedOption(
            ["--epsilon"], group=HOLD, metavar="X,X,...", required=True,
            help="The budgets to compare, separated by commas, such as 0.1,0.3,1,3,8.",
        ),
        GroupedOption(["--delta"], group=HOLD, metavar="X", default="1e-6", show_default=True,
                      help="Of each promise: well below one over the number of records."),
        GroupedOption(["--by"], group=HOW, type=click.Choice(list(spec.protections)),
                      help="How a regression is trained under a budget: gradient, unless you say it. "
                      "A module is trained by sgd."),
    ]  # fmt: skip
    settings = [option for option in options_of(Settings) if option.name not in OWN]
    return GroupedCommand(
        "model",
        callback=_compared,
        params=[*options_of(spec.record), *own, *settings, out_option()],
        help=f"Train under several budgets, audit each model, and mark the largest budget within the limits."
        f"\n\n{story_of(spec.record)}\n\nThe exit code is 0 if some budget is within all limits, else 1.",
        short_help="Budgets of a model that is to be trained.",
    )


@sentences
def _compared(out: Path, epsilon: str, delta: str, by: str | None, **given: Any) -> None:
    from confide.cli.progress import progress_bar

    spec = spec_of("learner")
    way = by or ("gradient" if given["model"] in (None, LOGISTIC) else "sgd")
    names = [f"{way}:{one},{delta}" for one in sorted(epsilon.split(","), key=parse_epsilon)]
    if len(set(names)) < len(names):
        raise DataError(f"--epsilon {epsilon} names a budget twice: give each once.")
    held, settings = filled(spec.record, given), filled(Settings, {**given, "protect": names})
    assert isinstance(settings, Settings)
    usable(out, public=settings.audience == "public")
    with progress_bar("training under each budget") as progress:
        done = audit(spec, held, settings=replace(settings, progress=progress, tell=warn))
    done.save(out)
    say(str(done.report))
    say(f"\nWritten to {out}: {', '.join(done.files)}")
    if not settings.limits:
        raise Done(0)
    chosen = largest_within(done, names)
    say(
        f"\nNo budget is within all limits: {', '.join(names)}."
        if chosen is None
        else f"\nThe largest budget within all limits: {chosen}."
    )
    raise Done(int(chosen is None))


def largest_within(done: Audit, names: list[str]) -> str | None:
    """The largest budget whose model is within every limit, and none larger than one that exceeds a limit.

    More is given away under a larger budget: a model that looks better there does so by chance.

    Args:
        names: of the protections, the smallest budget first.
    """
    kept = None
    for name, section in zip(names, done.sections, strict=True):
        ruling = judge_section(section, done.settings.parsed_limits).ruling
        if ruling == "exceeded":
            break
        kept = name if ruling == "within" else kept
    return kept
