"""The questions about a recorded computation, and what to do where an answer is bad."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from confide.audits.checked.record import Question
from confide.audits.computations.recorded import Kind

RESULT = "result"
"""The question about what comes out; all others are about what goes in."""

QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {
        "threshold": Question(
            "Does it take more parties than these to put shares together?",
            "Let fewer than half of the parties be able to share what they saw, and at least one more "
            "than may collude be needed: add parties, or helpers without records. Until then count the "
            "inputs as known.",
        ),
        "dealt": Question(
            "Does each party deal other shares to each of the others?",
            "Draw a polynomial of the planned degree for each number. Shares that are all the same are "
            "the number itself: count the inputs as known.",
        ),
        "fresh": Question(
            "Is each share made with random numbers of its own?",
            "Draw new numbers from the operating system's source for each input, and use none twice. "
            "Until then an adversary that knows one input reads the others.",
        ),
        "inputs": Question(
            "Can the others' inputs be read from what was received?",
            "Stop using this computation for real records, and report it with these records. Count all "
            "inputs as known to these parties.",
        ),
        "kit": Question(
            "Is the server's kit without the secret key?",
            "Make new keys, and give the server the folder kit alone. Whatever was encrypted with these "
            "keys is known to the server.",
        ),
        "parameters": Question(
            "Are the parameters in the standard's table?",
            "Plan again: the planner takes parameters of 128 bits from the table. What was sent is as "
            "weak as its parameters.",
        ),
        "returned": Question(
            "Does no decrypted score go back to the server?",
            "Send the server nothing but encrypted rows. Decrypted scores tell about the secret key (Li "
            "and Micciancio 2021): make new keys.",
        ),
        "ciphertexts": Question(
            "Is every ciphertext new, and as long as every other?",
            "Encrypt each batch for itself: the same ciphertext twice, or another length, says that rows "
            "are the same, or how many there are.",
        ),
        "blinded": Question(
            "Are identifiers blinded by a secret number?",
            "Send no hashes of identifiers: who can guess names tries them all. Use confide match, and "
            "count the list as known.",
        ),
        "order": Question(
            "Does the order of the answer say nothing?",
            "Sort what is sent back where the size alone may be learned. Until then count the matched "
            "people as known.",
        ),
        "noised": Question(
            "Does each party put its part of the noise in?",
            "Let every party add noise of its own, with the same confide. Until then count the promise as "
            "that of fewer parties, or as none.",
        ),
        "brought": Question(
            "Do blinded names, masked values and the order of rows say nothing of the others' people?",
            "Blind names by a secret number, and draw each mask and the order of rows from the operating "
            "system's source. Until then count both lists and all values as known.",
        ),
        RESULT: Question(
            "Does the result itself keep people hidden?",
            "Decide that it may be known (--accept-result), or give less.",
        ),
    }
)
"""Name of the check -> the question, in the order of the report."""

OF_RESULT: Mapping[Kind, str] = MappingProxyType(
    {
        "join": "Let the parties add noise inside ([budget] in the plan), or solve inside where columns are "
        "split, publish fewer results, or decide that it may be known (--accept-result).",
        "outsource": "Give classes in place of scores, round these, or count what each client asks; or train "
        "the model under a budget (confide train). Or decide that it may be known (--accept-result).",
        "match": "Reveal the size in place of names, and plan one run; or decide that it may be known "
        "(--accept-result).",
    }
)
"""What to do about a result that says something of people."""

BELIEVED: Mapping[Kind, str] = MappingProxyType(
    {
        "join": "This rests on all parties computing as the plan says, and on no more of them sharing what "
        "they saw than it allows.",
        "outsource": "This rests on the server computing as told, and on the secret key staying with the "
        "client.",
        "match": "This rests on both parties computing as the plan says, and on each list holding the people "
        "that it should.",
    }
)
"""What the answer rests on: the first thing that a reader must know."""

UNCLEAR = "Nothing is known about this: count it as bad, or give all parties' records of a longer run."
"""What to do where a check came to no answer."""
