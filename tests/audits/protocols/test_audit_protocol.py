"""Our own protocol passes all checks; each twin fails its own, and each failure ends in the attack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from tests.audits.protocols.flawed import COUNTING, EXPECTED, ONE_BIT_SHORT, SHORT_KEY

from confide.audits.checked.record import Check
from confide.audits.checked.renders import to_document, to_text
from confide.audits.protocols.adapters.secure_sum import SecureSumProtocol
from confide.audits.protocols.auditor import audit_protocol
from confide.audits.protocols.found import Found
from confide.audits.protocols.masking import Heard, MaskingProtocol
from confide.audits.protocols.page import page_of
from confide.audits.protocols.settings import ProtocolSettings
from confide.audits.protocols.twins import SOUND, TWINS, TwinProtocol
from confide.audits.protocols.twins.protocol import TwinClient
from confide.core.arrays import Array
from confide.core.errors import DataError, PromiseError
from confide.core.estimate import Estimate


def audited(protocol: MaskingProtocol, **settings: int) -> Found:
    return audit_protocol(
        protocol, **({"draws": 2**10, "tries": 2**12} | settings), rng=np.random.default_rng(5)
    )


def test_our_secure_sum_passes():
    """All nine; of its two tests of words each alarms falsely once in a million runs."""
    found = audited(SecureSumProtocol())
    assert found.passed
    assert len(found.checks) == 9
    assert not any(check.attacks for check in found.checks)
    assert "threshold 5 of 6" in found["cohort of one"].found


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
def test_each_flaw_is_caught_and_played(twin: TwinProtocol):
    found = audited(twin)
    assert found.failed == EXPECTED[twin.name]
    assert all(check.outcome != "unclear" for check in found.checks)
    for name in found.failed:
        assert found[name].attacks
        assert all(attack.succeeded for attack in found[name].attacks), name


def test_a_record_is_read_from_the_masked_update():
    """One scalar a tensor: exact but for rounding; in a ring, up to the step of the grid."""
    scalar = next(twin for twin in TWINS if twin.name == "one scalar a tensor")
    for twin, most in ((scalar, 1e-12), (replace(scalar, modulus=2**32), 1e-4)):
        (attack,) = audited(twin)["mask per word"].attacks
        error = attack.figures["largest error"]
        assert isinstance(error, float)
        assert error <= most


def test_the_whole_space_of_a_short_seed_is_priced():
    (attack,) = audited(next(twin for twin in TWINS if twin.name == "32-bit seed"))["key bits"].attacks
    assert attack.figures["seeds tried"] == 2**12
    assert attack.figures["seeds that fit"] == 1
    assert attack.figures["bits of the space"] == 32


def test_a_short_key_behind_a_good_generator_shows_by_collisions():
    """16 collisions among about 360 of 2^12: the interval at 95 % is some .7 bits to each side."""
    found = audited(SHORT_KEY)
    assert found.failed == ("key bits",)
    bits = found["key bits"].figures["collision entropy of a pair"]
    assert isinstance(bits, Estimate)
    assert abs(bits.value - 12) < 2
    (attack,) = found["key bits"].attacks
    share = attack.figures["share read"]
    assert isinstance(share, Estimate)
    assert share.low > 0.02, "a table of 256 of 4,096 masks holds 6 % of all"


def test_words_that_miss_half_the_ring_are_read():
    found = audited(ONE_BIT_SHORT)
    assert found.failed == ("whole ring",)
    assert found["whole ring"].attacks[0].succeeded


def test_words_in_even_steps_are_told_from_uniform_ones():
    """Each word is uniform by itself, and all differ: the differences of neighbours do not."""
    assert "whole ring" in audited(COUNTING).failed


def test_a_user_may_say_the_threshold():
    """At four of six the twin without signatures gives nobody two different lists that way."""
    twin = replace(next(twin for twin in TWINS if twin.name == "two stories"), consistent=True)
    assert audited(twin, threshold=4).passed


class _OtherSecrets(TwinClient):
    masked = False

    def mask(self, sealed, vector):
        found = super().mask(sealed, vector)
        self.masked = True
        return found

    def mask_secrets(self) -> Mapping[str, object]:
        return {name: bytes(32) if self.masked else secret for name, secret in super().mask_secrets().items()}


class _Broken(TwinClient):
    def unmask(self, survivors, dropped, agreed):
        if len(survivors) < 6:
            raise RuntimeError("a bug of the adapter")
        return super().unmask(survivors, dropped, agreed)


def _with_client(client: type[TwinClient], monkeypatch: pytest.MonkeyPatch) -> TwinProtocol:
    monkeypatch.setattr("confide.audits.protocols.twins.protocol.TwinClient", client)
    return SOUND


def test_an_adapter_with_other_secrets_is_refused(monkeypatch: pytest.MonkeyPatch):
    """Its secrets would pass every test of them, and say nothing about the masks."""
    with pytest.raises(DataError, match="do not give the masks"):
        audited(_with_client(_OtherSecrets, monkeypatch))


def test_an_error_of_the_adapter_is_no_refusal(monkeypatch: pytest.MonkeyPatch):
    found = audit_checks(_with_client(_Broken, monkeypatch))
    assert found["cohort of one"] == "unclear"
    assert found["two stories"] == "unclear"


def audit_checks(protocol: MaskingProtocol) -> dict[str, str]:
    from confide.audits.protocols.lying_server import cohort_of_one, two_stories

    return {check.name: check.outcome for check in (cohort_of_one(protocol, 5), two_stories(protocol, 5))}


class _Bare(TwinClient):
    """A client without masks."""

    def mask(self, sealed, vector):
        super().mask(sealed, vector)
        return self._protocol.reduced(vector)

    def mask_secrets(self) -> Mapping[str, object]:
        return {}


def test_no_mask_at_all_is_no_pass(monkeypatch: pytest.MonkeyPatch):
    """There is no secret to judge: a check of all secrets must not pass for having none."""

    def plain(protocol: TwinProtocol, heard: Heard) -> Array:
        half = 2**31
        return (np.sum(list(heard.masked.values()), axis=0) + half) % 2**32 - half

    monkeypatch.setattr(TwinProtocol, "total", plain)
    found = audited(_with_client(_Bare, monkeypatch))
    assert {"mask per word", "whole ring", "key bits"} <= set(found.failed)
    assert found["third client"].outcome == "unclear"
    assert found.outcome == "failed"


class _Refusing(TwinClient):
    """A client that helps nobody to a sum of fewer than all."""

    def unmask(self, survivors, dropped, agreed):
        if len(survivors) < 6:
            raise PromiseError("all or nothing.")
        return super().unmask(survivors, dropped, agreed)


def test_an_attack_that_breaks_off_leaves_the_check_failed(monkeypatch: pytest.MonkeyPatch):
    """A third client computes the masks, and the server refuses to add up fewer: the flaw is there still."""

    def total(protocol: TwinProtocol, heard: Heard) -> Array:
        if len(heard.survivors) < 5:
            raise PromiseError("too few.")
        return real(protocol, heard)

    real = TwinProtocol.total
    monkeypatch.setattr(TwinProtocol, "total", total)
    monkeypatch.setattr("confide.audits.protocols.twins.protocol.TwinClient", _Refusing)
    twin = next(twin for twin in TWINS if twin.name == "one secret for all")
    found = audited(twin)["third client"]
    assert found.outcome == "failed"
    assert not found.attacks[0].succeeded
    assert "broke off: PromiseError" in found.attacks[0].story


def test_a_protocol_with_a_wrong_sum_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(TwinProtocol, "total", lambda self, heard: np.zeros(heard.terms.words, np.int64))
    with pytest.raises(DataError, match="gives no sum of 6 clients at any threshold"):
        audited(SOUND)


def test_the_page_says_what_was_played_and_what_to_do():
    found = audited(TWINS[1])
    settings = ProtocolSettings(protocol=TWINS[1])
    page = page_of(found, settings, command="")
    assert (page["verdict"], page["exit"]) == ("failed", 1)
    for text in (
        to_text(page),
        to_document(page, title="t", made=()).markdown(),
        to_document(page, title="t", made=()).html(),
    ):
        said = " ".join(text.split())
        assert "Attack: A client sent the masked gradient" in said
        assert "What to do: Draw a word of the mask" in said


@pytest.mark.parametrize(("allow", "code"), [(False, 1), (True, 0)])
def test_what_came_to_no_answer_is_no_pass(allow: bool, code: int):
    checks = (
        Check(name="server", outcome="passed", found=""),
        Check(name="two stories", outcome="unclear", found=""),
    )
    found = Found(protocol="p", threshold=5, checks=checks)
    page = page_of(found, ProtocolSettings(protocol="ours", allow_unclear=allow), command="")
    assert (page["verdict"], page["exit"]) == ("unclear", code)
    assert page["sentence"].startswith("Nothing can be said of p: of 2 checks 1 came to no answer")
    assert page["checks"][1]["advice"].startswith("Nothing is known about this, so count it as failed")
    worse = Found(
        protocol="p", threshold=5, checks=(*checks, Check(name="key bits", outcome="failed", found=""))
    )
    assert page_of(worse, ProtocolSettings(protocol="ours", allow_unclear=True), command="")["exit"] == 1
