"""Of how much use a synthetic file is: measured once, and held against a limit on it."""

from __future__ import annotations

from confide.audits.release import AuditedRelease
from confide.audits.synthetic.exhibits import RULINGS
from confide.core.language import t
from confide.inputs.synthetic import SyntheticData
from confide.report import Usefulness
from confide.utility.synthetic import Gate, SyntheticUtility, synthetic_utility


def utility_of(release: AuditedRelease, data: SyntheticData) -> SyntheticUtility:
    """What the file is good for, by every measure."""

    def measured() -> SyntheticUtility:
        rng = release.settings.rng("utility")
        return synthetic_utility(
            data.real, data.synthetic, data.control, rng=rng, target=data.target, public=data.public
        )

    return release.once("utility", measured)


def held_to_a_limit(gate: Gate | None) -> Usefulness:
    """What the gate says of `--limit utility`."""
    if gate is None:
        return Usefulness(ruling="not settled", reason=t("one column alone has no margins of two"))
    return Usefulness(ruling=RULINGS[gate.standing], reason=gate.sentence)
