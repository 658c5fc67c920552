"""The case table: every attack under contract.

*Add an attack*: one row in the file of its goal and kind in `cases/`. It is then held to `test_contract.py`,
and an attack on a model to `test_access.py` and `test_degenerate.py` too.
"""

from __future__ import annotations

from tests.contracts.cases import (
    attribute_likes,
    attribute_model,
    attribute_synthetic,
    attribute_table,
    attribute_updates,
    linkage_images,
    linkage_ratings,
    linkage_synthetic,
    linkage_table,
    linkage_traces,
    membership_black_box,
    membership_counts,
    membership_statistics,
    membership_synthetic,
    membership_synthetic_generator,
    membership_text,
    membership_training,
    membership_updates,
    membership_white_box,
    reconstruction_answers,
    reconstruction_crosstabs,
    reconstruction_model,
    reconstruction_text,
    reconstruction_updates,
)

MODELS = (*membership_black_box.CASES, *membership_white_box.CASES)
CASES = (
    *MODELS,
    *membership_counts.CASES,
    *membership_statistics.CASES,
    *membership_training.CASES,
    *membership_updates.CASES,
    *membership_text.CASES,
    *membership_synthetic.CASES,
    *membership_synthetic_generator.CASES,
    *attribute_likes.CASES,
    *attribute_model.CASES,
    *attribute_table.CASES,
    *attribute_updates.CASES,
    *attribute_synthetic.CASES,
    *linkage_ratings.CASES,
    *linkage_traces.CASES,
    *linkage_images.CASES,
    *linkage_table.CASES,
    *linkage_synthetic.CASES,
    *reconstruction_answers.CASES,
    *reconstruction_crosstabs.CASES,
    *reconstruction_model.CASES,
    *reconstruction_text.CASES,
    *reconstruction_updates.CASES,
)
