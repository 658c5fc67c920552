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
from confide.core.parquet import write_parquet
from confide.inputs.tables import read_table
from confide.mechanisms.encrypt.ckks import SecretContext
from confide.releases.outsourcing.key_files import read_keys
from confide.releases.outsourcing.rows import rows_of
from confide.serve.evaluator.calling import Server, connected
from confide.serve.evaluator.recording import CLIENT, Recorder
from confide.serve.evaluator.settings import AskSettings


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
            f"{self.path}: scores of {self.rows:,} rows, asked in {self.batches:,} batches; before its link "
            f"each is off by at most {self.precision:g}.\n"
            f"{self.rows:,} rows were asked about: {self.inputs + 1:,} scores rebuild a linear model of "
            f"{self.inputs:,} inputs. Keep the scores: they must not go back to the server."
        )


def ask(settings: AskSettings, *, tell: Callable[[str], None], progress: Callable[[int, int], None]) -> Asked:
    """Ask for the scores of all rows, and write them once all are there.

    Args:
        settings: whom, about what, and where scores go.
        tell: says a line to the user.
        progress: hears how many batches are done, of how many.

    Raises:
        DataError: if keys, rows, server or an answer cannot be used. No file was written.
    """
    planned, client = read_keys(settings.keys)
    plan = planned.plan
    table = read_table(settings.data, name="the rows")
    rows = rows_of(table.frame, planned, name=table.name)
    recorder = Recorder(settings.record)
    server = connected(
        settings.url,
        plan=plan,
        key=client.key,
        ca=settings.ca,
        wait=settings.wait,
        seconds_a_batch=planned.seconds_a_batch,
        tell=tell,
    )
    batches = math.ceil(len(rows) / plan.rows_a_batch)
    scores = np.empty((len(rows), plan.outputs))
    try:
        for batch in range(batches):
            part = slice(batch * plan.rows_a_batch, (batch + 1) * plan.rows_a_batch)
            scores[part] = _scored(client, server, rows[part], recorder)
            progress(batch + 1, batches)
    finally:
        server.close()
    _write(scores, settings.out)
    recorder.write(CLIENT, {"rows": rows, "scores": scores}, plan=planned.text())
    return Asked(
        path=settings.out,
        rows=len(rows),
        batches=batches,
        inputs=plan.inputs,
        precision=plan.precision,
    )


def _scored(client: SecretContext, server: Server, rows: Floats, recorder: Recorder) -> Floats:
    """The scores of one batch.

    A batch that must be discarded ends the run: asking again would tell the server which of its answers
    decrypt to garbage, and that is what attacks on the key need.
    """
    sent = b""

    def make() -> bytes:
        nonlocal sent
        sent = client.encrypt(rows)
        return sent

    answer = server.answered(make)
    recorder(CLIENT, "rows", sent)
    recorder("server", "scores", answer)
    return client.decrypt(answer)


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
