"""The rates of `--until`: what an attack that is really played may reach at most."""

from __future__ import annotations

from collections.abc import Mapping

from confide.core.errors import DataError

SURELY_LINKED, LINKAGE, INFERENCE = "sure-linkage", "linkage", "inference"
RATES: Mapping[str, str] = {
    SURELY_LINKED: "row named rightly at 5% false matches",
    LINKAGE: "row named rightly, best fit whatever it is",
    INFERENCE: "secret told rightly, in the release minus out of it",
}
"""What can be limited, and what it is, in words."""


def rates_of(text: str, *, secret: bool) -> dict[str, float]:
    """The rates by what they limit, in the order given.

    Args:
        text: as a user writes them.
        secret: whether a secret column is named.

    Raises:
        DataError: for a text that is no such list, a rate that is not between 0 and 1, or a limit on the
            inference of no secret.

    >>> rates_of("linkage=0.05, inference=0.02", secret=True)
    {'linkage': 0.05, 'inference': 0.02}
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = (piece.strip() for piece in part.replace("<=", "=").partition("="))
        if name not in RATES:
            raise DataError(
                f"--until {part.strip()!r} limits nothing that is known: give {', '.join(RATES)}, each with "
                "a rate, such as linkage=0.05,inference=0.02."
            )
        if name in found:
            raise DataError(f"--until names {name} twice: give it one rate.")
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = -1.0
        if not 0 < found[name] < 1:
            raise DataError(f"--until {name}={value} is no rate: give one between 0 and 1, such as 0.05.")
    if INFERENCE in found and not secret:
        raise DataError("--until inference=... is about a secret column, and none is named (`--secret`).")
    return found
