"""The protection of a private session: the queries are asked through the mechanism that it answers by.

No session is opened: no ledger is charged, and no answer that is published comes from here. Worlds are dealt
in which a coin decides secrets, as for all other protections, and the session's noise is rehearsed in them.
"""

from __future__ import annotations

from confide.audits.protections import Protection, Scale
from confide.inputs.numbers import parse_epsilon, parse_number
from confide.mechanisms.noise.source import Noise
from confide.mechanisms.statistics.session_sums import SessionSums


def _session(epsilon: str, delta: str = "0", *, noise: Noise) -> SessionSums:
    return SessionSums(epsilon=parse_epsilon(epsilon), delta=parse_number(delta), noise=noise)


SESSION = Protection(
    make=_session,
    example="session:1",
    settings={
        "epsilon": "of the budget of a private session that is asked all queries, one by one",
        "delta": "of the budget; above 0 each answer gets Gaussian noise, by 0 Laplace noise",
    },
    random=True,
    alone=False,
    last=True,
    # A larger epsilon is the weaker promise, so the scale falls.
    scale=Scale(weakest=100.0, strongest=0.1, write=lambda epsilon: f"session:{epsilon:.3g}"),
)
