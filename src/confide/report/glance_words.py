"""Words of the first screen by goal: what is asked, what was found, and what that means for a person.

The gaps of what was found are whole numbers of people: `n` of `per`, between `low` and `high`, while `wrong`
of `among` others are claimed too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from confide.core.language import later


@dataclass(frozen=True, slots=True, kw_only=True)
class GlanceWords:
    """The words of one goal.

    Args:
        question: that the adversary tries to answer.
        found: what it reaches.
        means: what that means for a person.
    """

    question: str
    found: str
    means: str


_WHO = later("Who is in the data?")
_RECORD = later("What stands in a person's record?")
_KNOWN_TO_BE_IN = later(
    "For a person in the data this means: anyone who knows their record can find out that they are in it."
)
_LEARNT = later(
    "For a person in the data this means: anyone who knows some facts about them can learn their secret from "
    "the release."
)
_REBUILT = later(
    "For a person in the data this means: their record can be made again from the model, though it was never "
    "published."
)
_READ_OFF = later(
    "For a person who was counted this means: anyone who knows some of their values can read off the others."
)
_POINTED_AT = later("For a person this means: a few facts are enough to point at them, and at nobody else.")
_STAND_FOR_PEOPLE = later(
    "The planted records stand for real ones: what is remembered of them is remembered of people too."
)

MEMBERSHIP = GlanceWords(
    question=_WHO,
    found=later(
        "Of {per:,} people whose records trained it, the adversary finds about {n:,} (between {low:,} and "
        "{high:,}), and wrongly accuses {wrong:,} of {among:,} others."
    ),
    means=_KNOWN_TO_BE_IN,
)
COUNTED = GlanceWords(
    question=later("Who was counted?"),
    found=later(
        "Of {per:,} people who were counted, the adversary finds about {n:,} (between {low:,} and {high:,}), "
        "and wrongly accuses {wrong:,} of {among:,} others."
    ),
    means=later(
        "For a person this means: anyone who knows where they were can find out that they are in the counts."
    ),
)
POOLED = GlanceWords(
    question=later("Who is in the pool?"),
    found=later(
        "Of {per:,} people in the pool, the adversary finds about {n:,} (between {low:,} and {high:,}), and "
        "wrongly accuses {wrong:,} of {among:,} others."
    ),
    means=later(
        "For a person in the pool this means: anyone who has their values can find out that they are in it."
    ),
)
CANARIES = GlanceWords(
    question=later("Which planted records were used?"),
    found=later(
        "Of {per:,} records that were planted and used (canaries), the adversary finds about {n:,} (between "
        "{low:,} and {high:,}), and wrongly claims {wrong:,} of {among:,} that were not used."
    ),
    means=_STAND_FOR_PEOPLE,
)
USED = GlanceWords(
    question=later("Whose record was used?"),
    found=later(
        "Of {per:,} people whose record is used, the adversary finds about {n:,} (between {low:,} and "
        "{high:,}), and wrongly accuses {wrong:,} of {among:,} others."
    ),
    means=_KNOWN_TO_BE_IN,
)
BEHIND = GlanceWords(
    question=later("Who is behind the file?"),
    found=later(
        "Of {per:,} real people behind the file, the adversary finds about {n:,} (between {low:,} and "
        "{high:,}), and wrongly accuses {wrong:,} of {among:,} others."
    ),
    means=later(
        "For a person behind the file this means: anyone who knows their record can find out that they are "
        "among the real people that it was made from."
    ),
)
OF_OTHERS = GlanceWords(
    question=BEHIND.question,
    found=later(
        "Of {per:,} people behind the file, the adversary finds about {n:,} in it (between {low:,} and "
        "{high:,}); in rows of others it finds {wrong:,} of {among:,} as surely."
    ),
    means=BEHIND.means,
)
TRAIT = GlanceWords(
    question=later("Who has the trait?"),
    found=later(
        "Of {per:,} people with the trait, the adversary finds about {n:,} (between {low:,} and {high:,}), "
        "and wrongly ascribes it to {wrong:,} of {among:,} others."
    ),
    means=later(
        "For a person this means: anyone who sees what they like can tell the trait, though they never "
        "told it."
    ),
)
SECRETS = GlanceWords(
    question=later("What is a person's secret?"),
    found=later(
        "The adversary tells the secret of about {n:,} of {per:,} people in the release (between {low:,} and "
        "{high:,}); of people who are not in it, it gets {wrong:,} of {among:,} right as surely."
    ),
    means=_LEARNT,
)
SECRETS_BEHIND = GlanceWords(
    question=SECRETS.question,
    found=later(
        "The adversary tells the secret of about {n:,} of {per:,} real people behind the file (between "
        "{low:,} and {high:,}); of people who are not behind it, it gets {wrong:,} of {among:,} right as "
        "surely."
    ),
    means=_LEARNT,
)
COINED = GlanceWords(
    question=SECRETS.question,
    found=later(
        "Of {per:,} people whose secret is the value that is asked about, the adversary finds about {n:,} "
        "(between {low:,} and {high:,}), and wrongly says it of {wrong:,} of {among:,} others."
    ),
    means=_LEARNT,
)
DESCRIPTIONS = GlanceWords(
    question=later("Which facts fit one person alone?"),
    found=later(
        "Of {per:,} descriptions that the adversary writes, about {n:,} (between {low:,} and {high:,}) fit "
        "exactly one person in the data; {wrong:,} of {among:,} fit exactly one person outside as surely."
    ),
    means=_POINTED_AT,
)
LINKAGE = GlanceWords(
    question=later("Which record is whose?"),
    found=later(
        "The adversary finds the record of about {n:,} of {per:,} people in the release (between {low:,} and "
        "{high:,}), and gives a wrong one to {wrong:,} of {among:,} people who are not in it."
    ),
    means=later(
        "For a person in the release this means: anyone who knows a few facts about them finds their record, "
        "and reads all that stands in it."
    ),
)
IMAGES = GlanceWords(
    question=later("Who is in the picture?"),
    found=later(
        "The adversary puts the right name to about {n:,} of {per:,} pictures of people it knows (between "
        "{low:,} and {high:,}), and a wrong one to {wrong:,} of {among:,} pictures of others."
    ),
    means=later(
        "For a person this means: anyone who has another picture of them can put their name to the "
        "released one."
    ),
)
SOLVED = GlanceWords(
    question=later("Who has the secret?"),
    found=later(
        "Of {per:,} people with the secret, the adversary names about {n:,} (between {low:,} and {high:,}), "
        "and wrongly names {wrong:,} of {among:,} others."
    ),
    means=later(
        "For a person with the secret this means: it can be worked out from the answers, though no answer "
        "names anybody."
    ),
)
GONE_ON = GlanceWords(
    question=later("How does a text go on?"),
    found=later(
        "The adversary gets the rest of about {n:,} of {per:,} texts that trained the model (between {low:,} "
        "and {high:,}), and of {wrong:,} of {among:,} other texts as surely."
    ),
    means=later(
        "For the person who wrote such a text, or stands in it, this means: the model can be made to say "
        "it again."
    ),
)
REBUILT = GlanceWords(
    question=_RECORD,
    found=later(
        "The adversary rebuilds the record of about {n:,} of {per:,} people in the data (between {low:,} and "
        "{high:,}), where at most {wrong:,} of {among:,} other records come as near by chance."
    ),
    means=_REBUILT,
)
FROM_UPDATES = GlanceWords(
    question=later("Which records are behind an update?"),
    found=later(
        "The adversary rebuilds the record of about {n:,} of {per:,} people behind an update (between "
        "{low:,} and {high:,}), where at most {wrong:,} of {among:,} other records come as near by chance."
    ),
    means=later("For a person behind an update this means: who receives it can read their record from it."),
)
LABELS = GlanceWords(
    question=later("Which labels are behind an update?"),
    found=later(
        "The adversary tells the label of about {n:,} of {per:,} people behind an update (between "
        "{low:,} and {high:,}), where at most {wrong:,} of {among:,} labels of others fit by chance."
    ),
    means=later("For a person behind an update this means: who receives it learns which labels are in it."),
)
PROPERTY = GlanceWords(
    question=later("Does somebody behind an update have the property?"),
    found=later(
        "The adversary finds about {n:,} of {per:,} updates with the property behind them (between {low:,} "
        "and {high:,}), where at most {wrong:,} of {among:,} without it are taken for one."
    ),
    means=later(
        "For the people behind an update this means: who receives it learns whether somebody among them has "
        "the property."
    ),
)
CLAIMED = GlanceWords(
    question=_RECORD,
    found=later(
        "The adversary rebuilds the whole record of about {n:,} of {per:,} people who were counted (between "
        "{low:,} and {high:,}), and wrongly claims that of {wrong:,} of {among:,} others."
    ),
    means=_READ_OFF,
)
PROVED = GlanceWords(question=later("What follows for certain?"), found="", means=_READ_OFF)

WORDS: Mapping[str, GlanceWords] = {
    "membership": MEMBERSHIP,
    "membership of counts": COUNTED,
    "membership of frequencies": POOLED,
    "membership of canaries": CANARIES,
    "membership in a collaboration": MEMBERSHIP,
    "canaries in text": CANARIES,
    "membership of a learner": USED,
    "membership of a synthetic file": BEHIND,
    "membership behind synthetic records": USED,
    "secrets behind synthetic records": COINED,
    "membership without held-out people": OF_OTHERS,
    "attribute": TRAIT,
    "secrets": SECRETS,
    "descriptions": DESCRIPTIONS,
    "secrets behind a synthetic file": SECRETS_BEHIND,
    "descriptions from a synthetic file": DESCRIPTIONS,
    "linkage": LINKAGE,
    "linkage of images": IMAGES,
    "reconstruction": SOLVED,
    "continuations": GONE_ON,
    "reconstruction from answers that exist": SOLVED,
    "rebuilt records": REBUILT,
    "records from weights": REBUILT,
    "records from updates": FROM_UPDATES,
    "labels from updates": LABELS,
    "property from updates": PROPERTY,
    "proved records": PROVED,
    "counted records": CLAIMED,
    "changed records": CLAIMED,
}
"""For each goal of `confide.report.goals.GOALS`; a test holds the two together."""
