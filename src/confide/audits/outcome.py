"""The outcome of an audit: its report, its tables of people, and its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import polars as pl

from confide.audits.figures import figure_for
from confide.audits.loading import SavedAudit, load
from confide.audits.most_exposed import most_exposed
from confide.audits.settings import Settings
from confide.core import kept_evidence as kept
from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.core.evidence import Evidence
from confide.core.language import written_in
from confide.core.parquet import write_parquet
from confide.core.version import VERSION
from confide.core.who import of_attack
from confide.measure import Risk
from confide.report import Decision, Report, Section, report
from confide.report.failure import FAILED
from confide.report.figure import Figure
from confide.report.goals import without_goal
from confide.report.made import Made, merged
from confide.report.renders.compact import to_repr

ROWS = ("evidence.parquet", "exposed.csv", "people.parquet")
"""The files whose rows are people: for internal use."""
OWN = ("report.html", "report.json", FAILED, *ROWS)
"""All that may be written to the folder of a report."""


def refuse_beside_rows(folder: Path) -> None:
    """Refuse a folder for the public that holds rows of an internal audit: they would be passed on with it.

    Raises:
        DataError: if it does.
    """
    earlier = [folder / name for name in ROWS if (folder / name).exists()]
    if earlier:
        raise DataError(
            f"{earlier[0]} holds the rows of an earlier audit: write the public report elsewhere."
        )


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What an audit found, for one release or several.

    Args:
        sections: one a release.
        settings: what decides the verdict, and who will read it.
        before: the release without protection, one section a goal, where all sections are protected ones:
            they are compared with it.
        people: by release, for each target of the evidence who that is (column `target` and others), for
            internal use.
        made: where the report comes from; None where nobody kept it.
        decision: what it comes to, where the limits alone do not decide.
    """

    sections: tuple[Section, ...]
    settings: Settings
    before: tuple[Section, ...] = ()
    people: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    made: Made | None = None
    decision: Decision | None = None

    @classmethod
    def merge(cls, audits: Sequence[Audit]) -> Audit:
        """Several audits with the same settings as one."""
        # Names of releases differ: a report refuses two sections of one name.
        people = {release: targets for audit in audits for release, targets in audit.people.items()}
        sections = tuple(s for audit in audits for s in audit.sections)
        # One audit's unprotected release is not that of another: then all are held against the first.
        before = audits[0].before if len(audits) == 1 else ()
        made = merged([audit.made for audit in audits if audit.made is not None])
        return replace(audits[0], sections=sections, people=people, before=before, made=made)

    @staticmethod
    def load(folder: Path | str) -> SavedAudit:
        """An audit that `save` wrote: its report as it stands, and its evidence, measured again.

        Raises:
            DataError: if files are missing, or do not belong together.
        """
        return load(folder)

    @property
    def risks(self) -> Mapping[str, Mapping[str, Risk]]:
        """Of each release by its name and then by attack, what was measured, as `SavedAudit.risks` has it.

        Proofs have no risks, since nothing was measured.
        """
        return {
            s.release: {f.risk.attack: f.risk for f in s.findings} for s in self.sections if s.proof is None
        }

    @property
    def targets(self) -> pl.DataFrame | None:
        """Who the targets of the first release are; None where nobody says, or the audit is public."""
        return next(iter(self.people.values()), None)

    @property
    def exposed(self) -> pl.DataFrame:
        """Everybody who was in the data, the most exposed first: who they are, and how few look like them.

        Columns: release, attack (the headline's), target (their number in the evidence), times_in (in how
        many rounds they were in), lookalikes (the share of others with a claim at least as sure), and those
        of `people`. It points at people: for internal use.
        """
        frames: list[pl.DataFrame] = []
        for s in self.sections:
            if s.proof is not None:
                # Whose records are proved: rows of the release, and nobody who was asked about.
                frames += [self.people[s.release].select(pl.lit(s.release).alias("release"), pl.all())] * (
                    s.release in self.people
                )
                continue
            who = self.people.get(s.release)
            frames.append(
                most_exposed(
                    s.release,
                    s.headline.risk.attack,
                    evidence=s.evidence,
                    lows={f.risk.attack: f.risk.auc.low for f in s.findings},
                    who=lambda _, who=who: who,
                )
            )
        if not frames:
            return pl.DataFrame({"release": []}, schema={"release": pl.String})
        # Diagonal, because releases of several kinds may say different things of people.
        return pl.concat(frames, how="diagonal_relaxed")

    @cached_property
    def per_person(self) -> pl.DataFrame | None:
        """What the goals of an audit together say of each person, a row for each release and person.

        Columns: release, who they are (file, row, and id where there is one), and those of `people` of every
        goal. It is None where one goal alone speaks of people, as `exposed` says it all then.
        """
        found: dict[str, list[pl.DataFrame]] = {}
        for s in self.sections:
            said = self.people.get(s.release)
            if said is not None and "attack" not in said.columns:
                with written_in(self.settings.language):
                    release = without_goal(s.release, s.goal)
                found.setdefault(release, []).append(said)
        if all(len(frames) < 2 for frames in found.values()):
            return None
        whole: list[pl.DataFrame] = []
        for release, frames in found.items():
            joined = frames[0]
            for more in frames[1:]:
                # Of people who are in no file row and id are missing.
                both = set(joined.columns) & set(more.columns)
                who = [c for c in ("target", "file", "row", "id") if c in both]
                joined = joined.join(more, on=who, how="full", coalesce=True, nulls_equal=True)
            whole.append(joined.sort("target").select(pl.lit(release).alias("release"), pl.exclude("target")))
        return pl.concat(whole, how="diagonal_relaxed")

    @cached_property
    def report(self) -> Report:
        """Every word and number; prints itself."""
        with written_in(self.settings.language):
            return report(
                self.sections,
                seed=self.settings.seed,
                audience=self.settings.audience,
                limits=self.settings.parsed_limits,
                allow_unsettled=self.settings.allow_unsettled,
                version=VERSION,
                show_rows=self.settings.show_rows,
                before=self.before,
                made=self.made,
                decision=self.decision,
            )

    @property
    def exit_code(self) -> int:
        """0 within limits, 1 if one is exceeded, or not settled unless that is allowed."""
        return self.report.exit_code

    @property
    def verdict(self) -> str:
        """The ruling over all limits: "within", "exceeded", "not settled", or "measured" without limits."""
        return str(self.report.page["verdict"])

    @property
    def headlines(self) -> tuple[str, ...]:
        """The first sentence on each release."""
        return tuple(f"{s['release']}: {s['headline']}" for s in self.report.page["sections"])

    def frame(self) -> pl.DataFrame:
        """One row for each release and attack, also for those that did not run, with all numbers.

        The columns are those of `confide.report.frame`. It has what the report has: that of a public audit
        is fit for the public.
        """
        return self.report.frame()

    def figure(self, name: str, *, release: str | None = None, attack: str | None = None) -> Figure:
        """A chart of the report by itself: to look at, to save, to draw again.

        Args:
            name: roc, scores, worst_off, epsilon or curve; or the title of a plot of the exhibits.
            release: that it is about; by default the first that has such a chart.
            attack: that it is drawn for; by default the strongest.

        Raises:
            DataError: if there is none such, with those that there are, or if nothing can be drawn.
        """
        return figure_for(self.report, self.sections, name, release=release, attack=attack)

    def __repr__(self) -> str:
        """What was audited, the ruling, and the strongest attack with its rate and interval."""
        return to_repr(self.report.page, "Audit")

    def _repr_html_(self) -> str:
        # A card and not the page: `report` shows that.
        return self.report.card()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """All evidence; with several releases each attack carries its release's name."""
        return tuple(
            replace(e, attack=self._called(s, e)) for s in self.sections for e in s.evidence.values()
        )

    def _called(self, section: Section, evidence: Evidence) -> str:
        several = len(self.sections) > 1
        return f"{section.release}/{evidence.attack}" if several else evidence.attack

    @property
    def files(self) -> tuple[str, ...]:
        """What `save` writes: rows of evidence name people, so a public audit keeps them back."""
        if self.settings.audience == "public":
            return ("report.html", "report.json")
        rows = ROWS if self.per_person is not None else ROWS[:-1]
        # Proofs have no evidence: there was no game.
        return ("report.html", "report.json", *(rows if self.evidence else rows[1:]))

    def save(self, folder: Path | str) -> None:
        """Write the report and, for an internal audience, the evidence and who is exposed; each file whole.

        Raises:
            DataError: if a public report were to stand beside the rows of an earlier, internal one.
        """
        folder = Path(folder)
        self.settings.at("drawing")
        if self.settings.audience == "public":
            refuse_beside_rows(folder)
        # What was found comes first, all of it or nothing, and drawing last: no chart can lose any of it.
        with ExitStack() as whole:
            self._save_numbers(
                lambda name: whole.enter_context(atomic_write(folder / name, shared=self.settings.share))
            )
        # An earlier page beside these numbers would be read as theirs if this one could not be written.
        for name in ("report.html", FAILED, *(name for name in ROWS if name not in self.files)):
            if (folder / name).is_file():
                (folder / name).unlink()
        self.report.save(folder / "report.html", shared=self.settings.share)
        self.settings.at("done")

    def _save_numbers(self, draft: Callable[[str], Path]) -> None:
        draft("report.json").write_text(self.report.json(), encoding="utf-8")
        if self.settings.audience == "public":
            return
        who = {
            self._called(s, e): of_attack(self.people[s.release], e.attack)
            for s in self.sections
            for e in s.evidence.values()
            if s.release in self.people
        }
        if self.evidence:
            kept.save(self.evidence, draft("evidence.parquet"), who=who)
        self.exposed.write_csv(draft("exposed.csv"))
        if self.per_person is not None:
            write_parquet(self.per_person, draft("people.parquet"))
