"""What an estimator can take and answer, seen from its methods."""

from __future__ import annotations

from typing import Any, cast


def has_scores(estimator: Any) -> bool:
    """Whether an estimator can give a score for each class."""
    return hasattr(estimator, "predict_proba") or hasattr(estimator, "decision_function")


def takes_texts(estimator: Any) -> bool:
    """Whether an estimator takes one text for each record: a vectoriser, or a pipeline that begins with one.

    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> takes_texts(TfidfVectorizer()), takes_texts(len)
    (True, False)
    """
    steps = getattr(estimator, "steps", None)
    if isinstance(steps, list) and steps:
        return takes_texts(cast("Any", steps)[0][1])
    fitted = getattr(estimator, "best_estimator_", None)  # of a search over pipelines
    return takes_texts(fitted) if fitted is not None else hasattr(estimator, "build_analyzer")
