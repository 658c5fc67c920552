"""What a protection leaves in a file that names people is said."""

from __future__ import annotations

from hashlib import md5
from pathlib import Path

import numpy as np
import polars as pl

from confide import Table, protect


def people(n: int = 60) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "age": rng.integers(20, 30, n),
            "sex": rng.choice(["f", "m"], n),
            "email": [f"p{i}@example.org" for i in range(n)],
            "born": [md5(b"1970-01-%02d" % (1 + i % 28)).hexdigest() for i in range(n)],
            "weight": rng.normal(70, 9, n).round(3),
            "income": rng.choice(["high", "low"], n),
        }
    )


def said(frame: pl.DataFrame, tmp_path: Path, protection: str) -> list[str]:
    held = Table(frame, known=["age", "sex"], secret="income", targets=20)
    written = protect(held, protection, out=tmp_path / "safe.csv", seed=1, attacks=["nearest"])
    return [note for note in written.notes if "as in the original" in note or "digests" in note]


def test_names_and_digests_that_are_left_are_said_and_no_other_column(tmp_path: Path) -> None:
    naming, digests = said(people(), tmp_path, "mondrian:5")
    assert (
        naming.startswith("The release holds email, born as in the original")
        and "without:email;born" in naming
    )
    assert digests.startswith("born holds digests without a key: 28 of 28")


def test_a_file_without_them_is_written_in_silence(tmp_path: Path) -> None:
    assert said(people().drop("email", "born"), tmp_path, "mondrian:5") == []


def test_values_beyond_the_bounds_of_noise_are_counted(tmp_path: Path) -> None:
    frame = people().with_columns(age=pl.Series([15] * 7 + [18] * 23 + [30] * 20 + [99] * 10))
    held = Table(frame, known=["age", "sex"], targets=20)
    for bounds, beyond in (("18..30", ["17 of 60 values of age"]), ("0..120", [])):
        made = protect(held, f"laplace(age, {bounds})", epsilon=1.0, out=tmp_path / f"{bounds}.csv", seed=1)
        assert [note[:22] for note in made.notes if "beyond" in note] == beyond
