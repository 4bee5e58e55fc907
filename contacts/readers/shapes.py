"""What the values of a column look like: counts from which the matching draws its reasons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from .headers import is_address
from .moments import shape_of_moment

_PHONE = re.compile(r"[+(]?\d[\d\s().\-/]{5,22}\d(?:\s*(?:x|ext\.?)\s*\d{1,6})?", re.IGNORECASE)
_URL = re.compile(r"(?:https?://)?(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}(?:[/?#]\S*)?", re.IGNORECASE)
#: Ticks and words for yes and no.
_MARK_WORDS = "x ✓ ✔ ☑ yes no y n ja nein j true false 1 0 oui non si sí sì tak nie sim não nee on off"
_MARKS = frozenset(_MARK_WORDS.split())
#: ISO 3166-1 alpha-2.
_COUNTRY_CODES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI
    FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN
    IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF
    PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE
    YT ZA ZM ZW
"""
_COUNTRIES = frozenset(_COUNTRY_CODES.split())


@dataclass(frozen=True)
class Shape:
    """Of ``seen`` non-blank values of a column, how many look like what.

    ``moment`` says how its dates are written.
    """

    seen: int = 0
    addresses: int = 0
    phones: int = 0
    moments: int = 0
    marks: int = 0
    countries: int = 0
    urls: int = 0
    moment: str = ""

    def share(self, count: int) -> float:
        """``count`` as a part of all values seen, 0 to 1."""
        return count / self.seen if self.seen else 0.0


def shape_of(values: Iterable[str]) -> Shape:
    """The shape of a column's values; blank ones don't count."""
    cells = [value.strip() for value in values]
    texts = [text for text in cells if text]
    written = Counter(filter(None, map(shape_of_moment, texts)))
    return Shape(
        seen=len(texts),
        addresses=sum(map(is_address, texts)),
        phones=sum(len(text) < 40 and bool(_PHONE.fullmatch(text)) for text in texts),
        moments=sum(written.values()),
        marks=sum(text.casefold() in _MARKS for text in texts),
        countries=sum(text in _COUNTRIES for text in texts),
        urls=sum(len(text) < 500 and bool(_URL.fullmatch(text)) for text in texts),
        moment=written.most_common(1)[0][0] if written else "",
    )
