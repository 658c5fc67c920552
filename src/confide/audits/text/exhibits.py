"""Beside the findings on a language model: bits of exposure, and how many samples give a text away."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

import numpy as np

from confide.audits.release import AuditedRelease
from confide.core.arrays import Bools, Floats
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.language import number, t
from confide.inputs.text import Text, TextData
from confide.measure import proportion
from confide.measure.exposure import MEAN_OF_UNSEEN
from confide.measure.extraction import least_log_likelihood, samples_needed
from confide.measure.special import t_quantile
from confide.report import Exhibit, Line, Plot, Table
from confide.report.exhibits import Cell, Quantile

SAMPLES = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
LISTED = 50
"""Canaries in the list, the most exposed first."""
EXPOSURES = ("exposure", "exposure-fit")


def exhibits_of(data: TextData, held: Text, release: AuditedRelease, *, canaries: bool) -> Sequence[Exhibit]:
    """The tables and plots of one of the two goals."""
    if not canaries:
        found = [e for e in release.evidence if e.attack == "extraction"]
        return [x for e in found for x in _extracted(_two_sides(e), held)]
    measured = [e for e in release.evidence if e.attack in EXPOSURES]
    shown: list[Exhibit] = []
    if measured:
        assert data.canaries is not None
        most = max(log2(template.size) for template in data.canaries.templates()[0])
        shown += [_bits(measured, most=most), _above(measured[0]), _canaries(data, held, measured[0])]
    if data.prefixes is not None and data.heldout is None:
        parts = data.prefixes.parts()
        asked = release.once("prefixes", lambda: data.model.continuations(parts.prefixes, parts.suffixes))
        shown += _extracted({t("trained the model"): asked}, held)
    return shown


def _two_sides(evidence: Evidence) -> dict[str, Floats]:
    score = evidence.table["score"].to_numpy()
    return {
        name: score[evidence.exposed == side]
        for name, side in ((t("trained the model"), True), (t("held out"), False))
    }


def _bits(measured: Sequence[Evidence], *, most: float) -> Table:
    rows: list[tuple[Cell, ...]] = []
    people: list[int] = []
    for evidence in measured:
        bits = evidence.table["score"].to_numpy()
        sides = (
            (t("{attack}, canaries that trained the model", attack=evidence.attack), evidence.exposed),
            (t("{attack}, canaries that did not", attack=evidence.attack), ~evidence.exposed),
        )
        for row, side in sides:
            if side.any():
                rows.append((row, _mean(bits[side], most=most), _median(bits[side])))
                people.append(int(side.sum()))
    rows.append(
        (t("a canary that the model never saw, by theory"), number(MEAN_OF_UNSEEN, ".2f"), number(1.0, ".2f"))
    )
    people.append(max(people))
    return Table(
        title=t("How exposed the canaries are, in bits"),
        reading=t(
            "A canary's exposure says by how many bits the model prefers its secret to the others that are "
            "possible: each bit halves the guesses that somebody needs. At log2 of the number of candidates "
            "the secret comes first of all and can be read out."
        ),
        head=(t("canaries"), t("mean exposure"), t("median")),
        rows=tuple(rows),
        rests=tuple(people),
    )


def _above(evidence: Evidence) -> Plot:
    bits = evidence.table["score"].to_numpy()
    places = tuple(float(b) for b in range(int(np.ceil(bits.max(initial=1.0))) + 1))
    lines: list[Line] = []
    for name, side in ((t("trained the model"), evidence.exposed), (t("did not"), ~evidence.exposed)):
        shares = [_share(bits[side] >= b - 1e-9) for b in places]
        lines.append(
            Line(
                name=name,
                x=places,
                y=tuple(s.value for s in shares),
                low=tuple(s.low for s in shares),
                high=tuple(s.high for s in shares),
            )
        )
    lines.append(Line(name=t("never seen, by theory"), x=places, y=tuple(2.0**-b for b in places)))
    return Plot(
        title=t("How many canaries are exposed by how much"),
        reading=t(
            "Read upwards the share of canaries whose exposure is at least as many bits. Of canaries that "
            "the model never saw, each further bit leaves half of them."
        ),
        x_title=t("exposure, in bits"),
        y_title=t("share of canaries"),
        lines=tuple(lines),
        of=int(min(evidence.exposed.sum(), (~evidence.exposed).sum())),
    )


def _canaries(data: TextData, held: Text, evidence: Evidence) -> Table:
    """Each canary by its line: never its text, and not for the public."""
    texts = data.canaries
    assert texts is not None
    bits = dict(zip(evidence.table["target"].to_list(), evidence.table["score"].to_list(), strict=True))
    order = sorted(range(len(texts)), key=lambda i: -bits.get(i, 0.0))[:LISTED]
    templates, which = texts.templates()
    log_p = data.model.continuations([texts.before[i] for i in order], [texts.secrets[i] for i in order])
    needed = samples_needed(log_p, probability=held.probability)
    rows = tuple(
        (
            t("line {row} of {file}", row=texts.rows[i], file=texts.name),
            t("{n:.2f} of {most:.2f}", n=bits.get(i, 0.0), most=log2(templates[which[i]].size)),
            _rank(bits.get(i, 0.0), templates[which[i]].size, held, evidence),
            _number(n),
        )
        for i, n in zip(order, needed, strict=True)
    )
    return Table(
        title=t("The most exposed canaries"),
        reading=t(
            "The rank is how many candidates somebody must try who knows the rest of the text and begins "
            "with the likeliest: equal ones share their middle rank. Or this many continuations must be "
            "drawn to meet the secret with a probability of {probability:g}.",
            probability=held.probability,
        ),
        head=(t("canary"), t("exposure, in bits"), t("rank"), t("samples needed")),
        rows=rows,
        internal=True,
    )


def _rank(bits: float, size: int, held: Text, evidence: Evidence) -> str:
    if evidence.attack != "exposure" or size > held.candidates:
        return t("not known exactly: candidates were drawn")
    return t("{n:,g} of {all:,}", n=round(2 * size * 2.0**-bits) / 2, all=size)


def _extracted(log_p: dict[str, Floats], held: Text) -> list[Exhibit]:
    counts = sorted({*SAMPLES, held.samples})
    shares = {
        name: [_share(p >= least_log_likelihood(samples=n, probability=held.probability)) for n in counts]
        for name, p in log_p.items()
    }
    rows = tuple((number(n, ","), *(shares[name][i] for name in log_p)) for i, n in enumerate(counts))
    fewest = min(len(p) for p in log_p.values())
    table = Table(
        title=t("How many texts come up among the samples"),
        reading=t(
            "A text counts where the true continuation of its prefix comes up among the samples with a "
            "probability of {probability:g} or more. Computed from the model's probabilities: nothing was "
            "drawn.",
            probability=held.probability,
        ),
        head=(t("samples"), *log_p),
        rows=rows,
        of=fewest,
    )
    plot = Plot(
        title=t("What more samples give away"),
        reading=t(
            "Read upwards the share of texts that come up. Where the two lines lie together, the model says "
            "no more than how such texts go on in general."
        ),
        x_title=t("samples drawn"),
        y_title=t("share of texts"),
        lines=tuple(
            Line(
                name=name,
                x=tuple(float(n) for n in counts),
                y=tuple(s.value for s in found),
                low=tuple(s.low for s in found),
                high=tuple(s.high for s in found),
            )
            for name, found in shares.items()
        ),
        log_x=True,
        of=fewest,
    )
    return [table, plot]


def _mean(bits: Floats, *, most: float) -> Cell:
    """The mean with a t-interval: of one canary there is none."""
    if len(bits) < 2:
        return number(float(bits.mean()), ".2f")
    half = float(t_quantile(0.975, len(bits) - 1)) * float(bits.std(ddof=1)) / len(bits) ** 0.5
    middle = float(bits.mean())
    return Estimate(middle, max(middle - half, 0.0), min(middle + half, most), 0.95)


def _median(bits: Floats) -> Quantile:
    return Quantile(value=float(np.median(bits)), beyond=len(bits) // 2)


def _share(yes: Bools) -> Estimate:
    return proportion(int(yes.sum()), len(yes), confidence=0.95)


def _number(n: float) -> str:
    return number(n, ",.0f") if n < 1e12 else t("more than 1e12")
