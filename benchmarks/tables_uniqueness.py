"""How many of Adult's people are unique, foretold from 10 % samples by models, against the truth.

CONFIDE_DATA=... python benchmarks/tables_uniqueness.py [--sets 60] [--write]

The population is all 48,842 people. Each set of 2 to 12 columns is drawn from age, work class, education,
marriage, occupation, race, sex, hours, country, income, relationship and capital gain, and has a sample of
its own. One thread; CPU seconds.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import polars as pl
from page import bars, head, machine, publish, row

from confide.data.adult import CARD, PACKED
from confide.data.locating import locate
from confide.measure.individual_risk import mean_of_reciprocal
from confide.measure.pitman import pitman
from confide.measure.zayatz import zayatz
from confide.views.table_keys import Keys

SEED, SAMPLED = 12, 0.1
COLUMNS = ("age", "workclass", "education", "marital_status", "occupation", "race", "sex")
COLUMNS += ("hours_per_week", "native_country", "income", "relationship", "capital_gain")


def codes() -> tuple[np.ndarray, np.ndarray]:
    """Every column by the ranks of its values; unknown is a value."""
    frame = pl.read_parquet(locate(PACKED, get=CARD.get))
    ranked = [frame[c].cast(pl.String).fill_null("?").rank("dense").to_numpy() - 1 for c in COLUMNS]
    found = np.stack(ranked, axis=1).astype(np.int64)
    return found, found.max(axis=0) + 1


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", type=int, default=60)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    everybody, sizes = codes()
    rng, n = np.random.default_rng(SEED), len(everybody)
    rows: list[tuple[float, ...]] = []
    seconds = 0.0
    for _ in range(options.sets):
        at = rng.choice(len(sizes), int(rng.integers(2, len(sizes) + 1)), replace=False)
        keys = Keys.of(everybody[:, at], sizes[at])
        row_of = keys.row[rng.choice(n, round(n * SAMPLED), replace=False)]
        sample = np.bincount(row_of, minlength=len(keys.count))
        begun = time.process_time()
        by_pitman = pitman(sample[sample > 0], sampled=SAMPLED)
        seconds += time.process_time() - begun
        by_zayatz = zayatz(sample[sample > 0], sampled=SAMPLED)
        lone = sample == 1
        given = float((keys.count[lone] == 1).mean()) if lone.any() else np.nan
        # What Benedetti and Franconi's risk estimates for people who are unique in the sample: 1 / F.
        named = float((1 / keys.count[lone]).mean()) if lone.any() else np.nan
        true = float((keys.count == 1).sum()) / n
        shares = (true, by_pitman.share, by_zayatz.share, by_pitman.in_sample)
        rows.append((len(at), *shares, given, by_pitman.given_unique, by_zayatz.given_unique, named))
    found = np.array(rows)
    width, true, share_p, share_z, in_sample, given, given_p, given_z, named = found.T
    some = ~np.isnan(given)
    individual = float(mean_of_reciprocal(np.array([1.0]), np.array([SAMPLED]))[0])
    share = {"Pitman": share_p - true, "Zayatz": share_z - true, "the sample's own share": in_sample - true}
    after = {"Pitman": given_p - given, "Zayatz": given_z - given, "every one": 1 - given}
    lines = [
        "# Uniqueness of people, foretold from a sample",
        "",
        f"`python benchmarks/tables_uniqueness.py --sets {options.sets} --write`; seed {SEED}; {machine()};",
        f"a fit by Pitman's model takes {seconds / options.sets:.3f} CPU seconds.",
        "",
        f"{options.sets} sets of 2 to {len(COLUMNS)} columns of Adult, a 10 % sample for each; true unique "
        f"shares from {true.min():.3f} to {true.max():.3f}.",
        "",
        *head("share of unique people", "mean absolute error", "worst", "mean error"),
    ]
    lines += [
        row(k, f"{abs(e).mean():.3f}", f"{abs(e).max():.3f}", f"{e.mean():+.3f}") for k, e in share.items()
    ]
    lines += [
        "",
        f"Given unique in the sample ({int(some.sum())} sets in which somebody is):",
        "",
        *head("unique in the population", "mean absolute error", "worst", "mean error"),
    ]
    for name, errors in after.items():
        e = errors[some]
        lines.append(row(name, f"{abs(e).mean():.3f}", f"{abs(e).max():.3f}", f"{e.mean():+.3f}"))
    lines += [
        "",
        f"Individual risk with sample weights gives each person unique in the sample {individual:.3f}; "
        f"the mean of 1 / F is truly {named[some].min():.3f} to {named[some].max():.3f}, by the columns.",
        "",
        *head("columns", "sets", "true share", "Pitman", "Zayatz", "true, given unique", "Pitman", "Zayatz"),
    ]
    for low, high in ((2, 3), (4, 5), (6, 7), (8, 9), (10, 12)):
        of = (width >= low) & (width <= high)
        means = [f"{np.nanmean(v[of]):.3f}" for v in (true, share_p, share_z, given, given_p, given_z)]
        lines.append(row(f"{low} to {high}", int(of.sum()), *means))
    p, z, g = abs(share["Pitman"]).mean(), abs(share["Zayatz"]).mean(), abs(after["Pitman"][some]).mean()
    checks = [
        (f"Pitman, share of unique people: mean absolute error {p:.3f} <= 0.03", bool(p <= 0.03)),
        (f"Pitman, given unique in the sample: {g:.3f} <= 0.12", bool(g <= 0.12)),
        (f"Pitman nearer than Zayatz ({p:.3f} < {z:.3f})", bool(p < z)),
        (f"at least 50 sets of columns ({options.sets})", options.sets >= 50),
    ]
    publish([*lines, "", *bars(checks)], "tables_uniqueness", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
