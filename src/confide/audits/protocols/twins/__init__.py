"""Twins of a small masking protocol of our own, each with one flaw as released libraries have it.

They show what the auditor catches, and hold it to catching it. No code is anybody else's: only the flaw is.
"""

from __future__ import annotations

from dataclasses import replace

from confide.audits.protocols.twins.protocol import TwinProtocol
from confide.audits.protocols.twins.streams import normal, per_tensor, short_seed

__all__ = ["SOUND", "TWINS", "TwinProtocol"]

SOUND = TwinProtocol(name="no flaw")
TWINS = (
    SOUND,
    replace(
        SOUND,
        name="one scalar a tensor",
        flaw="one real number masks a whole tensor (as in OpenFL 1.9)",
        modulus=None,
        generator=per_tensor,
    ),
    replace(
        SOUND,
        name="normal noise",
        flaw="masks are normal noise on real numbers (as in APPFL 1.12)",
        modulus=None,
        generator=normal,
    ),
    replace(
        SOUND,
        name="one secret for all",
        flaw="the secret of each pair follows from one that all clients hold (as in APPFL 1.12)",
        pairs="one for all",
    ),
    replace(
        SOUND,
        name="secret key in every kit",
        flaw="the private key is in every client's kit (as NVFlare 2.9 hands out the key of its encryption)",
        pairs="in every kit",
    ),
    replace(
        SOUND,
        name="32-bit seed",
        flaw="secrets are folded to a seed of 32 bits, and the top word is never drawn (as in Flower 1.42)",
        generator=short_seed,
    ),
    replace(SOUND, name="unsigned keys", flaw="the server can hand out keys of its own", signed=False),
    replace(
        SOUND,
        name="keys reused",
        flaw="mask keys and masks are the same in each round",
        fresh=False,
        bound_to_round=False,
    ),
    replace(SOUND, name="keys kept", flaw="mask keys are the same, masks bound to the round", fresh=False),
    replace(SOUND, name="cohort of one", flaw="one survivor is enough", cohort=False),
    replace(
        SOUND,
        name="two stories",
        flaw="half the clients are enough, and nobody signs who remains",
        least=lambda n: n // 2,
        consistent=False,
    ),
)
"""The one without a flaw first."""
