"""FLOOR 3: the door, by what you hold."""

from confide.audits.model import model
from confide.audits.outcome import Audit
from confide.audits.scores import scores

__all__ = ["Audit", "model", "scores"]
