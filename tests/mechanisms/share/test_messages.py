"""Messages as bytes, and what is none."""

from __future__ import annotations

import numpy as np
import pytest
from tests.mechanisms.share.parties import Parties, finish

from confide.mechanisms.share.messages import unpacked
from confide.mechanisms.share.plan import SERVER
from confide.mechanisms.share.refusals import RefusedError

ANSWERS = ("keys", "shares", "masked", "agreed", "unmask")


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties.of(4, threshold=3)


@pytest.mark.parametrize("step", ANSWERS)
def test_messages_travel_as_bytes(parties: Parties, step: str):
    begun = parties.begun().until(step)
    answer = begun.answer("c001")
    packed = answer.packed()
    assert len(packed) == answer.size
    again = unpacked(packed)
    assert again.packed() == packed
    begun.server.take(again)
    finish(begun)


def test_other_bytes_are_no_message(parties: Parties):
    """Each prefix of a message, and bytes with lengths that lead outside."""
    packed = parties.begun().clients["c001"].keys().packed()
    for wrong in (b"", packed[:100], packed[:-1], packed + b"x", b"\xff" * 300):
        with pytest.raises(RefusedError, match="no message"):
            unpacked(wrong)
    rng = np.random.default_rng(0)
    for _ in range(300):
        torn = bytearray(packed)
        torn[int(rng.integers(64, len(packed)))] ^= 1 << int(rng.integers(8))
        with pytest.raises(RefusedError):
            parties.begun().server.take(unpacked(bytes(torn)))


def test_arrays_of_other_shapes_are_refused(parties: Parties):
    begun = parties.begun().until("masked")
    for wrong in (np.zeros(7, np.uint32), np.zeros(8, np.uint8), np.zeros((8, 1), np.uint32)):
        message = parties.clients["c001"].message(
            parties.plan, "masked", {"masked": wrong}, round=1, receiver=SERVER
        )
        with pytest.raises(RefusedError, match=r"'masked' in the message 'masked' of 'c001' has shape"):
            begun.server.take(message)
    finish(begun)
