"""The questions that the auditor puts to a protocol, and what to do where an answer is bad."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from confide.audits.checked.record import Question

LEAST_BITS = 128

QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {
        "mask per word": Question(
            "Has each parameter a mask of its own?",
            "Draw a word of the mask for each parameter, not one number for a tensor. Until then treat every "
            "update as sent in the clear.",
        ),
        "whole ring": Question(
            "Are masks uniform over the whole ring?",
            "Turn updates into whole numbers, and draw each word of a mask uniformly over the whole ring, as "
            "AES in counter mode gives them modulo 2^32. Until then do not rely on one mask alone: an update "
            "that is sent in many rounds can be read.",
        ),
        "key bits": Question(
            f"Do at least {LEAST_BITS} bits of the secret reach the mask?",
            "Key a cryptographic generator (AES in counter mode, ChaCha20) with the whole secret, and do not "
            "fold it to a seed. Until then treat masks as known to anyone who can try all seeds.",
        ),
        "third client": Question(
            "Can a third client compute the mask of two others?",
            "Let each client make its own private key, and each pair agree on a secret of its own (X25519); "
            "hand out no key that several clients hold. Until then each client can read the others, "
            "together with the server.",
        ),
        "server": Question(
            "Can the server compute the mask of two clients?",
            "Keep private keys on the clients, and seal shares for their receivers. Until then the server "
            "can read every update.",
        ),
        "keys authenticated": Question(
            "Does a client notice keys that the server made up for the others?",
            "Pin a public identity of each client before the run, let clients sign the keys of each round, "
            "and check the signatures of all others. Until then the protocol protects only from a server "
            "that follows it.",
        ),
        "keys fresh": Question(
            "Are the keys behind masks new in each round?",
            "Make new keys in each round, bind what a pair agrees on to the round and both names, and erase "
            "it afterwards. Until then a client that drops out once can be read in other rounds.",
        ),
        "cohort of one": Question(
            "Is a sum of one client shown?",
            "Fix the threshold before the run, where the server cannot change it, and let each client refuse "
            "fewer clients than that in every step. Until then the server can read any client that it "
            "chooses.",
        ),
        "two stories": Question(
            "Is one client exposed by different lists of who dropped out?",
            "Set the threshold above two thirds, let clients sign the list of who remains and check the "
            "others' signatures, and give of each client one kind of share, once. Until then the protocol "
            "protects only from a server that follows it.",
        ),
    }
)
"""Name of the check -> the question, in the order of a round."""

UNCLEAR = (
    "Nothing is known about this, so count it as failed: look at the adapter, and at what it raises, and run "
    "the audit again."
)
"""What to do where a check came to no answer."""
