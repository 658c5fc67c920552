"""FLOOR 3: the door, by what you hold."""

from confide.audits.images import images
from confide.audits.likes import likes
from confide.audits.model import model
from confide.audits.outcome import Audit
from confide.audits.ratings import ratings
from confide.audits.scores import scores
from confide.audits.traces import traces

__all__ = ["Audit", "images", "likes", "model", "ratings", "scores", "traces"]
