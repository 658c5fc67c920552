"""Audits, by what the user holds: one spec and one subject a kind, and one procedure for all of them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from confide.audits.outcome import Audit
from confide.audits.planning import Plan
from confide.audits.planning import plan as planned
from confide.audits.run import audit as run
from confide.audits.settings import Settings, SettingsGiven
from confide.audits.spec import AuditSpec
from confide.core.errors import DataError

if TYPE_CHECKING:
    from typing import Unpack

    from confide.audits.checked.outcome import CheckedAudit
    from confide.inputs.answers import Answers
    from confide.inputs.collaboration import Collaboration
    from confide.inputs.counts import Counts
    from confide.inputs.crosstabs import Crosstabs
    from confide.inputs.frequencies import Frequencies
    from confide.inputs.generator import Generator
    from confide.inputs.images import Images
    from confide.inputs.learner import Learner
    from confide.inputs.likes import Likes
    from confide.inputs.logits import Logits
    from confide.inputs.model import Model
    from confide.inputs.ratings import Ratings
    from confide.inputs.rebuild import Rebuild
    from confide.inputs.scores import Scores
    from confide.inputs.synthetic import Synthetic
    from confide.inputs.table import Table
    from confide.inputs.text import Text
    from confide.inputs.traces import Traces
    from confide.inputs.training import Training

    Held: TypeAlias = (
        Model
        | Ratings
        | Traces
        | Likes
        | Images
        | Table
        | Synthetic
        | Counts
        | Answers
        | Crosstabs
        | Frequencies
        | Training
        | Collaboration
        | Text
        | Learner
        | Generator
        | Rebuild
        | Logits
        | Scores
    )

KINDS = (
    "model",
    "ratings",
    "traces",
    "likes",
    "images",
    "table",
    "synthetic",
    "counts",
    "answers",
    "crosstabs",
    "frequencies",
    "training",
    "collaboration",
    "text",
    "learner",
    "generator",
    "rebuild",
    "logits",
    "scores",
)
"""What can be held: each word names a command, a record in `confide.inputs` and a room here."""


def spec_of(kind: str) -> AuditSpec:
    """The spec of this kind of release."""
    spec: AuditSpec = import_module(f"confide.audits.{kind}").SPEC
    return spec


def audit(held: Held, **settings: Unpack[SettingsGiven]) -> Audit:
    """Audit what is about to be published: play the adversary against it, and measure what it learns.

    Args:
        held: a filled-in record, such as `confide.Ratings("r.parquet", user="u", item="i")`.
        settings: the fields of `confide.audits.Settings`: `seed`, `protect`, `limits`, `audience` and others.

    Raises:
        ConfideError: one sentence on what is wrong and what to do.
    """
    return run(_spec_for(held), held, settings=Settings(**settings))


def plan(held: Held, **settings: Unpack[SettingsGiven]) -> Plan:
    """Plan an audit, and foretell what that of a model takes; nothing is played and nothing is written.

    Args:
        held, settings: as for `audit`.

    Raises:
        ConfideError: what an audit would be refused for.
    """
    return planned(_spec_for(held), held, settings=Settings(**settings))


def computation(
    *transcripts: Path | str,
    seen_by: str,
    accept_result: bool = False,
    allow_unclear: bool = False,
    name: str | None = None,
    share: bool = False,
) -> CheckedAudit:
    """Audit a recorded computation: what a party saw of the others' inputs, and what the result says.

    Args:
        transcripts: the records, one folder of each party that kept one.
        seen_by, accept_result, allow_unclear, name, share: the fields of `ComputationSettings`.

    Raises:
        ConfideError: one sentence on what is wrong and what to do.
    """
    from confide.audits.computations.door import audited
    from confide.audits.computations.settings import ComputationSettings

    settings = ComputationSettings(
        transcripts,
        seen_by=seen_by,
        accept_result=accept_result,
        allow_unclear=allow_unclear,
        name=name,
        share=share,
    )
    return audited(settings)


def protocol(
    given: object,
    *,
    threshold: int | None = None,
    seed: int = 7,
    draws: int = 2**16,
    tries: int = 2**18,
    allow_unclear: bool = False,
    name: str | None = None,
    share: bool = False,
) -> CheckedAudit:
    """Audit a protocol of secure aggregation: run its functions, and play the attacks that they allow.

    Args:
        given: "ours", "flwr" (the Flower that is installed), an import path of an adapter, or an adapter.
        threshold, seed, draws, tries, allow_unclear, name, share: the fields of `ProtocolSettings`.

    Raises:
        ConfideError: one sentence on what is wrong and what to do.
    """
    # Imported here: what is audited above needs no cryptography.
    from confide.audits.protocols.door import audited
    from confide.audits.protocols.settings import ProtocolSettings

    settings = ProtocolSettings(
        protocol=given,
        threshold=threshold,
        seed=seed,
        draws=draws,
        tries=tries,
        allow_unclear=allow_unclear,
        name=name,
        share=share,
    )
    return audited(settings)


def _spec_for(held: object) -> AuditSpec:
    kind = type(held).__module__.rsplit(".", 1)[-1]
    if kind not in KINDS:
        records = ", ".join(spec_of(k).record.__name__ for k in KINDS)
        raise DataError(f"a {type(held).__name__} cannot be audited: give one of {records}.")
    return spec_of(kind)


__all__ = ["KINDS", "Audit", "Plan", "Settings", "audit", "plan", "protocol", "spec_of"]
