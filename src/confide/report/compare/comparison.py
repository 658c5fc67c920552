"""Comparison: the page of two audits side by side, which prints, saves and shows itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import polars as pl

from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.report.compare.page_types import Answer, ComparisonPage
from confide.report.compare.renders import to_document, to_html, to_json, to_text

PEOPLE = "more_exposed.csv"
"""The file that names people: for internal use."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two audits side by side: is the second worse, by how much, and how sure is that.

    Args:
        page: every word and number.
        more_exposed: who became more exposed, a row a person; None where nobody can be matched, and for the
            public.
    """

    page: ComparisonPage = field(repr=False)
    more_exposed: pl.DataFrame | None = field(default=None, repr=False)

    @property
    def answer(self) -> Answer:
        """Does the second give away more? "worse", "better", "the same" within the margin, "not settled"."""
        return self.page["answer"]

    def fails(self, *, allow_unsettled: bool = False) -> bool:
        """Must a gate on "no worse than before" stay shut? Yes if worse, and if nobody can tell.

        Args:
            allow_unsettled: let pass what is not settled.
        """
        # What was not looked at well enough is no sign of a release that is as safe as before.
        return self.answer == "worse" or (self.answer == "not settled" and not allow_unsettled)

    @property
    def files(self) -> tuple[str, ...]:
        """What `save` writes."""
        return ("comparison.html", "comparison.json", *([] if self.more_exposed is None else [PEOPLE]))

    def html(self) -> str:
        """One self-contained HTML file."""
        return to_html(self.page)

    def json(self) -> str:
        """The page as JSON."""
        return to_json(self.page)

    def markdown(self) -> str:
        """A summary, for a pull request: nobody is named in it."""
        return to_document(self.page).markdown()

    def save(self, folder: Path | str, *, shared: bool = False) -> None:
        """Write comparison.html and comparison.json, and for an internal audience who became more exposed.

        Each file is written whole. Only the user can read them, unless they are `shared`.

        Raises:
            DataError: if a public comparison were to stand beside the people of an earlier one.
        """
        folder = Path(folder)
        if self.more_exposed is None and (folder / PEOPLE).exists():
            raise DataError(
                f"{folder / PEOPLE} names the people of an earlier comparison: write this one elsewhere."
            )
        texts = {"comparison.html": self.html(), "comparison.json": self.json()}
        if self.more_exposed is not None:
            texts[PEOPLE] = self.more_exposed.write_csv()
        for name, text in texts.items():
            with atomic_write(folder / name, shared=shared) as draft:
                draft.write_text(text, encoding="utf-8")

    def __str__(self) -> str:
        return to_text(self.page)

    def _repr_html_(self) -> str:
        # In a frame of its own, so that the page's styles do not change the notebook.
        inside = escape(self.html(), quote=True)
        return f'<iframe sandbox srcdoc="{inside}" style="width:100%;height:48rem;border:0"></iframe>'
