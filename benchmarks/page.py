"""What the benchmark pages share: the machine in words, and rates by the rule that confide reports."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import t as student

from confide.core.evidence import Evidence

FPRS = (0.1, 0.01, 0.001)


def machine() -> str:
    """Cores and vector units, no names."""
    about = Path("/proc/cpuinfo")
    flags = about.read_text(errors="ignore").split() if about.exists() else []
    vector = [f for f in ("avx2", "avx512f", "avx512_bf16") if f in flags]
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    return f"{os.cpu_count()} cores, {' '.join([platform.machine(), *vector])}, {versions}"


def rates(evidence: Evidence) -> np.ndarray:
    """AUC and TPR at FPR 10, 1 and 0.1 % of each world: float64[worlds, 4]."""
    found: list[list[float]] = []
    for _, world in evidence.table.group_by("world", maintain_order=True):
        score, exposed = world["score"].to_numpy(), world["exposed"].to_numpy()
        yes, no = score[exposed], np.sort(score[~exposed])
        twice = np.searchsorted(no, yes, side="left") + np.searchsorted(no, yes, side="right")
        thresholds = [no[len(no) - 1 - int(f * len(no))] for f in FPRS]
        found.append([twice.mean() / (2 * len(no)), *(float((yes > t).mean()) for t in thresholds)])
    return np.array(found)


def over_seeds(values: Sequence[float]) -> str:
    """The mean of one number a seed, with Student's interval at 95 %."""
    half = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.3f} ± {half:.3f}"


def row(*cells: object) -> str:
    """A line of a markdown table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def head(*cells: str) -> list[str]:
    """The first two lines of a markdown table."""
    return [row(*cells), row(*("---" for _ in cells))]


def bars(checks: Sequence[tuple[str, bool]]) -> list[str]:
    """What was to be reached, and whether it was."""
    return [*head("bar", "reached"), *(row(what, "yes" if ok else "**no**") for what, ok in checks)]


def publish(lines: Sequence[str], name: str, *, write: bool) -> None:
    """Print the page, and keep it in results/ if asked to."""
    text = "\n".join(lines) + "\n"
    print(text)
    if write:
        path = Path(__file__).parent / "results" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
