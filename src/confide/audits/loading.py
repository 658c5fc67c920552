"""Audits that were saved, read back: the report as it stands, and the evidence, measured again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from confide.audits.agreement import disagreement, measured_again
from confide.audits.most_exposed import most_exposed
from confide.core.errors import DataError
from confide.core.evidence import Evidence, schema
from confide.core.evidence_files import read_file
from confide.core.foreign import escaped
from confide.core.kept_evidence import load_with_rows
from confide.core.parquet import read_parquet
from confide.core.paths import is_folder
from confide.measure import Risk
from confide.report import Report
from confide.report.figure import Figure
from confide.report.measured import MeasuredRelease, releases_of
from confide.report.renders.compact import to_repr

REPORT, EVIDENCE, EXPOSED, PEOPLE = "report.json", "evidence.parquet", "exposed.csv", "people.parquet"


@dataclass(frozen=True, kw_only=True)
class SavedAudit:
    """An audit that was saved: what it found, to be read, compared and shown again.

    It has what an `Audit` shows, by the same names: `report`, `verdict`, `exit_code`, `headlines`,
    `evidence`, `exposed`, `per_person`. The report is the one that was written, word for word. Games, models
    and settings are not kept, so an audit cannot be gone on with; for that the cache is there.

    Args:
        folder: where it was found.
        report: as it was written.
        releases: with the evidence of each attack; without it where the report is for the public.
        risks: of each release by its name and then by attack, measured again from the evidence. They are
            those of the report, which was checked.
        per_person: what several goals together say of each person; None where one goal speaks alone.
    """

    folder: Path
    report: Report
    releases: tuple[MeasuredRelease, ...]
    risks: Mapping[str, Mapping[str, Risk]] = field(default_factory=dict)
    per_person: pl.DataFrame | None = None

    @property
    def exit_code(self) -> int:
        """That of the audit."""
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
            attack: that it is drawn for; by default the one that the report draws it for.

        Raises:
            DataError: if there is none such, with those that there are, or if nothing can be drawn.
        """
        return self.report.figure(name, release=release, attack=attack)

    def __repr__(self) -> str:
        """What was audited, the ruling, and the strongest attack with its rate and interval."""
        return to_repr(self.report.page, "SavedAudit")

    def _repr_html_(self) -> str:
        # A card and not the page: `report` shows that.
        return self.report.card()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """All evidence; with several releases each attack carries its release's name.

        Raises:
            DataError: for a public report, which has none.
        """
        self._need_rows("no evidence")
        return tuple(e for r in self.releases for e in r.evidence.values())

    @cached_property
    def exposed(self) -> pl.DataFrame:
        """Everybody who was in the data, the most exposed first; the columns are those of `Audit.exposed`.

        Raises:
            DataError: for a public report, which names nobody.
        """
        self._need_rows("no table of people")
        frames = [_exposed(r) for r in self.releases if r.evidence]
        if not frames:  # of proofs the file alone says whose records they are
            return pl.read_csv(self.folder / EXPOSED, infer_schema_length=None, glob=False)
        return pl.concat(frames, how="diagonal_relaxed")

    def _need_rows(self, what: str) -> None:
        if self.report.page["audience"] == "public":
            raise DataError(
                f"{self.folder} holds a report for the public, which has {what}: load the folder of the "
                f"internal audit."
            )


def load(folder: Path | str) -> SavedAudit:
    """Read an audit that was saved, measure its evidence again, and hold the report to it.

    Raises:
        DataError: if a file is missing or cannot be read, or the report does not follow from the evidence.
    """
    folder = Path(folder)
    if not is_folder(folder):
        raise DataError(f"{folder} is no folder: give the folder that an audit was saved to (--out).")
    report = Report.load(folder / REPORT)
    page, bare = report.page, releases_of(report.page)
    if page["audience"] == "public":
        return SavedAudit(folder=folder, report=report, releases=bare)
    if all(r.proved for r in bare):
        # Proofs have no evidence: there was no game.
        return SavedAudit(folder=folder, report=report, releases=bare, per_person=_per_person(folder))
    releases = _with_evidence(folder, bare)
    again = {r.release: measured_again(r) for r in releases if not r.proved}
    wrong = disagreement(page, releases, again) or _other_people(folder, releases)
    if wrong:
        raise DataError(
            f"{folder}: {REPORT} does not follow from the other files ({wrong}). One of them was changed, "
            f"comes from another audit, or another version of confide measured otherwise (this report is of "
            f"{page['version']}): run the audit again."
        )
    return SavedAudit(
        folder=folder,
        report=report,
        releases=releases,
        risks={name: risks for name, (_, risks) in again.items()},
        per_person=_per_person(folder),
    )


