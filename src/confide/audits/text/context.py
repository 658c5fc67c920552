"""The words of an audit of a language model: what was audited, and what the adversary knew."""

from __future__ import annotations

import numpy as np

from confide.audits.release import AuditedRelease
from confide.audits.spec import Context, Count
from confide.core.language import number, t
from confide.inputs.text import Text, TextData
from confide.measure.exposure import chance_of_exposure, spread_of_shared

SURE = 1e-3
"""How rarely chance may expose canaries so far, before the report says that they are exposed."""


def context_of(
    data: TextData, held: Text, release: AuditedRelease, count: Count, *, canaries: bool
) -> Context:
    """What the report says beside the numbers."""
    return _of_canaries(data, held, release, count) if canaries else _of_continuations(data, held, count)


def _of_canaries(data: TextData, held: Text, release: AuditedRelease, count: Count) -> Context:
    assert data.canaries is not None
    templates, _ = data.canaries.templates()
    sizes = sorted({template.size for template in templates})
    return Context(
        adversary=(
            t("It knew the form of each canary: which part of it is secret, and of which signs."),
            t(
                "It asked about {n} canaries that trained the model, and about others of the same form that "
                "the audit drew at random.",
                n=count(len(data.canaries)),
            ),
        ),
        about={
            t("release"): t("a language model"),
            t("canaries"): t(
                "{n} with {templates} templates", n=count(len(data.canaries)), templates=count(len(templates))
            ),
            t("candidates for a secret"): _range(sizes),
        },
        warnings=_exposed(data, held, release),
        internal_notes=_alone(data, held),
        harm=held.harm,
    )


def _exposed(data: TextData, held: Text, release: AuditedRelease) -> tuple[str, ...]:
    """That canaries are exposed, which few of them show already: of one never seen the rank is uniform."""
    assert data.canaries is not None
    templates, which = data.canaries.templates()
    drawn = np.array([np.inf if t.size <= held.candidates else held.candidates for t in templates])
    spread = spread_of_shared(which, drawn)
    found = [e for e in release.evidence if e.attack == "exposure"]
    exposed = [e.table["score"].to_numpy()[e.exposed] for e in found]
    return tuple(
        t(
            "Canaries are exposed beyond chance: as many that the model never saw would be exposed so far "
            "in fewer than 1 of {n:,.0f} audits.",
            n=1 / SURE,
        )
        for bits in exposed
        if chance_of_exposure(bits, spread=spread) < SURE
    )


def _alone(data: TextData, held: Text) -> tuple[str, ...]:
    if data.prefixes is None or data.heldout is not None:
        return ()
    return (
        t(
            "How many of the prefixes' texts anybody could foretell is not known, as no texts were held "
            "out: give --heldout to compare."
        ),
    )


def _of_continuations(data: TextData, held: Text, count: Count) -> Context:
    assert data.prefixes is not None and data.heldout is not None
    return Context(
        adversary=(
            t("It knew the beginning of each text."),
            t(
                "A text counts as got if it comes up among {n:,} draws with a probability of "
                "{probability:g} or more.",
                n=held.samples,
                probability=held.probability,
            ),
        ),
        about={
            t("release"): t("a language model"),
            t("trained the model"): t("{n} texts", n=count(len(data.prefixes))),
            t("held out"): t("{n} texts", n=count(len(data.heldout))),
        },
        harm=held.harm,
    )


def _range(sizes: list[int]) -> str:
    """The sizes of spaces in words; astronomical ones as powers.

    >>> _range([100]), _range([10, 10**30])
    ('100', '10 to 1e+30')
    """
    ends = [number(size, ",") if size < 10**15 else _power(size) for size in (sizes[0], sizes[-1])]
    return ends[0] if len(sizes) == 1 else t("{low} to {high}", low=ends[0], high=ends[1])


def _power(size: int) -> str:
    digits = len(str(size)) - 1 if size < 10**4000 else int((size.bit_length() - 1) * 0.30103)
    return f"1e+{digits}"
