"""The plan of a collaboration, one file: parties, learner, protocol, budget, cohort and deadlines."""

from __future__ import annotations

import tomllib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from confide.core.errors import ConfideError, DataError
from confide.core.fields import check_fields, shown
from confide.core.foreign import in_one_line
from confide.core.transcript import check_names
from confide.inputs.domain_columns import refuse_unknown
from confide.inputs.local_training import LocalTraining
from confide.inputs.times import parse_span
from confide.mechanisms.federate.protocol import AnyCollaboration
from confide.mechanisms.noise.source import Noise
from confide.releases.collaboration.deployed import Deployed, deployed_of
from confide.releases.collaboration.protocols import Said, protocol_of
from confide.releases.session.settings import budget_of

if TYPE_CHECKING:
    from confide.core.budget import Budget
    from confide.mechanisms.share.secure_sum import SecureSum

LARGEST = 1_000_000
"""Bytes of a plan."""
MOST_ROUNDS = 100_000
TABLES = ("parties", "learner", "protocol", "budget", "secure", "deadlines", "deployed")
KEYS = ("rounds", "label", "schema", "test", "records", "client", "cohort")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """What a run may spend, and who pays.

    Args:
        epsilon, delta: of the whole run; both or none.
        ledger: FILE, or postgresql://HOST/DATABASE.
        whole: of a new ledger, "EPSILON,DELTA" for everything together.
        analyst: whose part of the ledger pays.
    """

    epsilon: float | None = None
    delta: float | None = None
    ledger: str | None = None
    whole: str | None = None
    analyst: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if (self.epsilon is None) != (self.delta is None):
            raise DataError("epsilon and delta are one promise: give both, or none of them.")
        if self.ledger is None and (self.whole is not None or self.analyst is not None):
            raise DataError("whole and analyst are those of a ledger: give ledger too, or leave them out.")

    @property
    def of_ledger(self) -> Budget | None:
        """The budget of a new ledger."""
        return None if self.whole is None else budget_of(self.whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adding:
    """How uploads are added up so that the server sees their sum alone: settings of a `SecureSum`.

    Args:
        threshold: how many clients of a round must remain, above two thirds of them; the least by itself.
        colluding: how many clients may tell the server all they know.
        neighbours: with how many others a client shares masks; all by itself.
        limit: the largest absolute value of a number in an upload; the clip by itself.
    """

    threshold: int | None = None
    colluding: int = 0
    neighbours: int | None = None
    limit: float | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        for name in ("threshold", "colluding", "neighbours", "limit"):
            value: float | None = getattr(self, name)
            if value is not None and value < 0:
                raise DataError(f"{name} is {value}: give no number below 0.")

    def by_masks(self, cohort: int | None) -> SecureSum:
        """The secure sum; a sum of fewer clients than the cohort is not shown."""
        from confide.mechanisms.share.secure_sum import SecureSum

        return SecureSum(
            threshold=self.threshold, cohort=cohort, colluding=self.colluding, neighbours=self.neighbours
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """A plan that was read: what every party may know, and where each finds its records.

    Args:
        path: of the file.
        text: of the file, as it was read.
        rounds: how many.
        label: the column to be predicted.
        schema: the file with bounds and categories of all columns, which are public.
        parties: the file of each client; none where all stand in one.
        records: that one file, and
        client: its column that says whose each row is.
        test: records to test the model with, which nobody trains on.
        cohort: the fewest clients with records; a secure sum of fewer is not shown.
        learner: what clients train.
        protocol: name and options.
        paying: the budget.
        adding: of a secure sum; None where the server sees every upload.
        deadline, end: seconds that a round, and the whole run, may take; None for any.
        deployed: where its machines are; None for a plan that is simulated alone.
    """

    path: Path
    text: str
    rounds: int
    label: str
    schema: Path
    parties: Mapping[str, Path]
    records: Path | None
    client: str | None
    test: Path | None
    cohort: int | None
    learner: LocalTraining
    protocol: Said
    paying: Paying
    adding: Adding | None
    deadline: float | None
    end: float | None
    deployed: Deployed | None

    @property
    def sha256(self) -> str:
        """Of the file: a run is bound to it."""
        return sha256(self.text.encode()).hexdigest()

    def made(self, noise: Noise) -> AnyCollaboration:
        """The protocol.

        Raises:
            ConfideError: with the place in the file, for settings that cannot keep the promise.
        """
        with placed_in(self.path, "protocol"):
            return protocol_of(
                self.protocol, epsilon=self.paying.epsilon, delta=self.paying.delta, noise=noise
            )


def read_plan(path: Path) -> PlanFile:
    """Read a plan; paths in it go out from its folder.

    Raises:
        DataError: with the place, for what is missing, unknown or cannot be.
    """
    text = _text(path)
    said = _parsed(path, text)
    with placed_in(path):
        refuse_unknown(said, (*KEYS, *TABLES), "the plan")
        rounds, cohort = _whole(said, "rounds", most=MOST_ROUNDS), None
        if "cohort" in said:
            cohort = _whole(said, "cohort", most=1_000_000)
        place = partial(_place, path.parent, said)
        label, schema, test = _words(said, "label"), place("schema"), place("test", needed=False)
        records, client = place("records", needed=False), _words(said, "client", needed=False)
        if (records is None) != (not client):
            raise DataError("records and client belong together: one file, and its column of clients.")
    with placed_in(path, "parties"):
        parties = _parties(_table(said, "parties"), path.parent, one_file=records is not None)
    with placed_in(path, "learner"):
        learner = cast(LocalTraining, _filled(LocalTraining, _table(said, "learner")))
    with placed_in(path, "protocol"):
        protocol = _table(said, "protocol")
        if not protocol:
            raise DataError('it has no protocol: write [protocol] with name = "fedavg", for example.')
    with placed_in(path, "budget"):
        paying = cast(Paying, _filled(Paying, _ledger(_table(said, "budget"), path.parent)))
        _ = paying.of_ledger
    with placed_in(path, "secure"):
        adding = cast(Adding, _filled(Adding, _table(said, "secure"))) if "secure" in said else None
    with placed_in(path, "deadlines"):
        spans = _table(said, "deadlines")
        refuse_unknown(spans, ("round", "run"), "deadlines")
        deadline, end = (_span(spans, name) for name in ("round", "run"))
    with placed_in(path, "deployed"):
        deployed = deployed_of(_table(said, "deployed"), path.parent)
    return PlanFile(
        path=path, text=text, rounds=rounds, label=label, schema=cast(Path, schema), parties=parties,
        records=records, client=client or None, test=test, cohort=cohort, learner=learner,
        protocol=protocol, paying=paying, adding=adding, deadline=deadline, end=end,
        deployed=deployed,
    )  # fmt: skip


@contextmanager
def placed_in(path: Path, table: str = "") -> Generator[None]:
    """Say of an error where in the plan it stands."""
    try:
        yield
    except ConfideError as error:
        where = f"{path}, [{table}]" if table else str(path)
        raise type(error)(f"{where}: {error}") from error


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no file can have such a name"
        raise DataError(f"{path} cannot be read ({why}): name the plan's file.") from error
    if len(raw) > LARGEST:
        raise DataError(f"{path} is larger than {LARGEST:,} bytes, and no plan: name the plan's file.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not in UTF-8: save it so.") from error


def _parsed(path: Path, text: str) -> Said:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no TOML ({in_one_line(error):.100}): correct that line.") from error


def _table(said: Said, name: str) -> Said:
    given = said.get(name, {})
    if not isinstance(given, dict):
        raise DataError(f"{name} is {shown(given)}: write it as a table, [{name}].")
    return cast(Said, given)


def _filled(record: type, said: Said) -> object:
    names = tuple(field.name for field in fields(record))
    refuse_unknown(said, names, "it")
    return record(**said)


def _whole(said: Said, name: str, *, most: int) -> int:
    given = said.get(name)
    if type(given) is not int or not 1 <= given <= most:
        told = "is missing" if given is None else f"is {shown(given)}"
        raise DataError(f"{name} {told}: give a whole number from 1 to {most:,}.")
    return given


def _words(said: Said, name: str, *, needed: bool = True) -> str:
    given = said.get(name, "")
    if not isinstance(given, str) or (needed and not given):
        told = "is missing" if name not in said else f"is {shown(given)}"
        raise DataError(f"{name} {told}: give a text.")
    return given


def _place(folder: Path, said: Said, name: str, *, needed: bool = True) -> Path | None:
    given = _words(said, name, needed=needed)
    return folder / given if given else None


def _parties(said: Said, folder: Path, *, one_file: bool) -> Mapping[str, Path]:
    if one_file and said:
        raise DataError("records names one file for all clients: leave out [parties], or records and client.")
    if not one_file and len(said) < 2:
        raise DataError(
            'name two clients or more, each as NAME = "FILE"; or give records, one file of all, and client, '
            "its column that says whose each row is."
        )
    check_names(("server", *said))
    odd = next((name for name, given in said.items() if not isinstance(given, str) or not given), None)
    if odd is not None:
        raise DataError(f"{odd!r:.60} is {shown(said[odd])}: give the file of its records.")
    return {name: folder / given for name, given in said.items()}


def _ledger(said: Said, folder: Path) -> Mapping[str, Any]:
    """The same, with the ledger's file from the folder of the plan."""
    given = said.get("ledger")
    if not isinstance(given, str) or given.startswith("postgresql:"):
        return said
    file = given.removeprefix("sqlite:///")
    if not file.strip() or not file.isprintable():
        raise DataError(f"ledger is {shown(given)}: name a file, or postgresql://HOST/DATABASE.")
    return {**said, "ledger": f"sqlite:///{(folder / file).absolute()}"}


def _span(said: Said, name: str) -> float | None:
    given = said.get(name)
    if given is None:
        return None
    if not isinstance(given, str):
        raise DataError(f'{name} is {shown(given)}: give a span of time, such as "10min".')
    return parse_span(given, likely=("min", "h"), least=1)
