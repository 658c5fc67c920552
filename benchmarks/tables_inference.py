"""What a table tells of a secret column: raw, after k-anonymity, refined by downcoding, and digests reversed.

python benchmarks/tables_inference.py [--write]

1,000 people in the release and about as many out of it are asked about, with all known columns right. Seconds
are those of one processor (OMP_NUM_THREADS=1).
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from page import bars, head, machine, publish, row

from confide.attacks.attribute import CorrectAttribution, Homogeneity, LearnedModel, NearestRecord
from confide.attacks.reconstruction.table._guesses import Guesses
from confide.attacks.reconstruction.table.digests import reversed_digests
from confide.attacks.reconstruction.table.downcoding import downcoded
from confide.core.play import deal, play
from confide.data.locating import File, locate
from confide.games.attribute.table import TableInference
from confide.inputs.hierarchies import built, files_of, read_rows
from confide.knowledge.table import Knowing
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.local_recoding import LocalRecoding
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.views.table import Domain, Table

ADULT = (
    "age", "workclass", "education", "marital_status", "occupation", "race", "sex", "hours_per_week",
    "native_country", "relationship",
)  # fmt: skip
ACS = ("PUMA", "AGEP", "SEX", "MSP", "RAC1P", "EDU", "OWN_RENT", "NOC")
COMPAS = ("sex", "age", "race", "c_charge_degree", "c_charge_desc", "priors_count")
ARX = (
    "sex", "age", "race", "marital_status", "education", "native_country", "workclass", "occupation",
    "salary_class",
)  # fmt: skip
RELEASED, ASKED = 15_000, 2_000
ATTACKS = (CorrectAttribution(), NearestRecord(), LearnedModel(), Homogeneity())
BARS = {
    ("Adult", "income"): ((0.98, 0.79), (0.82, 0.81)),
    ("Adult", "occupation"): ((0.84, 0.15), (0.40, 0.28)),
    ("NIST ACS 2019", "PINCP_DECILE"): ((0.94, 0.19), (0.36, 0.27)),
    ("COMPAS", "two_year_recid"): ((0.96, 0.56), (0.68, 0.67)),
}
"""Exposed and control, each within .03: raw, and after Mondrian with k = 10."""
WITHIN, NAMES = 0.03, ("as it is", "Mondrian, k = 10")
DOWNCODED = {2: 0.18, 5: 0.09, 10: 0.04}


def frame(name: str) -> pl.DataFrame:
    """A table of `$CONFIDE_DATA`."""
    path = Path(locate(File(path=f"tabular/{name}.parquet"), get="Get it from its publisher."))
    return pl.read_parquet(path)


def coded(table: pl.DataFrame, columns: Sequence[str]) -> Table:
    """The table in codes; a missing value is one of its own."""
    domains: list[Domain] = []
    codes: list[np.ndarray] = []
    for name in columns:
        values = table[name].drop_nulls().unique().sort()
        missing = bool(table[name].null_count())
        numbers = None
        if values.dtype.is_numeric():
            numbers = np.append(values.cast(pl.Float64).to_numpy(), [np.nan] * missing)
        labels = tuple(values.cast(pl.String).to_list()) + ("",) * missing
        domains.append(Domain(name, labels, numbers, missing))
        at = {value: code for code, value in enumerate(values.to_list())}
        codes.append(np.array([at.get(value, len(at)) for value in table[name].to_list()], np.int32))
    return Table.of(domains, np.column_stack(codes))


def jobs() -> Iterator[tuple[str, Table, tuple[str, ...], str, int]]:
    """Data set, table, known columns, secret, and how many rows are released."""
    # Nobody's secret is that it is missing.
    people = frame("adult")
    for secret in ("income", "occupation"):
        known = tuple(c for c in ADULT if c != secret)
        yield "Adult", coded(people.drop_nulls(secret), (*known, secret)), known, secret, RELEASED
    acs = frame("nist_acs_national2019").drop_nulls("PINCP_DECILE")
    yield "NIST ACS 2019", coded(acs, (*ACS, "PINCP_DECILE")), ACS, "PINCP_DECILE", len(acs) // 2
    compas = frame("compas_two_years")
    yield "COMPAS", coded(compas, (*COMPAS, "two_year_recid")), COMPAS, "two_year_recid", len(compas) // 2


def world(
    table: Table, known: tuple[str, ...], secret: str, released: int, mechanism: Any
) -> tuple[Any, Any]:
    """The game and its one world: of the asked about half are released, with all others of a sample."""
    rng = np.random.default_rng(1)
    sample = table.take(np.sort(rng.permutation(len(table))[: released + ASKED // 2]))
    game = TableInference(
        mechanism=mechanism,
        records=sample,
        known=known,
        secret=secret,
        targets=rng.permutation(len(sample))[:ASKED],
        knowing=Knowing(wrong=0.0),
    )
    return game, deal(game, worlds=1, rng=np.random.default_rng(2))


def rates(game: Any, worlds: Any, attack: Any) -> tuple[float, float, float]:
    """Right about exposed, right about control people, and seconds."""
    start = time.process_time()
    evidence = play(game, attack, worlds=worlds, rng=np.random.default_rng(2))
    seconds, right = time.process_time() - start, evidence.table["hit"].to_numpy()
    return float(right[evidence.exposed].mean()), float(right[~evidence.exposed].mean()), seconds


def inference(checks: list[tuple[str, bool]]) -> Iterator[str]:
    """Rows of the table of inference."""
    for data, table, known, secret, released in jobs():
        for i, protection in enumerate((Published(), Mondrian(known=known, rules=Rules(k=10)))):
            game, worlds = world(table, known, secret, released, protection)
            cells: list[str] = []
            for attack in ATTACKS:
                exposed, control, seconds = rates(game, worlds, attack)
                cells.append(f"{exposed:.3f} / {control:.3f} ({seconds:.1f} s)")
                if attack is ATTACKS[0]:
                    near = np.allclose((exposed, control), BARS[data, secret][i], atol=WITHIN, rtol=0)
                    checks.append((f"{data}, {secret}, {NAMES[i]}: {attack.name}", bool(near)))
            name, bar = NAMES[i], "{:.2f} / {:.2f}".format(*BARS[data, secret][i])
            print(data, secret, name, *cells, flush=True)
            yield row(data, secret, name, bar, *cells)


def refined(checks: list[tuple[str, bool]]) -> Iterator[str]:
    """Rows of the table of downcoding; it fails if a single cell is wrong."""
    people = frame("adult").filter(pl.col("split") == "train").drop_nulls().rename({"income": "salary_class"})
    folder = Path(locate(File(path="tabular/adult.parquet"), get="")).parent / "arx_adult_hierarchies"
    files, domains, hierarchies, codes = files_of(folder, ARX), [], [], []
    for name in ARX:
        counted = people[name].dtype.is_numeric()
        domain, hierarchy = built(read_rows(files[name]), name=name, counted=counted, missing=False)
        at = {label: code for code, label in enumerate(domain.labels)}
        domains.append(domain)
        hierarchies.append(hierarchy)
        codes.append(np.array([at[str(value)] for value in people[name].to_list()], np.int32))
    table = Table.of(domains, np.column_stack(codes))
    for k, bar in DOWNCODED.items():
        recode = LocalRecoding(known=ARX, rules=Rules(k=k), hierarchies=tuple(hierarchies))
        view = recode(table, rng=None).view
        loss = ((view.high - view.low) / np.maximum(table.sizes - 1, 1)).mean()
        start = time.process_time()
        found = downcoded(view, hierarchies, stepwise=True)
        seconds, wrong = time.process_time() - start, int((~found.possible(table.low)).sum())
        assert not wrong, f"{wrong} cells were refined wrongly"
        checks.append((f"rows refined for certain at k = {k}", bool(found.rows.mean() >= bar)))
        print(k, found.rows.mean(), found.cells.mean(), seconds, flush=True)
        yield row(
            k,
            f"{loss:.3f}",
            bar,
            f"{found.rows.mean():.3f}",
            f"{found.cells.mean():.4f}",
            wrong,
            f"{seconds:.1f}",
        )


def reversals() -> Iterator[str]:
    """Rows of the table of digests: the last id of ten million, which takes the whole enumeration."""
    for name, make in (("MD5", hashlib.md5), ("SHA-1", hashlib.sha1), ("SHA-256", hashlib.sha256)):
        values = ("1968-07-21", "80333", "10000000")
        column = Domain("id", tuple(make(value.encode()).hexdigest() for value in values))
        found = reversed_digests(column, Guesses())
        assert found is not None and found.plain == values
        print(name, found.tried, found.seconds, flush=True)
        yield row(name, f"{found.tried:,}", len(found.code), f"{found.seconds:.1f}")


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    checks: list[tuple[str, bool]] = []
    text = [
        "# Inference from tables\n",
        f"{machine()}\n",
        "Right about people in the release / out of it. `correct-attribution` is what the bars are for.\n",
        *head("data", "secret", "release", "bar", *(attack.name for attack in ATTACKS)),
        *inference(checks),
        "\n## Downcoding of local recoding (Adult, ARX's nine columns)\n",
        *head("k", "loss", "bar (rows)", "rows refined for certain", "cells", "wrong", "seconds"),
        *refined(checks),
        "\n## Digests reversed\n",
        *head("digest", "values tried", "found of 3", "seconds"),
        *reversals(),
    ]
    publish([*text, "\n## Bars\n", *bars(checks)], "tables_inference", write=arguments.write)
    return 0 if all(reached for _, reached in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
