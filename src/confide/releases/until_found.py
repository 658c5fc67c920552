"""What a search for the least change found, in words and tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

from confide.audits.outcome import Audit
from confide.core.estimate import Estimate
from confide.releases.until_halves import Reached
from confide.releases.until_rates import RATES
from confide.report import Exhibit, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One protection, tried on the half of the people that chooses.

    Args:
        text: as a user writes it.
        loss: of the known columns; infinite where it cannot be applied.
        reached: by the attacks; None where none was played, as it loses more than what was found.
        kept: whether all rates are kept.
        why: it cannot be applied.
    """

    text: str
    loss: float
    reached: Reached | None = None
    kept: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastChange:
    """The least change that was found, judged on the other half of the people.

    Args:
        limits: the rates by name.
        chosen: what loses least.
        flat: what loses least without single cells: one k for everybody.
        other: what the attacks reach on the half that chose nothing, intervals at 95 %.
        tried: everything that was tried, in order.
    """

    limits: dict[str, float]
    chosen: Tried
    flat: Tried
    other: Reached
    tried: tuple[Tried, ...]

    @property
    def text(self) -> str:
        """The protection, as a user writes it."""
        return self.chosen.text

    @property
    def missed(self) -> tuple[str, ...]:
        """The rates that the other half does not keep."""
        return tuple(name for name, most in self.limits.items() if self.other.rate[name].value > most)

    @property
    def unsure(self) -> tuple[str, ...]:
        """Those that it keeps, but whose interval reaches beyond."""
        found = self.other.rate
        return tuple(n for n, most in self.limits.items() if found[n].value <= most < found[n].high)

    def notes(self, *, public: bool) -> tuple[str, ...]:
        """What the user should know, a sentence each; for the public without numbers of the other half."""
        flat = (
            f"one k for everybody would have cost {self.flat.loss:.3f} ({self.flat.text})"
            if self.flat.text != self.text
            else "it is one k for everybody: no single cells beside a smaller k lose less"
        )
        first = (
            f"The least change that was found is {self.text}, at a loss of {self.chosen.loss:.3f}; {flat}."
        )
        return (first, *(self._judged(name, public=public) for name in self.limits))

    def _judged(self, name: str, *, public: bool) -> str:
        rate, most = self.other.rate[name], self.limits[name]
        ruling = "NOT kept" if name in self.missed else "kept, not surely" if name in self.unsure else "kept"
        number = "" if public else f": {rate.value:.3f} [{rate.low:.3f}, {rate.high:.3f}]"
        return f"{name}={most:g} is {ruling} on the other half of the people{number}."

    def drawn_in(self, audit: Audit) -> Audit:
        """The audit with both tables before the exhibits of its first release."""
        first, *others = audit.sections
        first = replace(first, exhibits=(*self.exhibits, *first.exhibits))
        return replace(audit, sections=(first, *others))

    @property
    def exhibits(self) -> tuple[Exhibit, ...]:
        """What was found, and what was tried."""
        return self._found, self._tried

    @property
    def _found(self) -> Table:
        reached = self.chosen.reached
        assert reached is not None
        return Table(
            title="The least change that keeps the rates",
            reading=f"{self.text} was chosen by playing the attacks on one half of the people, where each "
            "rate had to stay below with room for chance (one standard error); it loses "
            f"{self.chosen.loss:.3f} of the known columns. The other half chose nothing, so its rates are "
            f"fair. One k for everybody: {self.flat.text}, a loss of {self.flat.loss:.3f}. Intervals are "
            "those of 68 % on the half that chose and of 95 % on the other, all attacks together.",
            head=("rate", "allowed", "on the half that chose", "on the other half", "by the attack"),
            rows=tuple(
                (
                    f"{name}: {RATES[name]}",
                    most,
                    reached.rate[name],
                    self.other.rate[name],
                    self.other.attack[name],
                )
                for name, most in self.limits.items()
            ),
            of=self.other.people,
        )

    @property
    def _tried(self) -> Table:
        rows: list[tuple[str | float | Estimate | None, ...]] = []
        for one in sorted(self.tried, key=lambda t: t.loss):
            reached = one.reached
            rates = [None if reached is None else reached.rate.get(name) for name in self.limits]
            said = "kept" if one.kept else "not kept" if reached is not None else "not played"
            if one.loss == inf:
                rows.append((one.text, None, *rates, "not possible"))
            else:
                rows.append((one.text, one.loss, *rates, said))
        return Table(
            title="What was tried for the least change",
            reading="Each protection on the half of the people that chooses. What loses more than something "
            "that keeps the rates was not played. Intervals are those of 68 %, all attacks together.",
            head=("protection", "loss", *self.limits, "rates"),
            rows=tuple(rows),
            of=self.other.people,
        )
