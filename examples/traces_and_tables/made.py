"""Made-up files as an office exports them: semicolons, decimal commas, local times.

python made.py    writes data/visits.csv and data/clients.csv
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from confide.data.twins_traces import wanderers

PEOPLE = 400
BERLIN = ZoneInfo("Europe/Berlin")


def comma(numbers: np.ndarray, digits: int) -> list[str]:
    """Numbers as a German office writes them."""
    return [f"{number:.{digits}f}".replace(".", ",") for number in numbers]


def visits(rng: np.random.Generator) -> pl.DataFrame:
    """Visits of people to places: when by the clock on the wall, where in degrees."""
    made = wanderers(PEOPLE, around=(48.1, 11.5), each=12, places=60, days=20, rng=rng)
    assert made.where is not None
    where = made.where[made.place]
    local = [datetime.fromtimestamp(int(second), tz=UTC).astimezone(BERLIN) for second in made.time]
    return pl.DataFrame(
        {
            "kunde": [f"K{person:04d}" for person in made.person],
            "zeit": [f"{time:%d.%m.%Y %H:%M}" for time in local],
            "breite": comma(where[:, 0], 5),
            "länge": comma(where[:, 1], 5),
        }
    )


def clients(rng: np.random.Generator) -> pl.DataFrame:
    """A table of clients with names, an income and a diagnosis."""
    born = rng.integers(1940, 2005, PEOPLE)
    return pl.DataFrame(
        {
            "kunde": [f"K{person:04d}" for person in range(PEOPLE)],
            "email": [f"person{person}@example.org" for person in range(PEOPLE)],
            "geburtsjahr": born,
            "plz": [f"80{code:03d}" for code in rng.integers(0, 25, PEOPLE)],
            "geschlecht": rng.choice(["m", "w"], PEOPLE),
            "einkommen": comma(rng.lognormal(10.4, 0.4, PEOPLE), 2),
            "diagnose": rng.choice(["Asthma", "Diabetes", "Migräne", "keine"], PEOPLE),
        }
    )


def main() -> None:
    """Write both files."""
    Path("data").mkdir(exist_ok=True)
    rng = np.random.default_rng(4)
    visits(rng).write_csv("data/visits.csv", separator=";")
    clients(rng).write_csv("data/clients.csv", separator=";")


if __name__ == "__main__":
    main()
