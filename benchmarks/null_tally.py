"""Many audits of one kind, counted."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import confide
from confide.core.errors import ConfideError
from confide.measure import proportion

if TYPE_CHECKING:
    from confide.audits import Held


@dataclass(kw_only=True)
class Tally:
    """Many audits of one kind.

    Args:
        outcomes: how often each headline came.
        rulings: of each limit.
        refused: what was said where an audit was refused.
        people: exposed and control rows of each audit.
        seconds: CPU seconds of each.
        passed: audits that ended with exit code 0.
        promises: audits that called a promise broken.
        exposed: audits that called canaries exposed.
        broken: which checks broke a promise.
        found: the largest AUC and TPR at 10 % of each audit.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    rulings: dict[str, Counter[str]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    people: list[tuple[int, int]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    passed: int = 0
    promises: int = 0
    exposed: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    found: list[tuple[float, float]] = field(default_factory=list)

    @property
    def audits(self) -> int:
        return self.outcomes.total()

    def add(self, held: Held, *, seed: int, limits: Sequence[str], options: Mapping[str, Any]) -> None:
        """Audit what is held, as the command line does, and count what the report says."""
        start = time.process_time()
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # solvers that stop early: their attacks are weak, not wrong
            try:
                audit = confide.audit(held, seed=seed, limits=limits, cache=Path(folder), **options)
                page = audit.report.page
            except ConfideError as error:
                self.refused[str(error)] += 1
                return
        self.seconds.append(time.process_time() - start)
        # Where something is proved too, that section stands before the one of the game, and has no rates.
        section = page["sections"][-1]
        self.outcomes[section["outcome"]] += 1
        found = section["finding"]
        self.people.append((found["exposed_count"] or 0, found["control_count"] or 0))
        ruled = {judged["limit"]: judged["verdict"] for judged in page["limits"]}
        for limit, ruling in ruled.items():
            self.rulings.setdefault(limit, Counter())[ruling] += 1
        last = audit.sections[-1]
        self.passed += audit.exit_code == 0
        self.promises += "the promise" in ruled
        self.exposed += any("exposed beyond chance" in str(warning) for warning in last.warnings)
        self.broken += Counter(last.broken)
        at = [(f.risk.auc.value, f.risk.tpr_at[0].rate) for f in last.findings]
        self.found.append((max(a for a, _ in at), max((r.value for _, r in at if r), default=0.0)))

    def exceeded(self, limit: str) -> int | None:
        return None if limit not in self.rulings else self.rulings[limit]["exceeded"]


def share(k: int | None, n: int) -> str:
    """A share in percent with its exact interval; empty where nothing was asked or played."""
    if k is None or not n:
        return "–"
    found = proportion(k, n, confidence=0.95)
    return f"{found.value:.1%} [{found.low:.1%}, {found.high:.1%}]"
