"""The tree of errors; every message names the wrong value and says what to do.

ConfideError
├── PromiseError     a mechanism cannot keep this budget, or its unit is not the game's
├── AccessError      the attack needs to see more than the release shows
├── KnowledgeError   the adversary lacks what the attack needs (references, a population, classes)
├── EvidenceError    the evidence cannot carry the claim (no control, one class only, no score)
├── AttackError      an attack of the user's own is written wrongly, or failed
├── DataError        a table, an array or a file has the wrong form or content
├── ModelError       a model cannot be loaded, trained or asked, or its answers cannot be used
├── BudgetError      a cost is none, or the budget that is left does not pay for it
└── LedgerError      a ledger cannot be opened or trusted: locked, broken, changed, of other data
"""

from __future__ import annotations

from confide.core.foreign import escaped

LONGEST = 800
"""Characters of a message: what is longer prints the data. Its end says what to do, so the middle is cut."""


class ConfideError(Exception):
    """Any error that confide raises on purpose; its text is meant for the user.

    Names and values in it come from files: control characters are written out, and the middle of a very long
    text is left out.

    Args:
        text: in English: a text, or one that is kept with its values (`confide.core.language.keep`), so that
            a report that shows it can translate it.
    """

    def __init__(self, text: object = "") -> None:
        shown = escaped(str(text), keep=())
        half = LONGEST // 2 - 3
        super().__init__(shown if len(shown) <= LONGEST else f"{shown[:half]} ... {shown[-half:]}")
        self.text = text


class PromiseError(ConfideError):
    """The mechanism cannot keep this budget, or protects another unit than the game plays."""


class AccessError(ConfideError):
    """The attack needs to see more than the release shows."""


class KnowledgeError(ConfideError):
    """The adversary lacks what the attack needs: reference models, a population, classes."""


class EvidenceError(ConfideError):
    """The evidence cannot carry the claim: no control, one class only, no usable score."""


class AttackError(ConfideError):
    """An attack of the user's own is written wrongly, or failed; it stops the audit, and is never skipped."""


class DataError(ConfideError):
    """A table, an array or a file has the wrong form or content."""


class ModelError(ConfideError):
    """A model cannot be loaded, trained or asked, or its answers cannot be used."""


class BudgetError(ConfideError):
    """A cost is none, or the budget that is left does not pay for it."""


class LedgerError(ConfideError):
    """A ledger cannot be opened or trusted: locked, broken, changed, of another data set or schema."""
