"""A language model as a user's own function: texts in, the log-likelihood of each out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import ConfideError, ModelError
from confide.models.guard import Guard, guarded_error

BATCH = 1_000
"""Texts of one call."""
SLACK = 1e-4
"""Nats by which sums in half precision may miss what is true of probabilities."""


@dataclass(frozen=True, slots=True, eq=False)
class FunctionText:
    """A language model that is a function of texts.

    Args:
        score: texts -> the natural log of the probability that a text begins so, one number each.
        name: of the function, for messages.
        timeout: seconds that one call may take.
    """

    score: Callable[[list[str]], Any]
    name: str = "the function"
    timeout: float | None = None
    shown: ClassVar[str] = "likelihoods of texts"

    def log_likelihoods(self, texts: Sequence[str]) -> Floats:
        """The log-likelihood of each text, float64[n].

        Raises:
            ModelError: if the function fails, or its answers are no log-likelihoods.
        """
        parts = [self._asked(part) for part in _parts(texts)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def continuations(self, prefixes: Sequence[str], suffixes: Sequence[str]) -> Floats:
        """The log-likelihood of each suffix after its prefix, float64[n]: that of both less the first's.

        Raises:
            ModelError: as above, or if a text is likelier than its own beginning.
        """
        begins = sorted({prefix for prefix in prefixes if prefix})
        first = dict(zip(begins, self.log_likelihoods(begins), strict=True)) | {"": 0.0}
        whole = self.log_likelihoods([p + s for p, s in zip(prefixes, suffixes, strict=True)])
        found = whole - np.array([first[prefix] for prefix in prefixes])
        if (found > SLACK).any():
            raise ModelError(
                f"{self.name} finds a text {float(found.max()):.3g} nats likelier than its own beginning: "
                "give the sum of the log-probabilities of all signs of a text, not their mean, and count no "
                "end of the text."
            )
        return np.minimum(found, 0.0)

    def _asked(self, texts: list[str]) -> Floats:
        try:
            answer = Guard(self.name, self.timeout)(lambda: self.score(list(texts)))
            given = np.asarray(answer.tolist() if hasattr(answer, "tolist") else answer)
            found = given.astype(np.float64) if given.dtype.kind in "fiu" else None
        except ConfideError:
            raise
        except Exception as error:
            raise ModelError(
                f"{self.name} fails on {len(texts):,} texts ({guarded_error(error)}): call it by hand on a "
                "list of texts; it must return one log-likelihood each."
            ) from error
        if found is None or found.shape != (len(texts),):
            got = "no numbers" if found is None else f"numbers of shape {found.shape}"
            raise ModelError(
                f"{self.name} answers {len(texts):,} texts with {got}: return one log-likelihood each, as a "
                "list or an array."
            )
        return checked(found, self.name)


def checked(found: Floats, name: str) -> Floats:
    """Log-likelihoods as they are, if they can be some.

    Raises:
        ModelError: for one that is not finite, or above 0.
    """
    if not np.isfinite(found).all():
        wrong = found[~np.isfinite(found)][0]
        raise ModelError(
            f"{name} gives {int((~np.isfinite(found)).sum()):,} of {len(found):,} texts the log-likelihood "
            f"{wrong}: give a finite number; a text that cannot be may get a very small one."
        )
    if (found > SLACK).any():
        raise ModelError(
            f"{name} gives a text the log-likelihood {float(found.max()):.3g}, so a probability above 1: "
            "give natural logarithms of probabilities, with their sign (a loss has the other one)."
        )
    return np.minimum(found, 0.0)


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(texts), BATCH):
        yield list(texts[start : start + BATCH])
