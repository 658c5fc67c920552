"""Which attacks an audit of a model plays, and what its `default` attack comes down to."""

from __future__ import annotations

from collections.abc import Sequence

from confide.attacks import membership
from confide.audits.settings import Settings
from confide.core.access import LADDER, BlackBox, access_of
from confide.core.errors import AccessError
from confide.core.narrowing import for_attack
from confide.core.nouns import AnyAttack, AnyCase
from confide.core.play import needed_access
from confide.inputs.methods import instead
from confide.inputs.model import Model
from confide.inputs.model_data import ModelData

USUAL = (
    membership.Default,
    membership.Loss,
    membership.RMIA,
    membership.LiRA,
    membership.StudentT,
    membership.Quantile,
    membership.LabelOnlyVotes,
)
"""What an audit tries by default: the baseline, and the attacks that the measurements trust."""

WHITE = (
    membership.GradientNorm,
    membership.Supervised,
    membership.NasrOutputs,
    membership.Nasr,
    membership.Decoder,
)
"""What an audit with white-box access tries besides: the steps from outputs to gradients and beyond."""


def asked_for(asked: Sequence[AnyAttack], held: Model, settings: Settings) -> Sequence[AnyAttack]:
    """The attacks to play: more by default where the audit is to have white-box access."""
    # Only if the user asked for that access: these train networks and take minutes.
    more = settings.attacks is None and held.access == "white-box"
    return (*asked, *(attack() for attack in WHITE)) if more else asked


def need_access(asked: Sequence[AnyAttack], data: ModelData) -> None:
    """Check, before references are trained, that some attack can be played with the access that there is.

    Raises:
        AccessError: with what to hand in, or to ask for, instead.
    """
    if not asked:
        return
    needed = dict.fromkeys(needed_access(attack) for attack in asked)
    kinds, given = dict(LADDER), access_of(data.view)
    if any(need not in kinds or isinstance(data.view, kinds[need]) for need in needed):
        return
    names, todo = ", ".join(attack.name for attack in asked), instead(data.model, data.view)
    raise AccessError(
        f"no attack could run on {data.name}: it gives {given} access, and {names} "
        f"{'needs' if len(asked) == 1 else 'need'} {' or '.join(needed)} access: "
        f"{todo or 'give a model that shows more, or choose other attacks (see `confide attacks`)'}."
    )


def resolved(
    asked: Sequence[AnyAttack], case: AnyCase, settings: Settings
) -> tuple[tuple[AnyAttack, ...], str]:
    """The attacks, with what `default` chooses in its place, and the name of that; empty if it was not asked.

    The chosen attack is played once: every further attack widens all intervals.
    """
    named = {attack.name: attack for attack in asked}
    # Labels alone give no scores to choose by.
    if membership.Default.name not in named or not isinstance(case.view, BlackBox):
        return tuple(asked), ""
    # Narrowed as for the attack itself, so that the choice sees no more than it would.
    seen = for_attack(membership.Default(), case)
    picked = membership.chosen(seen, rng=settings.rng("default attack"))
    del named[membership.Default.name]
    # In front, because it is the one that was asked for; if it was named too, the user's settings hold.
    return tuple({picked.name: picked, **named}.values()), picked.name
