"""From what a user asks for to the mechanism that makes it."""

from __future__ import annotations

from dataclasses import replace

from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.core.nouns import Mechanism
from confide.mechanisms.noise.source import Noise
from confide.releases.synthesis.settings import SynthesizeSettings
from confide.views.table import Table


def maker_of(settings: SynthesizeSettings, budget: Budget) -> Mechanism[Table]:
    """The mechanism, with its noise.

    Args:
        settings: of the user.
        budget: what is left for it, where private bins have taken a part.

    Raises:
        ConfideError: for settings that cannot be.
    """
    noise: Noise = "secure" if settings.rehearse is None else "rehearsal"
    if settings.mechanism == "aim":
        from confide.mechanisms.synthesize.aim import AIM

        megabytes = 1.0 if settings.model_mb is None else settings.model_mb
        workload = workload_of(settings.workload)
        return AIM(budget=budget, workload=workload, megabytes=megabytes, rows=settings.rows, noise=noise)
    if settings.mechanism == "plausible":
        from confide.mechanisms.synthesize.plausible.mechanism import PlausibleDeniability

        made = PlausibleDeniability(generator=budget, rows=settings.rows, noise=noise)
        return made if settings.keep is None else replace(made, keep=settings.keep)
    if settings.mechanism == "mst":
        from confide.mechanisms.synthesize.mst import MST

        return MST(budget=budget, rows=settings.rows, noise=noise)
    if settings.mechanism == "privbayes":
        from confide.mechanisms.synthesize.privbayes import PrivBayes

        return PrivBayes(budget=budget, rows=settings.rows, noise=noise)
    from confide.mechanisms.synthesize.independent import IndependentMargins

    return IndependentMargins(budget=budget, rows=settings.rows, noise=noise)


def workload_of(text: str | None) -> int | tuple[tuple[str, ...], ...]:
    """The tables that are to be right.

    Raises:
        DataError: with how to write them.

    >>> workload_of(None), workload_of("3"), workload_of("age,sex;income")
    (2, 3, (('age', 'sex'), ('income',)))
    """
    if text is None:
        return 2
    if text.isascii() and text.isdigit():
        return int(text)
    sets = tuple(tuple(name.strip() for name in part.split(",")) for part in text.split(";"))
    if any(not name for one in sets for name in one):
        raise DataError(f"--workload {text:.60} is no list of tables: write 2, 3, or age,sex;age,income.")
    return sets
