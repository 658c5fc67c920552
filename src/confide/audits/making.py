"""How a released file was made, as the adversary knows it: said, read from its sidecar, or worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from confide.audits.protections import Protection, made_by, parse_protections
from confide.core.arrays import Ints
from confide.core.errors import DataError
from confide.core.language import t
from confide.core.nouns import AnyMechanism
from confide.inputs.worked_out.contrast import Contrast
from confide.inputs.worked_out.making import Making
from confide.mechanisms.anchors.published import Published


@dataclass(frozen=True, slots=True)
class HowMade:
    """How a released file was made.

    Args:
        mechanism: as the adversary knows it; None where nothing was released before.
        notes: what was worked out, in sentences.
        unexplained: why known facts do not occur in the release as the mechanism would show them, as a
            clause; empty where they do. What was not found proves nothing then.
    """

    mechanism: AnyMechanism | None = None
    notes: tuple[str, ...] = ()
    unexplained: str = ""

    @property
    def unsettled(self) -> Mapping[str, str]:
        """What the audit cannot settle then, in a few words, and why."""
        if not self.unexplained:
            return {}
        return {
            t("how the release was made"): t(
                "How the release was made is not known: {why}. A real adversary may know, and find more "
                "people than this one. Say it with --made-by.",
                why=self.unexplained,
            )
        }


UNRELEASED = HowMade()
"""Nothing was released before: the originals are."""


def how_made(
    released: object,
    said: str | None,
    protections: Mapping[str, Protection],
    *,
    kind: str,
    work_out: Callable[[], Making],
    contrasts: Callable[[AnyMechanism], Sequence[Contrast]],
    rows: Callable[[], Ints],
) -> HowMade:
    """How a released file was made: by its sidecar, as somebody says, or as a comparison shows.

    An adversary that did not know would be weaker than a real one, and the audit a false all-clear.

    Args:
        released: the file, or a frame in memory; None where the originals are released.
        said: the protections as a user writes them after --made-by.
        protections: what can be written.
        kind: of the release, as the door reads it.
        work_out: compares originals and release.
        contrasts: what the release shows that is not as a mechanism makes it.
        rows: the row of the file behind each row of the release, from 0.

    Raises:
        DataError: for protections that cannot be read, a sidecar of another kind or that says otherwise, or a
            release that contradicts what is said; its first rows that do are named.
    """
    if released is None:
        return UNRELEASED
    known = made_by(released, said, protections, kind=kind)
    if known is not None and said is None:
        return HowMade(known)  # the sidecar is checked against the bytes of the file
    if known is not None and said is not None:
        return _held_against(said, known, contrasts(known), rows)
    return _learned(work_out(), protections)


def _held_against(
    said: str, mechanism: AnyMechanism, found: Sequence[Contrast], rows: Callable[[], Ints]
) -> HowMade:
    """What somebody says, if the release does not contradict it."""
    for contrast in found:
        if contrast.said:
            first = contrast.rows(rows())
            raise DataError(
                f"--made-by says {said}, and {contrast.clause}{f', first in {first}' if first else ''}: "
                "correct it, or leave it out, and the audit works it out."
            )
    doubts = [
        t("{clause}, and --made-by {said} does not say why", clause=contrast.clause, said=said)
        for contrast in found
    ]
    return HowMade(mechanism, unexplained="; ".join(doubts))


def _learned(making: Making, protections: Mapping[str, Protection]) -> HowMade:
    """What was worked out, as the adversary's knowledge."""
    text = making.text
    mechanism = parse_protections([text], protections)[text] if text else Published()
    if not text:
        same = t("A comparison of both files shows that no value was changed.")
        notes = () if making.unexplained else (same,)
        return HowMade(mechanism, notes, making.unexplained or "")
    notes = (
        t(
            "How the release was made was worked out from both files, and the adversary knows it: {made}. "
            "If that is wrong, say it with --made-by.",
            made=text,
        ),
        *making.sentences,
    )
    return HowMade(mechanism, notes, making.unexplained or "")
