"""The words of an audit of rebuilding: what was audited, what the adversary knew, and what to doubt."""

from __future__ import annotations

import numpy as np

from confide.audits.rebuild.exhibits import above_bound
from confide.audits.rebuild.looks import Look
from confide.audits.release import AuditedRelease
from confide.audits.spec import Context, Count
from confide.core.evidence import Evidence
from confide.core.language import later, t
from confide.inputs.rebuild import RebuildData
from confide.measure.rebuilding import distances
from confide.models.checkpoints import digest_of

LUCK = later(
    "That records cannot be rebuilt from a model that was stopped before its optimum is luck and no "
    "protection: a few more steps, or a better optimiser, give them away."
)
NEARLY_ALL = 0.99
"""Where fewer records are rebuilt and nothing was promised, the others are spared by the distance from the
optimum alone."""


def context_of(data: RebuildData, release: AuditedRelease, look: Look, count: Count) -> Context:
    """What the report says beside the numbers."""
    read, held = data.read, data.held
    asked = int(look.exposed.sum()), int((~look.exposed).sum())

    digest = digest_of(data.view)
    near = t("within {radius:.3g} of the true features, in the Euclidean distance", radius=look.radius)
    return Context(
        adversary=(
            t(
                "It knew how the model was trained, with its penalty, and every training record except the "
                "one it rebuilt."
            ),
            t("A record counts as rebuilt {near}.", near=near),
        ),
        about={
            t("release"): read.words,
            **({t("parameters"): f"sha256 {digest}..."} if digest else {}),
            t("trained on"): t("{n} records", n=count(int(data.member.sum()))),
            t("asked about"): t(
                "{n} of them, and {others} others", n=count(asked[0]), others=count(asked[1])
            ),
        },
        notes=_early(look),
        internal_notes=read.notes,  # they name the user's columns
        warnings=read.warnings,
        broken=above_bound(look, release.promise),
        unsettled={**read.unsettled, **_doubts(look, promised=release.promise is not None)},
        access="white-box",
        harm=held.harm,
        blind=_blind(release, data, look),
    )


def _early(look: Look) -> tuple[str, ...]:
    return () if look.optimum is None or look.optimum.mean_gradient < 1e-12 else (t(LUCK),)


def _doubts(look: Look, *, promised: bool) -> dict[str, str]:
    """What no audit of this model can settle."""
    found = look.optimum
    # No fixed distance would do: what it hides grows with the number of records.
    most = max((float(one.hit[look.exposed].mean()) for one in look.found.values()), default=0.0)
    if promised or found is None or most >= NEARLY_ALL:
        return {}
    return {
        t("a model that is not at its optimum"): t(
            "The mean gradient of all training records and the penalty is {gradient:.2g}, so the model is "
            "not at the optimum of these records: it was stopped early, the penalty is another one, or "
            "records are missing. Records that are not rebuilt from such a model are spared by luck, and "
            "not protected.",
            gradient=found.mean_gradient,
        )
    }


def _blind(release: AuditedRelease, data: RebuildData, look: Look) -> Evidence:
    """The adversary that never saw the model: it claims the mean of the records it knows for everybody."""
    rows = release.worlds[0].secrets.rows[:, :-1]
    known = release.game.secrets.rows[data.member, :-1]  # pyright: ignore[reportAttributeAccessIssue]
    # A member's own record is the one that is not known: with it the guess would lean towards members.
    own = look.exposed[:, None] * 1.0
    mean = (known.sum(axis=0) - own * rows) / np.maximum(len(known) - own, 1.0)
    far = distances(mean, rows)
    return Evidence.of(exposed=look.exposed, score=np.zeros(len(far)), hit=far <= look.radius, attack="blind")
