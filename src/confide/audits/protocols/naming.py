"""Protocols by name: our own, an installed Flower, or an adapter that an import path names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from confide.audits.protocols.masking import MaskingProtocol
from confide.core.errors import DataError
from confide.models.factories import made
from confide.models.importing import import_object, is_import_path

PAGE = "docs/protocol.md says what each is"
RINGS = tuple(256**places for places in range(1, 8))
"""Sizes of rings whose words the tests of bytes and bits can judge, and that 64 bits hold."""


def protocol_named(given: object) -> MaskingProtocol:
    """The protocol of a name, with all functions that the auditor runs.

    Args:
        given: ours, flwr, an import path, or an adapter itself: an object, or a class without arguments.

    Raises:
        DataError: if there is none of this name, with the nearest; if a package that it needs is missing; or
            if functions are.
        ModelError: if it cannot be imported.
    """
    if not isinstance(given, str | Path):
        return _whole(made(given, type(given).__name__, what="the adapter"))
    name = str(given)
    if name in NAMED:
        return NAMED[name]()
    if is_import_path(name):
        return _whole(made(import_object(name), name, what="the adapter"))
    near = get_close_matches(name.lower(), (*NAMED, "flower"), n=1, cutoff=0.5)
    hint = f"did you mean {near[0].replace('flower', 'flwr')}? " if near else ""
    raise DataError(
        f"there is no protocol {name!r:.60}: {hint}There are {' and '.join(NAMED)}; an adapter of your own "
        "is given as MODULE:NAME, such as mypkg.sums:Protocol."
    )


def is_ours(protocol: MaskingProtocol) -> bool:
    """Whether a protocol is one whose errors are faults of confide."""
    return type(protocol).__module__ == "confide.audits.protocols.adapters.secure_sum"


def need_functions(thing: object, of: type, *, name: str) -> None:
    """Refuse an object that lacks functions of a protocol class.

    Raises:
        DataError: with those that it lacks.
    """
    needed = [member for member in vars(of) if not member.startswith("_")]
    lacking = [member for member in needed if not hasattr(thing, member)]
    if lacking:
        raise DataError(
            f"{name} has no {', '.join(lacking)}: {of.__name__} needs {', '.join(needed)} ({PAGE})."
        )
    values = [m for m in needed if isinstance(vars(of)[m], property)]
    wrong = [m for m in needed if m not in values and not callable(getattr(thing, m))]
    if wrong:
        raise DataError(
            f"{name} has {', '.join(wrong)}, which cannot be called: make it a function ({PAGE})."
        )


def _whole(found: object) -> MaskingProtocol:
    name = type(found).__name__
    need_functions(found, MaskingProtocol, name=name)
    protocol = cast(MaskingProtocol, found)
    if protocol.modulus is not None and protocol.modulus not in RINGS:
        raise DataError(
            f"the ring of {name} has {protocol.modulus!r:.30} words: the auditor judges rings of 256, 2^16, "
            "2^24 and so on to 2^56 words, and real numbers (None)."
        )
    refusals: object = protocol.refusals
    kinds = refusals if isinstance(refusals, tuple) else (refusals,)
    if not kinds or not all(isinstance(kind, type) and issubclass(kind, Exception) for kind in kinds):
        raise DataError(
            f"`refusals` of {name} is {refusals!r:.80}: give a tuple of the errors by which a "
            "party refuses, such as (ValueError,)."
        )
    for fault in (TypeError, AttributeError, NameError):
        if issubclass(fault, kinds):
            raise DataError(
                f"`refusals` of {name} takes a {fault.__name__} for a refusal: then a mistake in the adapter "
                "would read as a protocol that refuses. Name the errors that it raises on purpose."
            )
    return protocol


def _ours() -> MaskingProtocol:
    if find_spec("cryptography") is None:
        raise DataError("our secure sum needs cryptography: pip install 'confide[collaborate]'.")
    from confide.audits.protocols.adapters.secure_sum import SecureSumProtocol

    return SecureSumProtocol()


def _flower() -> MaskingProtocol:
    from confide.audits.protocols.adapters.flower import FlowerProtocol, need_flower

    need_flower()
    return FlowerProtocol()


NAMED: Mapping[str, Callable[[], MaskingProtocol]] = {"ours": _ours, "flwr": _flower}
"""What a user types -> the protocol."""
