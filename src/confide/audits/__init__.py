"""FLOOR 3: the door, by what you hold."""

from confide.audits.images.door import images
from confide.audits.likes.door import likes
from confide.audits.model.door import model
from confide.audits.outcome import Audit
from confide.audits.ratings.door import ratings
from confide.audits.scores import scores
from confide.audits.traces.door import traces

__all__ = ["Audit", "images", "likes", "model", "ratings", "scores", "traces"]
