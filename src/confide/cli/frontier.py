"""`confide frontier`: release under several budgets, attack each release, and find the budget to choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from confide.audits import spec_of
from confide.audits.deciding import decision, promise_broken
from confide.audits.outcome import Audit
from confide.audits.run import audit
from confide.audits.settings import Settings
from confide.cli.audit_options import out_option
from confide.cli.exits import Done, as_written, sentences, usable, warn
from confide.cli.failing import Asked, marking
from confide.cli.flags import GroupedCommand, GroupedOption, filled, options_of, story_of
from confide.cli.output import output_of, output_options, show
from confide.core.errors import DataError
from confide.core.flags import HOLD, HOW
from confide.core.language import written_in
from confide.inputs.learner import LOGISTIC
from confide.inputs.numbers import parse_epsilon
from confide.releases.collaboration.compared import ComparedPlans

OWN = ("protect", "attacks")
"""Settings that this command has in its own way, or not at all."""


class _Frontier(click.Group):
    """The group, whose commands are made when they are asked for: each imports a door."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["model", "synthetic", "collaboration"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        doors = {"model": _model, "synthetic": _synthetic, "collaboration": _collaboration}
        made = doors.get(cmd_name)
        return None if made is None else made()


def command() -> click.Group:
    """The group."""
    return _Frontier(
        "frontier",
        help="Train models, make synthetic records, or run a collaboration, under several budgets or "
        "protections; attack each, and compare risk with what is left.",
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
        params=[*options_of(spec.record), *own, *settings, out_option(), *output_options()],
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
        params=[*options_of(spec.record), *own, *settings, out_option(), *output_options()],
        help="Make synthetic records by several mechanisms and budgets, audit each, and mark the largest "
        f"budget within the limits.\n\n{story_of(spec.record)}\n\nThe exit code is 0 if some budget is "
        "within all limits, else 1.",
        short_help="Mechanisms and budgets of synthetic records that are to be made.",
    )


def _collaboration() -> click.Command:
    settings = [option for option in options_of(Settings) if option.name != "protect"]
    return GroupedCommand(
        "collaboration",
        callback=_ran,
        params=[*options_of(ComparedPlans), *settings, out_option(), *output_options()],
        help=f"{story_of(ComparedPlans)}\n\nThe exit code is 0 if some run is within all limits, else 1.",
        short_help="Protections of a collaboration: secure sum, noise, both, or other plans.",
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


@sentences
def _ran(out: Path, **given: Any) -> None:
    from confide.releases.collaboration.comparing import compared

    with marking([Asked(given=given, out=out)]):
        held, settings = filled(ComparedPlans, given), filled(Settings, given)
        assert isinstance(held, ComparedPlans) and isinstance(settings, Settings)
        warn("these are rehearsals: noise comes from the seed, nothing is charged, and no model is written")
        _shown(lambda told: compared(held, settings=told), out, given, settings, doing="running each plan")


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
    with marking([Asked(given=given, out=out)]):
        _audited(kind, by_way, out, given, doing=doing)


def _audited(
    kind: str, by_way: Mapping[str, list[str]], out: Path, given: Mapping[str, Any], *, doing: str
) -> None:
    spec = spec_of(kind)
    names = [name for way in by_way.values() for name in way]
    held, settings = filled(spec.record, given), filled(Settings, {**given, "protect": names})
    assert isinstance(settings, Settings)

    def run(told: Settings) -> Audit:
        done = audit(spec, held, settings=told)
        if not told.limits:
            return done
        broken = promise_broken(done.report.page)
        with written_in(told.language):
            decided = decision(
                _rulings(done, names), by_way.values(), broken=broken, allow_unsettled=told.allow_unsettled
            )
        return replace(done, decision=decided)

    _shown(run, out, given, settings, doing=doing)


def _shown(
    run: Callable[[Settings], Audit], out: Path, given: Mapping[str, Any], settings: Settings, *, doing: str
) -> None:
    """Compare, write the report and show it; the exit code is that of what it comes to."""
    from confide.cli.progress import progress_bar

    usable(out, public=settings.audience == "public")
    output = output_of(given, out=out)
    with progress_bar(doing, quiet=output.quiet) as progress:
        done = run(
            replace(settings, progress=progress, tell=progress.around(warn), command=as_written() or None)
        )
    done.save(out)
    show(done.report, output, shared=settings.share)
    output.say(f"\nWritten to {out}: {', '.join(done.files)}")
    raise Done(done.exit_code)


def _rulings(done: Audit, names: Sequence[str]) -> dict[str, set[str]]:
    """Budget -> the rulings on its release, one a goal."""
    found = [section["verdict"] for section in done.report.page["sections"]]
    goals = max(len(found) // max(len(names), 1), 1)  # sections of each release
    return {name: set(found[i * goals : (i + 1) * goals]) for i, name in enumerate(names)}
