"""A made-up register of people, and the same people in a release that spells names in other ways."""

from __future__ import annotations

import numpy as np

from confide.views.table import Domain, Table

CONSONANTS, VOWELS = "bcdfghklmnprstvw", "aeiou"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
FIRST, LAST, PLACES = 300, 3_000, 60


def register(people: int, *, misspelt: float, rng: np.random.Generator) -> tuple[Table, Table]:
    """First and last name, sex and place: as they are, and with a share of the names misspelt once."""
    true: list[list[str]] = []
    written: list[list[str]] = []
    for size in (FIRST, LAST):
        pool = names(size, rng=rng)
        true.append([pool[i] for i in rng.choice(size, people, p=long_tailed(size))])
        written.append([error(one, rng=rng) if rng.random() < misspelt else one for one in true[-1]])
    sex, place = rng.integers(0, 2, people), rng.choice(PLACES, people, p=long_tailed(PLACES))
    domains: list[Domain] = []
    codes: tuple[list[object], list[object]] = ([], [])
    for name, *lists in zip(("first", "last"), true, written, strict=True):
        words = sorted({word for one in lists for word in one})
        at = {word: code for code, word in enumerate(words)}
        domains.append(Domain(name, tuple(words)))
        for side, one in zip(codes, lists, strict=True):
            side.append([at[word] for word in one])
    domains += [Domain("sex", ("f", "m")), Domain("place", tuple(map(str, range(PLACES))))]
    original, release = (Table.of(domains, np.array([*side, sex, place]).T) for side in codes)
    return original, release


def names(count: int, *, rng: np.random.Generator) -> list[str]:
    """Different names of two to four syllables."""
    found: dict[str, None] = {}
    while len(found) < count:
        syllables = [
            rng.choice(list(CONSONANTS)) + rng.choice(list(VOWELS)) for _ in range(rng.integers(2, 5))
        ]
        found["".join(syllables) + rng.choice(list(CONSONANTS))] = None
    return list(found)


def long_tailed(size: int) -> np.ndarray:
    """The law of names: the i-th is as frequent as i^-0.8."""
    weight = np.arange(1, size + 1) ** -0.8
    return weight / weight.sum()


def error(word: str, *, rng: np.random.Generator) -> str:
    """Another letter, one too few, one too many, or two that changed places."""
    at, letter = int(rng.integers(0, len(word) - 1)), LETTERS[rng.integers(len(LETTERS))]
    return (
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    )[rng.integers(4)]
