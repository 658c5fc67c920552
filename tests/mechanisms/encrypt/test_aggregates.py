"""Encrypted totals are the plain ones; a foreign, doubled or missing vector is refused."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.errors import DataError, PromiseError

pytest.importorskip("tenseal")

from confide.mechanisms.encrypt.aggregates import (
    PARAMETERS,
    KeyHolder,
    SumTerms,
    add_encrypted,
    encrypt_vector,
)

TERMS = SumTerms(owners=5, words=100, bound=1000.0)


def test_a_total_is_the_plain_one_within_its_promise() -> None:
    holder = KeyHolder(TERMS)
    vectors = np.random.default_rng(1).uniform(-1000, 1000, (5, 100))
    sent = [encrypt_vector(TERMS, holder.public(), holder.key, vector) for vector in vectors]
    total = holder.total(add_encrypted(TERMS, holder.public(), holder.key, sent))
    assert np.abs(total - vectors.sum(axis=0)).max() < TERMS.worst_error
    with pytest.raises(DataError, match="some missing"):
        add_encrypted(TERMS, holder.public(), holder.key, sent[:4])
    with pytest.raises(DataError, match="some twice"):
        add_encrypted(TERMS, holder.public(), holder.key, [*sent[:4], sent[0]])


def test_the_error_of_a_total_is_that_of_rounding_and_below_what_is_promised() -> None:
    """4,000 slots: the deviation found is within 1.1 % at one standard error; 10 % are allowed."""
    terms = SumTerms(owners=5, words=4000, bound=1.0)
    holder = KeyHolder(terms)
    vectors = np.random.default_rng(2).uniform(-1, 1, (5, 4000))
    sent = [encrypt_vector(terms, holder.public(), holder.key, vector) for vector in vectors]
    total = holder.total(add_encrypted(terms, holder.public(), holder.key, sent))
    found = np.std(total - vectors.sum(axis=0))
    assert abs(found / (np.sqrt(5) * PARAMETERS.rescaling_error()) - 1) < 0.1
    assert 7 * found < terms.worst_error


def test_a_vector_under_another_key_ruins_the_total_and_is_noticed() -> None:
    holder, stranger = KeyHolder(TERMS), KeyHolder(TERMS)
    keys = [holder] * 4 + [stranger]
    sent = [encrypt_vector(TERMS, of.public(), holder.key, np.ones(100)) for of in keys]
    with pytest.raises(DataError, match="total was discarded"):
        holder.total(add_encrypted(TERMS, holder.public(), holder.key, sent))


def test_a_public_key_that_holds_the_secret_and_terms_that_overflow_are_refused() -> None:
    careless = PARAMETERS.context().serialize(save_secret_key=True)
    with pytest.raises(PromiseError, match="holds the secret key"):
        encrypt_vector(TERMS, careless, "k", np.ones(100))
    with pytest.raises(PromiseError, match="smaller unit"):
        SumTerms(owners=1000, words=1, bound=1000.0)
    with pytest.raises(PromiseError, match="over 1 owners"):
        SumTerms(owners=1, words=1, bound=1.0)
    with pytest.raises(DataError, match="none above 1000"):
        encrypt_vector(TERMS, KeyHolder(TERMS).public(), "k", np.full(100, np.nan))
