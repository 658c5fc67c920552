"""`confide frontier`: release under several budgets, attack each release, and find the budget to choose."""

from __future__ import annotations

from collections.abc import Mapping
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
    """The group, whose commands are made when they are asked for: each imports a door."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["model", "synthetic"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        made = {"model": _model, "synthetic": _synthetic}.get(cmd_name)
        return None if made is None else made()


def command() -> click.Group:
    """The group."""
    return _Frontier(
        "frontier",
        help="Train models, or make synthetic records, under several budgets; attack each, and compare risk "
        "with what is left.",
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


def _synthetic() -> click.Command:
    spec = spec_of("generator")
    own = [
        GroupedOption(
            ["--mechanism"], group=HOLD, metavar="NAME,NAME,...", required=True,
            help="The mechanisms to compare, separated by commas: aim, mst, privbayes, plausible, "
            "independent; and bootstrap or noisy-copy:0.02, which promise nothing: attacks find them.",
        ),
        GroupedOption(
            ["--epsilon"], group=HOLD, metavar="X,X,...", required=True,
            help="The budgets to compare, separated by commas, such as 0.3,1,4.",
        ),
        GroupedOption(["--delta"], group=HOLD, metavar="X", default="1e-9", show_default=True,
                      help="Of each promise: well below one over the number of records."),
    ]  # fmt: skip
    settings = [option for option in options_of(Settings) if option.name not in OWN]
    return GroupedCommand(
        "synthetic",
        callback=_made_synthetic,
        params=[*options_of(spec.record), *own, *settings, out_option()],
        help="Make synthetic records by several mechanisms and budgets, audit each, and mark the largest "
        f"budget within the limits.\n\n{story_of(spec.record)}\n\nThe exit code is 0 if some budget is "
        "within all limits, else 1.",
        short_help="Mechanisms and budgets of synthetic records that are to be made.",
    )


@sentences
def _compared(out: Path, epsilon: str, delta: str, by: str | None, **given: Any) -> None:
    way = by or ("gradient" if given["model"] in (None, LOGISTIC) else "sgd")
    _side_by_side(
        "learner", {way: _under(way, epsilon, delta)}, out, given, doing="training under each budget"
    )


@sentences
def _made_synthetic(out: Path, mechanism: str, epsilon: str, delta: str, **given: Any) -> None:
    from confide.audits.synthesisers import PROMISE

    names = [name.strip() for name in mechanism.split(",")]
    if len(set(names)) < len(names):
        raise DataError(f"--mechanism {mechanism:.60} names one twice: give each once.")
    by_name = {name: _under(name, epsilon, delta) if name in PROMISE else [name] for name in names}
    _side_by_side("generator", by_name, out, given, doing="making synthetic records by each mechanism")


def _under(way: str, epsilon: str, delta: str) -> list[str]:
    """The protections of one way, the smallest budget first.

    Raises:
        DataError: if a budget is named twice, or is none.
    """
    names = [f"{way}:{one.strip()},{delta}" for one in sorted(epsilon.split(","), key=parse_epsilon)]
    if len(set(names)) < len(names):
        raise DataError(f"--epsilon {epsilon} names a budget twice: give each once.")
    return names


def _side_by_side(
    kind: str, by_way: Mapping[str, list[str]], out: Path, given: Mapping[str, Any], *, doing: str
) -> None:
    """Audit the releases of each way under its budgets, and say which is the largest within the limits."""
    from confide.cli.progress import progress_bar

    spec = spec_of(kind)
    names = [name for way in by_way.values() for name in way]
    held, settings = filled(spec.record, given), filled(Settings, {**given, "protect": names})
    assert isinstance(settings, Settings)
    usable(out, public=settings.audience == "public")
    with progress_bar(doing) as progress:
        tell = progress.around(warn)
        done = audit(spec, held, settings=replace(settings, progress=progress, tell=tell))
        done.save(out)
    say(str(done.report))
    say(f"\nWritten to {out}: {', '.join(done.files)}")
    if not settings.limits:
        raise Done(0)
    # Of each way by itself: one that keeps the limits says nothing about another.
    chosen = [kept for way in by_way.values() if (kept := largest_within(done, names, way))]
    say(
        f"\nThe largest budget within all limits: {', '.join(chosen)}."
        if chosen
        else f"\nNo budget is within all limits: {', '.join(names)}."
    )
    raise Done(int(not chosen))


def largest_within(done: Audit, names: list[str], way: list[str] | None = None) -> str | None:
    """The largest budget whose model is within every limit, and none larger than one that exceeds a limit.

    More is given away under a larger budget: a model that looks better there does so by chance.

    Args:
        names: of the protections, those of one way with the smallest budget first.
        way: those that are looked at; all if None.
    """
    kept = None
    goals = max(len(done.sections) // max(len(names), 1), 1)  # sections of each release
    for i, name in enumerate(names):
        if way is not None and name not in way:
            continue
        sections = done.sections[i * goals : (i + 1) * goals]
        rulings = [judge_section(section, done.settings.parsed_limits).ruling for section in sections]
        if "exceeded" in rulings:
            break
        kept = name if set(rulings) == {"within"} else kept
    return kept
