"""How exposed canaries are in a character LSTM, by how often they stood in its training text.

python benchmarks/exposure.py [--seeds 3] [--write]

A character LSTM of 128 cells learns 2,000 made-up lines with codes of four digits, and canaries of twelve
other templates: four stand in the text 16 times each, four 4 times, four once. After nine epochs each is
ranked among its 10,000 candidates, and so are 200 codes that never stood there. Secrets, lines and weights
are drawn with each seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from math import log2
from pathlib import Path

import numpy as np
import torch
from page import bars, head, machine, publish, row

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.audits.text.char_lstm import Asked, sentences, trained

from confide.core.arrays import Floats
from confide.measure import clopper_pearson
from confide.measure.exposure import (
    SkewNormal,
    exposure_by_fit,
    exposure_by_rank,
    exposure_by_sampling,
)
from confide.measure.extraction import extraction_probability, samples_needed
from confide.views.text import Template

LINES, EPOCHS, WIDTH, SIZE, UNSEEN = 2_000, 9, 128, 10_000, 200
TEMPLATES = {
    16: ("my code is ", "our safe opens with ", "the alarm stops at ", "that phone unlocks by "),
    4: ("our pin is ", "the gate wants ", "i always dial ", "that bike lock says "),
    1: ("their door reads ", "my old card had ", "the vault takes ", "we log in with "),
}
SMOOTH = 8.0
"""Bits up to which the fit is compared with the exact rank."""
DRAWS = 20_000
"""Continuations that are actually drawn, beside the formula."""


def drawn(net: torch.nn.Module, before: str, count: int, *, seed: int) -> list[str]:
    """Four signs each, drawn sign by sign."""
    from tests.audits.text.char_lstm import SIGNS

    chance = torch.Generator().manual_seed(seed)
    start = torch.tensor([[0, *(SIGNS.index(sign) for sign in before)]])
    with torch.no_grad():
        out, state = net.lstm(net.embedding(start))  # type: ignore[operator]
        out, state = (
            out[:, -1:].expand(count, -1, -1),
            tuple(s.expand(-1, count, -1).contiguous() for s in state),
        )
        signs = torch.zeros((count, 4), dtype=torch.long)
        for place in range(4):
            if place:
                out, state = net.lstm(net.embedding(signs[:, place - 1 : place]), state)  # type: ignore[operator]
            p = torch.softmax(net.out(out[:, -1]), dim=-1)  # type: ignore[operator]
            signs[:, place] = torch.multinomial(p, 1, generator=chance)[:, 0]
    return ["".join(SIGNS[i] for i in line) for line in signs.tolist()]


def one_seed(seed: int) -> tuple[list[dict[str, float]], list[Floats]]:
    """A row for each canary, and the exposures of the unseen codes: exact, by the fit, by sampling."""
    rng = np.random.default_rng(seed)
    placed = [(n, before, f"{rng.integers(SIZE):04d}") for n, all_ in TEMPLATES.items() for before in all_]
    text = sentences(LINES, rng=rng) + [b + secret for n, b, secret in placed for _ in range(n)]
    net = trained(text, epochs=EPOCHS, seed=seed, width=WIDTH)
    ask = Asked(net)
    rows: list[dict[str, float]] = []
    unseen: list[Floats] = []
    for n, before, secret in placed:
        template, at = Template.of(before, secret), [int(secret)]
        found = ask([template.text(code) for code in template.all()])
        sample = found[rng.permutation(np.delete(np.arange(SIZE), at))[:1_000]]
        log_p = float(found[at[0]] - ask([before])[0])
        tail = SkewNormal.fit(-found).cdf(-found[at])
        lines = drawn(net, before, DRAWS, seed=seed)
        hits = sum(line == secret for line in lines)
        low, high = clopper_pearson(hits, DRAWS, confidence=0.999)
        rows.append(
            {
                "times": n,
                "exact": float(exposure_by_rank(found, found[at])[0]),
                "fit": float(exposure_by_fit(found, found[at], size=SIZE)[0]),
                "tail": float(-np.log2(np.maximum(tail, 1e-300))[0]),
                "sampled": float(exposure_by_sampling(sample, found[at], size=SIZE)[0]),
                "p": float(np.exp(log_p)),
                "needed": float(samples_needed(log_p, probability=0.5)),
                "inside": float(low <= extraction_probability(log_p, samples=1) <= high),
                "total": float(np.exp(np.logaddexp.reduce(found - ask([before])[0]))),
            }
        )
        if before == TEMPLATES[16][0]:
            others = rng.permutation(np.delete(np.arange(SIZE), at))[:UNSEEN]
            exact = exposure_by_rank(found, found[others])
            unseen = [exact, exposure_by_fit(found, found[others], size=SIZE)]
    return rows, unseen


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options, started = parser.parse_args(), time.perf_counter()
    torch.set_num_threads(1)
    rows: list[dict[str, float]] = []
    means: list[float] = []
    errors: list[float] = []
    for seed in range(options.seeds):
        found, (exact, fitted) = one_seed(seed)
        rows += found
        means.append(float(exact.mean()))
        errors += abs(fitted - exact)[exact <= SMOOTH].tolist()
        errors += [abs(r["fit"] - r["exact"]) for r in found if r["exact"] <= SMOOTH]
        print(seed, f"{time.perf_counter() - started:.0f} s", flush=True)
    lines: list[str] = []
    for n in TEMPLATES:
        some = [r for r in rows if r["times"] == n]

        def middle(name: str, some: list[dict[str, float]] = some) -> str:
            values = [r[name] for r in some]
            return f"{np.mean(values):.2f} [{min(values):.2f}, {max(values):.2f}]"

        first = sum(r["exact"] >= log2(SIZE) - 1e-9 for r in some)
        p, needed = (float(np.median([r[name] for r in some])) for name in ("p", "needed"))
        lines.append(
            row(
                n, middle("exact"), f"{first} of {len(some)}", middle("sampled"), middle("fit"),
                middle("tail"), f"{p:.1e}", f"{needed:,.0f}",
            )
        )  # fmt: skip
    often = [r for r in rows if r["times"] == 16]
    all_first = all(r["exact"] >= log2(SIZE) - 1e-9 for r in often)
    close = np.array(errors)
    inside = sum(r["inside"] for r in rows)
    checks = [
        (f"inserted 16 times: exposure {log2(SIZE):.2f}, rank 1, each of {len(often)}", all_first),
        (
            f"never inserted: mean exposure of {UNSEEN} codes within .3 of 1.44 with each seed "
            f"({', '.join(f'{m:.2f}' for m in means)})",
            all(abs(m - 1.44) < 0.3 for m in means),
        ),
        (
            f"skew-normal within .3 bit of the exact rank up to 8 bits, all of {len(close)} codes "
            f"(mean error {close.mean():.3f}, 99th percentile {np.quantile(close, 0.99):.2f}, "
            f"largest {close.max():.2f})",
            bool((close < 0.3).all()),
        ),
        (
            f"p of the formula inside the 99.9 % Clopper-Pearson interval of {DRAWS:,} draws "
            f"({inside:.0f} of {len(rows)})",
            inside == len(rows),
        ),
        (
            f"the candidates' probabilities add up to 1 at most ({max(r['total'] for r in rows):.4f})",
            max(r["total"] for r in rows) <= 1 + 1e-5,
        ),
    ]
    page = [
        "# Exposure of canaries in a character LSTM",
        "",
        *(__doc__ or "").splitlines()[4:],
        "",
        "Bits: mean [least, most] over four canaries a seed. The sampled rank is among 1,000 candidates and",
        f"resolves {log2(1_001):.1f} bits. The fit is cut at log2 of the space; its tail is not, and invents",
        "exposure where the secret comes first. p_z and samples for p = .5 are medians. At 8 bits an exact",
        "rank is 39, which by chance alone varies by a sixth, .23 bit.",
        "",
        *head(
            "inserted", "exact rank, bits", "rank 1", "sampled", "skew-normal", "its tail", "p_z", "samples"
        ),
        *lines,
        "",
        *bars(checks),
        "",
        f"{options.seeds} seeds; {machine()}; {time.perf_counter() - started:.0f} s.",
    ]
    publish(page, "exposure", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
