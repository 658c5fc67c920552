"""Text: how likely a language model finds texts, and texts with a secret part that it is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from string import ascii_lowercase, ascii_uppercase, digits
from typing import ClassVar, Protocol

from confide.core.arrays import Floats, Ints, Rng
from confide.core.language import later

OPEN = (("d", digits), ("a", ascii_lowercase), ("A", ascii_uppercase))
"""Signs that may be any of their kind, by the letter that stands for it; all others stay as they are."""


class Likelihoods(Protocol):
    """A language model that says how likely texts are.

    Both answers are natural logarithms of probabilities over the whole text, without an end-of-text sign: the
    probability that a text *begins* so.
    """

    shown: ClassVar[str] = later("likelihoods of texts")

    def log_likelihoods(self, texts: Sequence[str]) -> Floats:
        """The log-likelihood of each text, float64[n], finite and at most 0."""
        ...

    def continuations(self, prefixes: Sequence[str], suffixes: Sequence[str]) -> Floats:
        """The log-likelihood of each suffix after its prefix, float64[n], finite and at most 0."""
        ...


@dataclass(frozen=True, slots=True)
class Template:
    """A text with one part left open: a digit may be any digit, a letter from a to z any of its case.

    Args:
        before: the text before the open part.
        places: the signs that may stand at each place of it; a single one where it is fixed.
        after: the text after it.

    >>> template = Template.of("my code is ", "4-b", ".")
    >>> template.form, template.size, template.text("9-z")
    ('d-a', 260, 'my code is 9-z.')
    """

    before: str
    places: tuple[str, ...]
    after: str = ""

    @classmethod
    def of(cls, before: str, secret: str, after: str = "") -> Template:
        """The template of a text with this secret."""
        return cls(before, tuple(_kind(sign) for sign in secret), after)

    @property
    def size(self) -> int:
        """How many secrets are possible."""
        return prod(len(place) for place in self.places)

    @property
    def form(self) -> str:
        """The open part in short: d for a digit, a and A for a letter."""
        short = {signs: letter for letter, signs in OPEN}
        return "".join(short.get(place, place) for place in self.places)

    def text(self, secret: str) -> str:
        """The whole text with this secret."""
        return f"{self.before}{secret}{self.after}"

    def all(self) -> list[str]:
        """Every possible secret, in order; for small spaces."""
        return ["".join(signs) for signs in product(*self.places)]

    def draw(self, count: int, *, rng: Rng, without: frozenset[str] = frozenset()) -> list[str]:
        """Different secrets, uniform over all that are possible but some; fewer where there are fewer."""
        left = self.size - len(without)
        if count >= left or self.size <= 4 * (count + len(without)):
            possible = [secret for secret in self.all() if secret not in without]
            return [possible[i] for i in rng.permutation(len(possible))[:count]]
        found: dict[str, None] = {}
        while len(found) < count:
            columns = [rng.integers(len(place), size=count) for place in self.places]
            for picks in zip(*columns, strict=True):
                secret = "".join(place[i] for place, i in zip(self.places, picks, strict=True))
                if secret not in without and len(found) < count:
                    found[secret] = None
        return list(found)


def _kind(sign: str) -> str:
    return next((signs for _, signs in OPEN if sign in signs), sign)


@dataclass(frozen=True, slots=True, eq=False)
class Canaries:
    """Texts with a random secret each: the adversary asks of each whether the model was trained on it.

    Args:
        templates: the different ones.
        which: int64[n], the template of each canary.
        secrets: n of them.
    """

    templates: tuple[Template, ...]
    which: Ints
    secrets: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.secrets)


@dataclass(frozen=True, slots=True, eq=False)
class Continuations:
    """Texts in two parts: the adversary knows the first, and is to get the second out of the model.

    Args:
        prefixes: n of them.
        suffixes: what follows each.
    """

    prefixes: tuple[str, ...]
    suffixes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.prefixes)
