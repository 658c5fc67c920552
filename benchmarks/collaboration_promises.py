"""What `collaboration_chart.py` asserts of promises, on its own runs and on made-up collaborations."""

from __future__ import annotations

import sys
from pathlib import Path

from page import row

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.mechanisms.federate.promised_rates import CENTRAL, DISTRIBUTED, TWINS, shown

from confide.core.evidence import Evidence
from confide.measure.epsilon import two_world
from confide.measure.rows import Rows
from confide.measure.thresholds import Bonferroni

ERROR = 0.05 / (3 * 5)
"""Of one attack's bound on one seed: all bounds together are wrong on 5 pages of 100."""
ABOUT = """
TPR <= e^epsilon FPR + delta is asserted at 101 thresholds, with Clopper-Pearson limits for all of them
together (5 in 100 for all attacks and seeds of this page). The column has the least epsilon under which it
holds, the largest over attacks and seeds, and what the true answers would give. A promise above that holds
whatever an attack finds: it *cannot fail* here, and its row says nothing. So noise STRONG was added. The
records of one run are taken as independent there, as the bound needs it, though they share a model.

The made-up collaborations need no such assumption: clients with a direction each, fair coins that decide
who has records, repeated runs; epsilon is that of a client. A sound one fails once in 1,000 times. The
twins break their promise, and must be seen to. Keys that are used again in a secure sum change none of
these rates: the protocol auditor catches them (`protocol_audit.md`).
"""


def about(strong: float) -> list[str]:
    """What the table means."""
    return ABOUT.strip().replace("STRONG", f"{strong:g}").splitlines()


def least_epsilon(evidence: Evidence, delta: float) -> tuple[float, float]:
    """The least epsilon with which TPR <= e^epsilon FPR + delta at 101 thresholds, and the most it can be."""
    bound = two_world(Rows.of(evidence), confidence=1 - ERROR, threshold=Bonferroni(), delta=delta)
    return bound.low, bound.ceiling


def made_up() -> tuple[list[str], bool]:
    """A line for each sound protocol and each twin, and whether all came out as they must."""
    rows, all_right = [], True
    for name in (*CENTRAL, *DISTRIBUTED):
        budget, least, most = shown(name)
        kept = least <= budget.epsilon
        right = kept == (name not in TWINS)
        said = ("yes" if kept else "no: caught") if right else "**yes: not caught**" if kept else "**no**"
        rows.append(row(f"made up: {name}", f"{budget.epsilon:g}", f"{least:.2f} (of {most:.2f})", said))
        all_right &= right
    return rows, all_right
