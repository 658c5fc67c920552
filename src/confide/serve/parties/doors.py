"""The two commands of parties in Python: `confide.join` and `confide.match`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from confide.core.budget import Budget
from confide.inputs.local_training import need
from confide.releases.join.settings import JoinSettings
from confide.releases.match.settings import MatchSettings

if TYPE_CHECKING:
    from confide.serve.parties.joining import Joined
    from confide.serve.parties.match_run import Taken


def join(
    plan: Path | str,
    *,
    party: str,
    keys: Path | str,
    data: Path | str | None = None,
    ledger: str | None = None,
    budget: Budget | None = None,
    analyst: str | None = None,
    out: Path | str = "result.json",
    force: bool = False,
    record: Path | str | None = None,
    listen: str | None = None,
    tell: Callable[[str], object] = print,
) -> Joined:
    """Take part in a joint computation, as `confide join` does; it waits for the other parties.

    Args:
        plan: the plan, a .toml file.
        party, keys, data, ledger, budget, analyst, out, force, record, listen: as of
            `confide.releases.join.settings.JoinSettings`.
        tell: hears in sentences what must be believed, and what happens.

    Raises:
        ConfideError: one sentence on what is wrong, or on which party was lost; no result is written then.
    """
    settings = JoinSettings(
        plan=cast(Path, plan),  # text becomes a path, and of another type it is refused
        party=party,
        data=cast("Path | None", data),
        keys=cast(Path, keys),
        ledger=ledger,
        budget=budget,
        analyst=analyst,
        out=cast(Path, out),
        force=force,
        record=cast("Path | None", record),
        listen=listen,
    )
    need_join()
    from confide.serve.parties import joining

    return joining.join(settings, tell=tell)


def match(
    plan: Path | str,
    *,
    party: str,
    keys: Path | str,
    data: Path | str | None = None,
    id: str | None = None,  # noqa: A002 - as the option is called
    reveal: Literal["size", "ids", "statistics"] | None = None,
    out: Path | str | None = None,
    force: bool = False,
    record: Path | str | None = None,
    listen: str | None = None,
    tell: Callable[[str], object] = print,
) -> Taken:
    """Take part in a private match, as `confide match` does; it waits for the other party.

    Args:
        plan: the plan, a .toml file.
        party, data, id, keys, reveal, out, force, record, listen: as of
            `confide.releases.match.settings.MatchSettings`.
        tell: hears in sentences what must be believed, and what happens; no size and no identifier.

    Raises:
        ConfideError: one sentence on what is wrong, or on which party was lost; no result is written then.
    """
    settings = MatchSettings(
        plan=cast(Path, plan),
        party=party,
        data=cast("Path | None", data),
        id=id,
        keys=cast(Path, keys),
        reveal=reveal,
        out=cast("Path | None", out),
        force=force,
        record=cast("Path | None", record),
        listen=listen,
    )
    need_match()
    from confide.serve.parties import match_run

    return match_run.take_part(settings, tell=tell)


def need_join() -> None:
    """Refuse a joint computation without its extra.

    Raises:
        DataError: with the extra that installs what is missing.
    """
    need("mpyc", "a joint computation", extra="share")
    need("cryptography", "a joint computation", extra="share")


def need_match() -> None:
    """Refuse a match without its extra.

    Raises:
        DataError: with the extra that installs what is missing.
    """
    need("cryptography", "a private match", extra="match")
    need("private_set_intersection", "a private match", extra="match")
