"""How much each finding weighs, in one place.

The model is Fellegi's and Sunter's (A Theory for Record Linkage, 1969): a finding weighs
log2(how often it is made in pairs of one person / how often in pairs of two people), in bits; the weights add
up, and with the odds before any evidence they give the odds that a pair is one person. What is rare weighs more
when it agrees (Winkler, Frequency-Based Matching, 1989); how rare it is, is counted in the data itself.

How often typing errors, nicknames, moves and marriages come is an estimate of ours. It was checked on
data with known answers (``make bench ARGS=--duplicates``), never read from them.
"""

from __future__ import annotations

from math import log2

#: Share of contacts that have a double (the playbook cites 22 to 29 % of records as double or incomplete).
SHARE_OF_DOUBLES = 0.1
#: A smaller hub is judged like one of this size, so that a score means the same from the first day.
SMALLEST_HUB = 2_000
#: Pairs from here on are shown to a reviewer. Chosen for precision; see the figures in the README.
THRESHOLD = 80
#: What the exact rules find (same name and company domain; same phone) has at least these bits.
EXACT = 3.0

# A first name, beyond its rarity ...
NICKNAME = -2.0  # one in four people who have a short form give it
SHORTENED = -3.0  # "Alex" of "Alexandros"; or two short forms of one name
NAME_PART = -1.0  # "Jean" of "Jean-Luc"
SAME_SOUND = -2.0
ONE_SLIP = -12.0  # one name in fifty has a slip, and there are about a hundred slips to make
TWO_SLIPS = -16.0
OFTEN_ENOUGH = 3.0  # a spelling that is so many bits rarer than the other may be a slip, though many have it
MOST_FOR_SLIP, LEAST_FOR_SLIP = 9.0, -5.0
# ... and in itself
INITIAL = 2.0  # a twelfth of all names begin alike, and one initial in three is of another name
UNLIKE_FIRST = -6.0
OTHER_FIRST = -9.0  # two well-known names: nobody types Marta for Maria
UNLIKE_LAST = -5.0  # a marriage
GENERATION = -9.0  # Jr. and Sr.
SWAPPED = -2.0
NAME_ALONE = -2.5  # nothing but the name is the same, and the names of one language go together
FROM_ADDRESS = -1.0  # the name is only read off the address
LEAST_FOR_AGREEMENT = 0.5

# People at one company or one phone are often of one family: the last name says less there.
MOST_FOR_LAST_AT_FIRM = 8.0
MOST_FOR_LAST_AT_PHONE = 4.0

# The company, beyond its rarity ...
OLD_ADDRESS = -1.0
SAME_COMPANY_NAME = -1.0
COMPANY_VARIANT = -2.5
MOST_FOR_VARIANT = 11.0
MOST_FOR_VARIANT_WITH_OTHER_DOMAIN = 2.0
# ... and in itself
OTHER_COMPANY = -3.0  # one person in eight has moved

# A phone that two contacts share makes one person as likely as two (families, front desks), whatever the company.
PHONE_AND_OTHER_FIRM = -1.0
PHONE_SLIP = 3.0
OTHER_PHONE = -1.0  # a desk and a pocket

# An address that differs in its tag only, or by a slip.
SAME_MAILBOX = 5.0
MAILBOX_SLIP = 4.0
MAILBOX_FROM_NAME = 1.5
RARE_MAILBOX = -3.0


def prior(contacts: int) -> float:
    """The bits for any two of so many contacts; well below 0."""
    return log2(2 * SHARE_OF_DOUBLES / max(contacts, SMALLEST_HUB))


def score(bits: float) -> int:
    """Odds as a number of 0 to 100: of 100 pairs like this, so many are one person. Never 100: nothing is certain."""
    if bits > 30:
        return 99
    return min(int(100 / (1 + 2**-bits)), 99) if bits > -30 else 0


def bits_for(score_: int) -> float:
    """The least bits of a score."""
    return log2(score_ / (100 - score_))