def _with_evidence(folder: Path, bare: tuple[MeasuredRelease, ...]) -> tuple[MeasuredRelease, ...]:
    """The releases with their evidence and who their targets are."""
    path = folder / EVIDENCE
    table, about = read_file(path, ".parquet", ours=False)
    found = {escaped(e.attack): e for e, _ in load_with_rows(path, table=table, about=about)}
    several = len(bare) > 1
    called = {
        (r.release, f["attack"]): f"{r.release}/{f['attack']}" if several else f["attack"]
        for r in bare
        if not r.proved
        for f in r.findings
    }
    lost = [name for name in called.values() if name not in found]
    if lost or len(found) > len(called):
        odd = lost[0] if lost else next(name for name in found if name not in called.values())
        where = f"{EVIDENCE} lacks it" if lost else f"{REPORT} lacks it"
        raise DataError(
            f"{folder}: {REPORT} and {EVIDENCE} are of different audits ({odd}: {where}). Name the folder "
            f"of one audit, or run it again."
        )
    who = _who(table, {e.attack: name for name, e in found.items()})
    return tuple(
        r
        if r.proved
        else MeasuredRelease(
            record=r.record,
            findings=r.findings,
            language=r.language,
            evidence={f["attack"]: found[called[r.release, f["attack"]]] for f in r.findings},
            who={
                f["attack"]: who[called[r.release, f["attack"]]]
                for f in r.findings
                if called[r.release, f["attack"]] in who
            },
        )
        for r in bare
    )


def _who(table: pl.DataFrame, names: Mapping[str, str]) -> dict[str, pl.DataFrame]:
    """For each attack a row for each target: who it is, by the columns that stand beside the evidence."""
    beside = [c for c in table.columns if c not in (*schema(), "attack", "person")]
    found: dict[str, pl.DataFrame] = {}
    for (attack,), part in table.group_by("attack", maintain_order=True):
        # Attacks on other releases may name people by other columns, which are empty here.
        mine = [c for c in beside if part[c].null_count() < len(part)]
        if mine:
            each = part.select(pl.col("target").cast(pl.Int64), *mine)
            found[names[str(attack)]] = each.unique("target", keep="first", maintain_order=True)
    return found


def _exposed(release: MeasuredRelease) -> pl.DataFrame:
    attack = release.record["finding"]["attack"]
    lows = {f["attack"]: f["auc"]["low"] if f["auc"] else 0.0 for f in release.findings}
    return most_exposed(release.release, attack, evidence=release.evidence, lows=lows, who=release.who.get)


def _other_people(folder: Path, releases: tuple[MeasuredRelease, ...]) -> str:
    """What is wrong with exposed.csv, in a few words; empty if it is of this evidence."""
    path = folder / EXPOSED
    if not path.is_file():
        return f"{EXPOSED} is missing"
    try:
        kept = pl.read_csv(path, infer_schema_length=None, glob=False)
    except (OSError, ValueError, pl.exceptions.PolarsError):
        return f"{EXPOSED} cannot be read"
    for release in releases:
        if release.proved:
            continue
        made = _exposed(release).select("target", "lookalikes")
        if not {"release", "target", "lookalikes"} <= set(kept.columns):
            return f"{EXPOSED} lacks its columns"
        names = kept["release"].cast(pl.String)
        # The page has names with control characters written out.
        called = [name for name in names.unique() if name is not None and escaped(name) == release.release]
        mine = kept.filter(names.is_in(called))
        both = made.join(mine.select("target", kept="lookalikes"), on="target", how="inner")
        near = ((both["lookalikes"] - both["kept"]).abs() < 1e-9).all()
        if len(mine) != len(made) or len(both) != len(made) or not near:
            return f"{EXPOSED} lists other people of {release.release}"
    return ""


def _per_person(folder: Path) -> pl.DataFrame | None:
    path = folder / PEOPLE
    return read_parquet(path, todo="run the audit again") if path.is_file() else None
