"""The form of the secrets that go into a generator, and new ones of the same form.

A real secret costs a key agreement, and a search for collisions needs hundreds of thousands. So others are
drawn that look like real ones: uniform bytes, in the same encoding.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from confide.core.arrays import Rng
from confide.core.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretForm:
    """How a secret is written.

    Args:
        words: for the report.
        size: how many bytes it has, decoded.
        write: a secret from its bytes.
        read: the bytes of a secret.
    """

    words: str
    size: int
    write: Callable[[bytes], object]
    read: Callable[[object], bytes]

    @property
    def bits(self) -> int:
        """The most that such a secret can hold."""
        return 8 * self.size

    def drawn(self, count: int, *, rng: Rng) -> list[object]:
        """Secrets of this form, uniform."""
        whole = rng.bytes(self.size * count)
        return [self.write(whole[i * self.size : (i + 1) * self.size]) for i in range(count)]


def form_of(secrets: Sequence[object]) -> SecretForm:
    """The form that all these secrets have.

    Raises:
        DataError: if they are neither bytes nor whole numbers, or of different lengths.

    >>> form_of([base64.urlsafe_b64encode(bytes([i]) * 32) for i in range(8)]).words
    'base64 of 32 bytes'
    """
    if all(isinstance(secret, int) and secret >= 0 for secret in secrets):
        size = max((int(str(secret)).bit_length() + 7) // 8 for secret in secrets)
        return SecretForm(
            words=f"a whole number of {size} bytes",
            size=size,
            write=lambda raw: int.from_bytes(raw, "big"),
            read=lambda secret: int(str(secret)).to_bytes(size, "big"),
        )
    plain = [secret for secret in secrets if isinstance(secret, bytes)]
    lengths = {len(secret) for secret in plain}
    if len(plain) < len(secrets) or len(lengths) != 1:
        kinds = sorted({type(secret).__name__ for secret in secrets})
        raise DataError(
            f"the secrets of masks are {', '.join(kinds)} of {len(lengths)} lengths: `mask_secrets` must "
            "give bytes of one length, or whole numbers."
        )
    for words, write, read in (
        ("hexadecimal", binascii.hexlify, binascii.unhexlify),
        ("base64", base64.urlsafe_b64encode, base64.urlsafe_b64decode),
        ("base64", base64.b64encode, base64.b64decode),
    ):
        if all(_round_trip(secret, write, read) for secret in plain):
            size = len(read(plain[0]))
            form = f"{words} of {size} bytes"
            return SecretForm(words=form, size=size, write=write, read=_of_bytes(read))
    size = lengths.pop()
    return SecretForm(words=f"{size} bytes", size=size, write=bytes, read=_of_bytes(bytes))


def _of_bytes(read: Callable[[bytes], bytes]) -> Callable[[object], bytes]:
    def of(secret: object) -> bytes:
        assert isinstance(secret, bytes)
        return read(secret)

    return of


def _round_trip(secret: bytes, write: Callable[[bytes], bytes], read: Callable[[bytes], bytes]) -> bool:
    """Whether a secret is of this encoding; of random bytes hardly any is."""
    try:
        return write(read(secret)) == secret
    except ValueError:
        return False
