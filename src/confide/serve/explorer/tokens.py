"""Tokens of analysts and of the owner: 32 random bytes, shown once and kept as hashes.

A token has 256 random bits, so that its plain SHA-256 cannot be searched through, and a slow hash would only
make the server slow. The file holds hashes alone; who reads it cannot log in.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Any, Literal, TypeAlias

from confide.account.terms import checked_name
from confide.core.atomic import atomic_write
from confide.core.errors import DataError

Role: TypeAlias = Literal["analyst", "owner"]
OWNER = "owner"
"""The name under which the owner's own token is kept."""
VERSION = 1
LARGEST = 10_000_000
NOBODY = sha256(b"nobody").hexdigest()
"""The digest of no token: it is compared where there is nothing else to compare."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person with a token.

    Args:
        name: in the ledger, if they are an analyst.
        role: what they may do.
    """

    name: str
    role: Role


@dataclass(slots=True)
class Tokens:
    """The tokens of everybody who may come in; kept in a file if it has a path.

    Args:
        path: of the file, readable by its owner alone; None to keep them in memory.
    """

    path: Path | None
    _hashes: dict[Visitor, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def load(cls, path: Path) -> Tokens:
        """The tokens in a file, or none where there is no file.

        Raises:
            DataError: if others can read it, or it holds something else.
        """
        if not path.exists():
            return cls(path)
        try:
            about = path.stat()
            if about.st_mode & 0o077 or (hasattr(os, "getuid") and about.st_uid != os.getuid()):
                raise DataError(
                    f"others can open {path}, which holds hashes of tokens: chmod 600 it, as your own file."
                )
            if about.st_size > LARGEST:
                raise DataError(f"{path} is too large for a file of tokens: name another.")
            said = json.loads(path.read_text(encoding="utf-8"))
            return cls(path, _read(said))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DataError(
                f"{path} holds no tokens that can be read: remove it, and give new ones out."
            ) from error

    @property
    def visitors(self) -> tuple[Visitor, ...]:
        """Everybody who has a token."""
        return tuple(self._hashes)

    def new(self, visitor: Visitor) -> str:
        """A new token, which replaces an older one. It is returned once and kept nowhere.

        Raises:
            OSError: if the file cannot be written; the older token holds then.
        """
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._keep({**self._hashes, visitor: digest_of_token(token)})
        return token

    def revoke(self, visitor: Visitor) -> None:
        """Let a token open nothing more."""
        with self._lock:
            self._keep({v: h for v, h in self._hashes.items() if v != visitor})

    def visitor(self, token: str) -> Visitor | None:
        """Whose token this is.

        All hashes are compared, each in constant time, so that time tells nothing about them.
        """
        given, found = digest_of_token(token), None
        for visitor, kept in [*self._hashes.items(), (None, NOBODY)]:
            if compare_digest(given, kept):
                found = visitor
        return found

    def _keep(self, hashes: dict[Visitor, str]) -> None:
        if self.path is not None:
            listed = [{"name": v.name, "role": v.role, "sha256": h} for v, h in hashes.items()]
            text = json.dumps({"version": VERSION, "tokens": listed}, indent=1, ensure_ascii=False)
            with atomic_write(self.path) as draft:
                draft.touch(mode=0o600)
                draft.write_text(text, encoding="utf-8")
        self._hashes = hashes


def digest_of_token(token: str) -> str:
    """The digest under which a token is kept."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _read(said: Any) -> dict[Visitor, str]:
    if said["version"] != VERSION:
        raise ValueError(said["version"])
    found: dict[Visitor, str] = {}
    for one in said["tokens"]:
        if one["role"] not in ("analyst", "owner") or len(bytes.fromhex(one["sha256"])) != 32:
            raise ValueError
        found[Visitor(checked_name(one["name"]), one["role"])] = one["sha256"]
    return found
