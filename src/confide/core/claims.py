"""Claims of a mechanism about its release that can be verified on the release alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

V_contra = TypeVar("V_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence about a release, and whether it is true.

    Args:
        text: the sentence, without a full stop.
        holds: whether it is true.
        lasts: whether it should still be true after further mechanisms. A mosaic after a blur draws new
            edges, and brings nothing back that the blur hid.
    """

    text: str
    holds: bool
    lasts: bool = True


@runtime_checkable
class Verifiable(Protocol[V_contra]):
    """A mechanism whose effect can be verified on its release.

    A promise of noise cannot be verified in this way; it rests on its proof.
    """

    def claims(self, view: V_contra) -> Sequence[Claim]:
        """The claims of this mechanism about every release that it makes, verified on this one."""
        ...
