"""A cited paper: the source of a method, for the report and its bibliography."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A published paper.

    Args:
        authors: given name and family name, joined by " and ".
        title: as printed.
        venue: the proceedings, the journal, or the preprint's number.
        year: of publication there.
        url: where it can be read.

    >>> paper = Paper(authors="Ada Lovelace and Mary Somerville", title="Notes", venue="Memoirs", year=1843,
    ...               url="https://example.org")
    >>> str(paper)
    'Lovelace and Somerville 1843'
    >>> print(paper.bibtex("notes"))
    @misc{notes,
      author = {Ada Lovelace and Mary Somerville},
      title = {{Notes}},
      howpublished = {Memoirs},
      year = {1843},
      url = {https://example.org}
    }
    """

    authors: str
    title: str
    venue: str
    year: int
    url: str

    def bibtex(self, key: str) -> str:
        """A BibTeX entry under `key`."""
        fields = {
            "author": self.authors,
            "title": f"{{{self.title}}}",  # doubled braces keep BibTeX from changing capitals
            "howpublished": self.venue,
            "year": str(self.year),
            "url": self.url,
        }
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        return f"@misc{{{key},\n{body}\n}}"

    def __str__(self) -> str:
        families = [author.split()[-1] for author in self.authors.split(" and ")]
        # As in print: from three authors on the first and "et al.".
        names = " and ".join(families) if len(families) <= 2 else f"{families[0]} et al."
        return f"{names} {self.year}"
