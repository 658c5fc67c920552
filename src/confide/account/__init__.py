"""Privacy accounting: what a question costs, what all of them together may cost, and the ledger of it."""

from confide.account.costs import Cost
from confide.account.filters import Composition, Filter

__all__ = ["Composition", "Cost", "Filter"]
