"""The table in SECURITY.md of what was tried: read, and written again."""

from __future__ import annotations

from pathlib import Path

SECURITY = Path(__file__).parents[2] / "SECURITY.md"
BEGIN, END = "<!-- tried: begin -->", "<!-- tried: end -->"
HEAD = (
    "| what | tried | refused in a sentence | read | anything else |",
    "| --- | ---: | ---: | ---: | ---: |",
)


def rows() -> dict[str, str]:
    """Title -> row of the table, as it stands there."""
    inside = SECURITY.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    lines = [line for line in inside.splitlines() if line.startswith("| ") and line not in HEAD]
    return {line.split("|")[1].strip(): line for line in lines}


def numbers(row: str) -> tuple[int, ...]:
    """Tried, refused, read, and anything else."""
    return tuple(int(cell.replace(",", "")) for cell in row.split("|")[2:6])


def write(found: dict[str, str], order: list[str]) -> None:
    """Put these rows into the table, in this order; rows of other kinds stay as they are."""
    every = {**rows(), **found}
    before, rest = SECURITY.read_text(encoding="utf-8").split(BEGIN)
    inside = "\n".join([*HEAD, *(every[title] for title in order if title in every)])
    SECURITY.write_text(f"{before}{BEGIN}\n{inside}\n{END}{rest.split(END)[1]}", encoding="utf-8")
