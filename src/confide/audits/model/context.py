"""Texts of a report on a model: what was audited, what the adversary knew, and what to doubt."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from pathlib import Path
from typing import Any

from confide.audits.model.references import Pool
from confide.audits.release import AuditedRelease
from confide.audits.spec import Count
from confide.core.access import LADDER, BlackBox, LabelOnly, WhiteBox
from confide.core.access import access_of as access_of_view
from confide.core.language import t
from confide.core.narrowing import told
from confide.inputs.model import ACCESSES
from confide.inputs.model_data import ModelData
from confide.models.checkpoints import digest_of, name_of
from confide.models.replies import clipped_share
from confide.report.rates import percent

MOST_ROUNDED = 0.01
"""Where a larger share of answers is exactly 0 or 1, rounding hides people's differences from the attacks."""


def access_of(release: AuditedRelease) -> str:
    """The strongest access that an attack made use of: that is what was audited."""
    names = [name for name, _ in LADDER]
    # The ladder goes down from the most access, so the least index is the strongest.
    return min((e.access for e in release.evidence), key=names.index, default="blind")


def adversary(
    data: ModelData, pool: Pool, release: AuditedRelease, trusted: str, count: Count
) -> tuple[str, ...]:
    """What the adversary had beyond its access, a sentence each."""
    coverage = coverage_of(data.listed, data.held.trained_on, count)
    # The attacks on parameters explain them by the listed records; what is not listed is noise to them.
    if not coverage and access_of(release) == "white-box":
        coverage = t("Coverage unknown: say with --trained-on how many records trained the model in all.")
    default = t("By default the adversary trusts {attack}.", attack=trusted) if trusted else ""
    return tuple(
        line for line in (pool.words, _earlier(data.held.states), default, *_told(release), coverage) if line
    )


def _earlier(checkpoints: Sequence[Any]) -> str:
    if len(checkpoints) == 1:
        return t("The adversary holds 1 earlier state of the run.")
    return t("The adversary holds {n} earlier states of the run.", n=len(checkpoints)) if checkpoints else ""


def files(data: ModelData) -> tuple[str, ...]:
    """The files of the parameters and of the checkpoints by name, in sentences for internal use."""
    weights, states = data.held.weights, data.held.states
    names = ", ".join(name_of(given, number=i) for i, given in enumerate(states, 1))
    return (
        *(
            [t("The parameters are those of {file}.", file=Path(weights).name)]
            if isinstance(weights, str | Path)
            else []
        ),
        *([t("The checkpoints are {names}.", names=names)] if names else []),
    )


def _told(release: AuditedRelease) -> list[str]:
    """Which attacks knew of some people whether they were in the data, and that the others did not."""
    ran = {e.attack for e in release.evidence}
    words: dict[str, list[str]] = {}
    for attack in release.attacks:
        if attack.name in ran:
            words.setdefault(told(attack), []).append(attack.name)
    untold = words.pop("", [])
    lines = [
        t("{attack} knew {what}.", attack=names[0], what=t(what))
        if len(names) == 1
        else t("Each of {attacks} knew {what}.", attacks=", ".join(names), what=t(what))
        for what, names in words.items()
    ]
    others = t("The other attacks knew of nobody whether they were in the data.")
    return [*lines, *[others] * bool(lines and untold)]


def coverage_of(listed: int, trained_on: int | None, count: Count) -> str:
    """The share of the training records that is audited, in whole percent; empty where it is unknown.

    >>> coverage_of(900, 1000, "{:,}".format)
    'The audited list holds 900 of the 1,000 records that trained it (coverage 90 %).'
    """
    if trained_on is None:
        return ""
    # Rounded down: 99.6 % is not the whole list.
    share = percent(floor(100 * listed / trained_on) / 100)
    return t(
        "The audited list holds {listed} of the {all} records that trained it (coverage {share}).",
        listed=count(listed),
        all=count(trained_on),
        share=share,
    )


def about(data: ModelData, access: str, count: Count) -> dict[str, str]:
    """What was audited: label -> text."""
    inside, population = int(data.member.sum()), data.population

    # Only a remote model counts its queries.
    queries = getattr(data.asked, "queries", None)
    return {
        t("release"): data.words,
        **_parameters(data),
        **({t("trusted"): ", ".join(data.held.vouched)} if data.held.vouched else {}),
        t("access"): t(access),
        **({t("answers"): t("read as {what}", what=t(data.said))} if data.said else {}),
        t("members"): t("{n} records that trained it", n=count(inside)),
        t("non-members"): t("{n} records that did not", n=count(len(data.member) - inside)),
        t("population"): t("none") if population is None else t("{n} records", n=count(len(population))),
        **({} if queries is None else {t("queries"): t("it was asked about {n} records", n=count(queries))}),
    }


def _parameters(data: ModelData) -> dict[str, str]:
    """Digests of the audited parameters and of the checkpoints, by which they can be recognised later."""
    digest, states = digest_of(data.asked), data.held.states
    # A remote model shows no parameters.
    if not digest:
        return {}
    found = {t("parameters"): f"sha256 {digest}..."}
    if states and isinstance(data.asked, WhiteBox):
        found[t("checkpoints")] = ", ".join(
            f"{number} (sha256 {digest_of(state)}...)" for number, state in enumerate(data.asked.snapshots, 1)
        )
    return found


def warnings_on(data: ModelData, pool: Pool) -> tuple[str, ...]:
    """What a reader must know before they believe a number, a sentence each."""
    less = shortfall(data.view, data.held.access)
    warnings = [w for w in (less, *data.warnings, *pool.warnings) if w]
    # In a regression no answer is rounded to 0 or 1.
    if isinstance(data.view, BlackBox) and data.classes is not None:
        share = clipped_share(data.view.predict(data.targets.x), data.targets.y)
        if share > MOST_ROUNDED:
            warnings.append(
                t(
                    "{share:.0%} of the model's answers are rounded to exactly 0 or 1, which hides "
                    "differences from the attacks: audit the logits where you can.",
                    share=share,
                )
            )
    return tuple(warnings)


def shortfall(view: LabelOnly, access: str | None) -> str:
    """A warning where the view gives less than the access that was asked for; else empty.

    >>> decides = type("Decides", (), {"labels": len})()
    >>> shortfall(decides, "black-box")[:73]
    'The audit was to have black-box access, but the model gives label-only ac'
    """
    given = access_of_view(view)
    if access is None or ACCESSES.index(given) <= ACCESSES.index(access):
        return ""
    less = t(
        "The audit was to have {access} access, but the model gives {given} access: the attacks that need "
        "more did not run, and are named below.",
        access=t(access),
        given=t(given),
    )
    more = t("Somebody who gets the weights may learn more than this audit saw.")
    return f"{less} {more}" if access == "white-box" else less
