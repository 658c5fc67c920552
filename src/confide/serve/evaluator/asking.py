"""`confide outsource ask`: rows encrypted in batches, scores decrypted here, and written whole."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from confide.core.arrays import Floats
from confide.core.atomic import atomic_write
from confide.core.drafts import try_place
from confide.core.errors import DataError
from confide.core.parquet import write_parquet
from confide.core.transcript import SERVER
from confide.inputs.tables import read_table
from confide.releases.outsourcing.key_files import read_keys
from confide.releases.outsourcing.rows import rows_of
from confide.serve.evaluator.calling import connected
from confide.serve.evaluator.recording import CLIENT, Recorder
from confide.serve.evaluator.settings import WAIT, AskSettings


def silent(_line: str) -> None:
    """Say nothing."""


def unseen(_done: int, _of: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Scores that were written.

    Args:
        path: of the file.
        rows: that were asked about.
        batches: in which they were.
        inputs: of the model.
        precision: the largest error that is promised, before the link.
    """

    path: Path
    rows: int
    batches: int
    inputs: int
    precision: float

    def __str__(self) -> str:
        """What was asked, and what the scores say."""
        return (
            f"{self.path}: scores of {self.rows:,} rows, batches asked: {self.batches:,}; before its link "
            f"each is off by at most {self.precision:g}.\n{self.rows:,} rows were asked about: "
            f"{self.inputs + 1:,} scores rebuild a linear model of {self.inputs:,} inputs. Keep the scores: "
            "they must not go back to the server."
        )


class Outsourced:
    """A model behind an evaluator, asked about rows in memory; what an audit asks, too.

    Args:
        url: of the server, https://HOST:8443.
        keys: folder of `confide outsource keys`.
        ca: certificate that signed the server's, or its own.
        wait: seconds for which a server that does not answer is tried again.
        tell: says a line to the user.
        record: a new folder for the transcript.

    Raises:
        DataError: if the keys cannot be read, or the address has no TLS.
    """

    def __init__(
        self,
        url: str,
        *,
        keys: Path | str,
        ca: Path | str | None = None,
        wait: float = WAIT,
        tell: Callable[[str], None] = silent,
        record: Path | None = None,
    ) -> None:
        self.planned, self._client = read_keys(Path(keys))
        self._recorder = Recorder(record)
        self._server = connected(
            url,
            plan=self.planned.plan,
            key=self._client.key,
            ca=ca,
            wait=wait,
            seconds_a_batch=self.planned.seconds_a_batch,
            tell=tell,
        )

    def scores(self, rows: Floats, *, progress: Callable[[int, int], None] = unseen) -> Floats:
        """The scores of rows float[n, inputs] after the link, float[n, outputs].

        A batch that must be discarded ends the run: asking again would tell the server which of its answers
        decrypt to garbage, and that is what attacks on the key need.

        Args:
            progress: hears how many batches are done, of how many.

        Raises:
            DataError: if a row, the server or an answer cannot be used.
        """
        plan = self.planned.plan
        batches = math.ceil(len(rows) / plan.rows_a_batch)
        found = np.empty((len(rows), plan.outputs))
        try:
            for batch in range(batches):
                part = slice(batch * plan.rows_a_batch, (batch + 1) * plan.rows_a_batch)
                found[part] = self._batch(rows[part])
                progress(batch + 1, batches)
        except KeyboardInterrupt as stopped:
            stopped.add_note("Nothing was written: the same command asks again from the first row.")
            raise
        finally:
            self._server.close()
        return found

    def predict_proba(self, rows: Floats) -> Floats:
        """The probability of each class, float[n, C].

        Raises:
            DataError: as of `scores`, or if the model has no classes.
        """
        link = self.planned.plan.link
        if link == "identity":
            raise DataError("the model of this plan has no classes: ask for its scores.")
        found = self.scores(np.asarray(rows, float))
        return np.column_stack([1 - found, found]) if link == "sigmoid" else found

    def record(self, rows: Floats, scores: Floats) -> None:
        """Write the transcript, where one was asked for."""
        self._recorder.write(CLIENT, {"rows": rows, "scores": scores}, plan=self.planned.text())

    def _batch(self, rows: Floats) -> Floats:
        sent = b""

        def make() -> bytes:
            nonlocal sent
            sent = self._client.encrypt(rows)
            return sent

        answer = self._server.answered(make)
        self._recorder(CLIENT, "rows", sent)
        self._recorder(SERVER, "scores", answer)
        return self._client.decrypt(answer)


def ask(
    settings: AskSettings,
    *,
    tell: Callable[[str], None] = silent,
    progress: Callable[[int, int], None] = unseen,
) -> Asked:
    """Ask for the scores of all rows, and write them once all are there.

    Args:
        settings: whom, about what, and where scores go.
        tell: says a line to the user.
        progress: hears how many batches are done, of how many.

    Raises:
        DataError: if keys, rows, server or an answer cannot be used. No file was written.
    """
    model = Outsourced(
        settings.url,
        keys=settings.keys,
        ca=settings.ca,
        wait=settings.wait,
        tell=tell,
        record=settings.record,
    )
    plan = model.planned.plan
    try_place(settings.out)
    table = read_table(settings.data, name="the rows")
    rows = rows_of(table.frame, model.planned, name=table.name)
    scores = model.scores(rows, progress=progress)
    _write(scores, settings.out)
    model.record(rows, scores)
    return Asked(
        path=settings.out,
        rows=len(rows),
        batches=math.ceil(len(rows) / plan.rows_a_batch),
        inputs=plan.inputs,
        precision=plan.precision,
    )


def _write(scores: Floats, path: Path) -> None:
    """One column a score, for the user alone: scores say much about the rows."""
    width = scores.shape[1]
    names = ["score"] if width == 1 else [f"score_{number}" for number in range(width)]
    frame = pl.DataFrame(scores, schema=names, orient="row")
    with atomic_write(path) as draft:
        if path.suffix.lower() == ".csv":
            frame.write_csv(draft)
        else:
            write_parquet(frame, draft)
