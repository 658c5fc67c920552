"""Keys of a client, in a folder for its owner alone; in it the server's kit, which holds no secret key."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from confide.core.atomic import keep_on_disk, set_readers
from confide.core.drafts import draft_of
from confide.core.errors import DataError, PromiseError
from confide.core.paths import is_there
from confide.mechanisms.encrypt.ckks import EvaluationKit, SecretContext
from confide.mechanisms.encrypt.messages import VERSION
from confide.mechanisms.encrypt.plan import Plan
from confide.releases.outsourcing.plan_file import TRUST, OutsourcePlan, read_plan

SECRET, PLAN, KIT = "secret.key", "plan.json", "kit"
"""In the client's folder; `KIT` is the folder for the server."""
CARD, PUBLIC = "kit.json", "kit.bin"
"""In the folder of the kit."""
KEYS = "keys.json"
LARGEST_CARD = 10_000
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKeys:
    """Keys that were made.

    Args:
        folder: of the client.
        key: their id.
        kit: bytes of the server's kit.
    """

    folder: Path
    key: str
    kit: int

    def __str__(self) -> str:
        """The trust that remains, and what to do with them."""
        kit = self.folder / KIT
        return (
            f"{chr(10).join(TRUST)}\n\n"
            f"{self.folder}: keys {self.key[:8]}. {self.folder / SECRET} is the secret key: it stays here.\n"
            f"{kit}: for the server ({self.kit:,} bytes), without a secret key. Copy this folder alone."
        )


def make_keys(planned: OutsourcePlan, folder: Path) -> MadeKeys:
    """Make the keys of a client in a new folder, whole or not at all.

    Raises:
        DataError: if the folder is there already.
    """
    folder = Path(folder)
    if is_there(folder):
        raise DataError(f"{folder} exists, and keys are never written over: name a new folder.")
    client = SecretContext(planned.plan)
    public = client.kit()
    EvaluationKit(planned.plan, public, key=client.key)  # refuses what a server would refuse
    with draft_of(folder) as draft:
        draft.mkdir(mode=0o700)
        (draft / KIT).mkdir(mode=0o700)
        _write_private(draft / SECRET, secret := client.secret())
        (draft / KEYS).write_text(_card(planned.plan, client.key, secret), encoding="utf-8")
        (draft / PLAN).write_text(planned.text(), encoding="utf-8")
        (draft / KIT / PUBLIC).write_bytes(public)
        (draft / KIT / CARD).write_text(_card(planned.plan, client.key, public), encoding="utf-8")
        set_readers(draft, shared=False)
        keep_on_disk(draft)
        draft.rename(folder)
    return MadeKeys(folder=folder, key=client.key, kit=len(public))


def read_keys(folder: Path) -> tuple[OutsourcePlan, SecretContext]:
    """The plan and the secret key in a client's folder.

    Raises:
        DataError: if it holds none, they are damaged, or others on this machine may read them.
    """
    if not (folder / SECRET).is_file():
        raise DataError(f"{folder} holds no {SECRET}: name a folder of `confide outsource keys`.")
    _check_readers(folder, folder / SECRET)
    planned = read_plan(folder / PLAN)
    key, secret = _read(folder / KEYS, folder / SECRET, planned.plan)
    return planned, SecretContext(planned.plan, secret=secret, key=key)


def read_kit(folder: Path, plan: Plan) -> EvaluationKit:
    """The kit of a client, for the server.

    Raises:
        PromiseError: if it holds a secret key.
        DataError: if it is none, damaged, or of another plan.
    """
    if (folder / SECRET).exists():
        raise PromiseError(
            f"{folder} holds the secret key {folder / SECRET}: a server must never have it. Give the folder "
            f"{KIT} alone; if this is the server's machine, delete {folder} and make new keys at the client."
        )
    if not (folder / PUBLIC).is_file():
        raise DataError(f"{folder} holds no {PUBLIC}: name the kit of `confide outsource keys`.")
    key, public = _read(folder / CARD, folder / PUBLIC, plan)
    return EvaluationKit(plan, public, key=key)


def _card(plan: Plan, key: str, held: bytes) -> str:
    said = {"version": VERSION, "plan": plan.hash, "key": key, "sha256": sha256(held).hexdigest()}
    return json.dumps(said, indent=2) + "\n"


def _read(card: Path, held: Path, plan: Plan) -> tuple[str, bytes]:
    """The id of a key and the bytes of its file, where the card beside it fits both."""
    try:
        said: Any = json.loads(card.read_bytes()[:LARGEST_CARD])
        raw = held.read_bytes()
    except OSError as error:
        raise DataError(f"{card.parent} cannot be read ({error.strerror}): copy it whole.") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{card} is damaged: copy it again.") from error
    if not isinstance(said, dict) or not _ID.fullmatch(str(said.get("key"))):
        raise DataError(f"{card} is damaged: copy it again.")
    for name, expected in (("version", VERSION), ("plan", plan.hash)):
        if said.get(name) != expected:
            raise DataError(
                f"{card} is of another {name} ({said.get(name)!r:.80}, here {expected!r:.80}): both sides "
                "need the same plan and version."
            )
    if sha256(raw).hexdigest() != said.get("sha256"):
        raise DataError(f"{held} was damaged or changed (its digest differs): copy it again.")
    return str(said["key"]), raw


def _write_private(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _check_readers(*paths: Path) -> None:
    if os.name != "posix":  # other systems have no such bits
        return
    for path in paths:
        if path.stat().st_mode & 0o077:
            raise DataError(
                f"others on this machine may read {path}, and it decrypts every row: take their rights by "
                f"`chmod -R go= {paths[0]}`, and make new keys if somebody did read it."
            )
