"""The plan of a collaboration, one file: parties, learner, protocol, budget, cohort and deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from confide.core.errors import DataError
from confide.core.fields import shown
from confide.core.transcript import check_names
from confide.inputs.domain_columns import refuse_unknown
from confide.inputs.local_training import LocalTraining
from confide.inputs.plan_files import (
    filled,
    parsed,
    placed_in,
    span_in,
    table_in,
    text_of,
    whole_in,
    words_in,
)
from confide.mechanisms.federate.protocol import AnyCollaboration
from confide.mechanisms.noise.source import Noise
from confide.releases.collaboration.deployed import Deployed, deployed_of
from confide.releases.collaboration.protocols import EXCHANGES, Said, exchange_in, protocol_of
from confide.releases.collaboration.terms import Adding, Paying

MOST_ROUNDS = 100_000
TABLES = ("parties", "learner", "student", "protocol", "budget", "secure", "deadlines", "deployed")
KEYS = ("rounds", "label", "schema", "test", "public", "records", "client", "cohort")


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
        public: records that parties exchange predictions on; None for a protocol that exchanges updates.
        cohort: the fewest clients with records; a secure sum of fewer is not shown.
        learner: what clients train.
        student: what is trained on what was exchanged; the learner where the plan names no other.
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
    public: Path | None
    cohort: int | None
    learner: LocalTraining
    student: LocalTraining
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
    text = text_of(path)
    said = parsed(path, text)
    with placed_in(path):
        refuse_unknown(said, (*KEYS, *TABLES), "the plan")
        exchange, cohort = exchange_in(said.get("protocol")), None
        rounds = 1  # an exchange of votes has no other number of them
        if "rounds" in said or exchange is None or not exchange.once:
            rounds = whole_in(said, "rounds", most=MOST_ROUNDS)
        if exchange is not None and exchange.once and rounds > 1:
            raise DataError(f"rounds is {rounds}, and votes are exchanged once: give 1, or leave it out.")
        if "cohort" in said:
            cohort = whole_in(said, "cohort", most=1_000_000)
        place = partial(_place, path.parent, said)
        label, schema, test = words_in(said, "label"), place("schema"), place("test", needed=False)
        public = place("public", needed=exchange is not None)
        if exchange is None and (public or "student" in said):
            raise DataError(
                "public and [student] are for protocols that exchange predictions on public records: choose "
                f"one of {', '.join(EXCHANGES)}, or leave them out."
            )
        records, client = place("records", needed=False), words_in(said, "client", needed=False)
        if (records is None) != (not client):
            raise DataError("records and client belong together: one file, and its column of clients.")
    with placed_in(path, "parties"):
        parties = _parties(table_in(said, "parties"), path.parent, one_file=records is not None)
    with placed_in(path, "learner"):
        learner = cast(LocalTraining, filled(LocalTraining, table_in(said, "learner")))
        if learner.fitted and exchange is None:
            raise DataError(
                f"a {learner.model} model is fitted whole, and there are no updates of it: choose logistic "
                f"or mlp, or a protocol that exchanges predictions ({', '.join(EXCHANGES)})."
            )
    with placed_in(path, "student"):
        student = learner
        if "student" in said:
            student = cast(LocalTraining, filled(LocalTraining, table_in(said, "student")))
    with placed_in(path, "protocol"):
        protocol = table_in(said, "protocol")
        if not protocol:
            raise DataError('it has no protocol: write [protocol] with name = "fedavg", for example.')
    with placed_in(path, "budget"):
        paying = cast(Paying, filled(Paying, _ledger(table_in(said, "budget"), path.parent)))
        _ = paying.of_ledger
    with placed_in(path, "secure"):
        adding = cast(Adding, filled(Adding, table_in(said, "secure"))) if "secure" in said else None
    with placed_in(path, "deadlines"):
        spans = table_in(said, "deadlines")
        refuse_unknown(spans, ("round", "run"), "deadlines")
        deadline, end = (span_in(spans, name) for name in ("round", "run"))
    with placed_in(path, "deployed"):
        deployed = deployed_of(table_in(said, "deployed"), path.parent)
    return PlanFile(
        path=path, text=text, rounds=rounds, label=label, schema=cast(Path, schema), parties=parties,
        records=records, client=client or None, test=test, public=public, cohort=cohort, learner=learner,
        student=student, protocol=protocol, paying=paying, adding=adding, deadline=deadline, end=end,
        deployed=deployed,
    )  # fmt: skip


def _place(folder: Path, said: Said, name: str, *, needed: bool = True) -> Path | None:
    given = words_in(said, name, needed=needed)
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
