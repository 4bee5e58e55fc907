"""Invented contacts of which some are one person: what goes wrong in life, planted and labelled.

The same number of contacts always gives the same contacts. About one in twelve has a double, each made in one of
the ways of ``WAYS``; beside them stand people who are like each other and are two: families at one company,
colleagues at one front desk, father and son, namesakes everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from contacts.domain.likeness import Profile

FIRST = (
    "James Robert John Michael David William Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony Mark "
    "Donald Steven Andrew Paul Joshua Kenneth Kevin Brian Timothy Ronald Edward Jason Jeffrey Ryan Jacob Nicholas Mary "
    "Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Margaret Sandra Ashley Emily Kimberly Deborah "
    "Amanda Stephanie Rebecca Laura Cynthia Amy Angela Katherine Victoria Samantha Alexander Benjamin Gregory Samuel "
    "Jürgen Wolfgang Hans Anja Katrin Sabine Giulia Marco Luca Chiara Sofía Javier Carlos Lucía Tomás Wei Jing Priya "
    "Rahul Ananya Yuki Hiroshi Olu Chidi Amara Fatima Yusuf Elif Zofia Piotr Ingrid Lars Mikko Aino Anaïs Chloé Émile"
).split()
LAST = (
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson "
    "Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson "
    "Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Müller Schmidt "
    "Schneider Fischer Weber Rossi Russo Ferrari Silva Santos Kim Park Singh Kumar Khan Ali Wang Li Zhang "
    "Chen Yilmaz Kowalski"
).split()
SYLLABLES = (
    "ba ber dan del fan gar hol jan kar kel lan lin mar mol nor pel ran ros san sten tal ter val vik wen zim".split()
)
ENDS = "son sen mann ski berg ova er ini ez ton ley dahl ström".split()
WORDS = (
    "Acme Apex Atlas Aurora Beacon Bright Cedar Citadel Cobalt Coral Crest Delta Echo Ember Falcon Forge Global "
    "Granite Harbor Horizon Iron Juniper Keystone Lumen Maple Meridian Nimbus Northern Oak Omega Orbit Pacific "
    "Pioneer Quartz Raven River Sierra Silver Solar Sterling Summit Terra Titan Union Vertex Vista West Zenith"
).split()
TRADES = "Tooling Systems Logistics Foods Energy Health Media Partners Software Textiles Capital Design".split()
FORMS = ["Inc.", "LLC", "Ltd", "GmbH", "Corp.", "", "S.A.", "AG"]
NICKNAMES = dict(
    pair.split(":")
    for pair in (
        "Robert:Bob William:Bill Richard:Rick Joseph:Joe Thomas:Tom Charles:Chuck Christopher:Chris Daniel:Dan "
        "Matthew:Matt Anthony:Tony Steven:Steve Andrew:Andy Kenneth:Ken Timothy:Tim Edward:Ed Jeffrey:Jeff Jacob:Jake "
        "Nicholas:Nick Patricia:Pat Jennifer:Jen Elizabeth:Liz Barbara:Barb Susan:Sue Jessica:Jess Margaret:Peggy "
        "Sandra:Sandy Kimberly:Kim Deborah:Debbie Amanda:Mandy Stephanie:Steph Rebecca:Becky Cynthia:Cindy "
        "Katherine:Kate Victoria:Vicky Samantha:Sam Alexander:Alex Benjamin:Ben Gregory:Greg Samuel:Sam Michael:Mike "
        "James:Jim David:Dave Wolfgang:Wolf Hans:Johannes Javier:Javi Piotr:Piotrek"
    ).split()
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
FREE = ("gmail.com", "outlook.com", "yahoo.com", "gmx.de")

Labelled = tuple[Profile, int]  # a contact and the number of the person that it is


def contacts(count: int) -> Iterator[Labelled]:
    """So many contacts with the person behind each, doubles strewn among them."""
    random = Random(count)
    waiting: list[Labelled] = []
    taken = set[int]()
    number = person = 0
    while number < count:
        if waiting and random.random() < 0.08:
            profile, who = waiting.pop(random.randrange(len(waiting)))
            made = [(profile, who)]
        else:
            person += 1
            made = [(one, person + n) for n, one in enumerate(people(random, count))]
            person += len(made) - 1
            if random.random() < 0.09:
                one, other = double(random, made[0][0])
                made[0] = one, made[0][1]
                waiting.append((other, made[0][1]))
        for profile, who in made:
            number += 1
            yield profile._replace(id=number, addresses=_free(profile.addresses, taken)), who


def people(random: Random, count: int) -> list[Profile]:
    """One person, or now and then two that are alike and are two."""
    one = somebody(random, count)
    chance = random.random()
    if chance < 0.004:  # a family firm
        other = somebody(random, count)
        return [one, _hired(other._replace(last_name=one.last_name), one)]
    if chance < 0.007:  # a desk in common
        other = somebody(random, count)
        return [one, _hired(other, one)._replace(phone=one.phone)]
    if chance < 0.008 and one.last_name:  # father and son
        return [one, _hired(one._replace(last_name=f"{one.last_name} Jr."), one)._replace(phone="")]
    return [one]


def somebody(random: Random, count: int) -> Profile:
    first = FIRST[int(len(FIRST) * random.random() ** 1.6)]
    last = LAST[int(len(LAST) * random.random() ** 1.5)] if random.random() < 0.3 else _last_name(random)
    number = int(count / 12 * random.random() ** 1.7)
    company, domain = firm(number)
    phone = _phone(random) if random.random() < 0.5 else ""
    if random.random() < 0.06 and number:  # the company's front desk
        phone = f"+1{2000000000 + hash_of(domain) % 7000000000}"
    if random.random() < 0.2:
        private = f"{_local(random, first, last)}{random.randrange(1000)}@{random.choice(FREE)}"
        company = company if random.random() < 0.5 else ""
        return Profile(0, first, last, company, "", phone if company else "", (private,))
    return Profile(0, first, last, company, domain, phone, (f"{_local(random, first, last)}@{domain}",))


def firm(number: int) -> tuple[str, str]:
    """The company of a number, and its domain."""
    one, rest = WORDS[number % 48], number // 48
    two, trade = WORDS[rest % 48], TRADES[rest // 48 % 12]
    more = "" if number < 27648 else f" {SYLLABLES[number // 27648 % 26].title()}"
    name = f"{one} {two}{more} {trade}" if one != two else f"{one}{more} {trade}"
    return f"{name} {FORMS[number % 8]}".strip(), f"{name.lower().replace(' ', '-')}.example"


def double(random: Random, one: Profile) -> tuple[Profile, Profile]:
    """The person, and the same person once more under another address with something wrong."""
    ways = ways_for(one)
    way = random.choices(ways, [WAYS[name][1] for name in ways])[0]
    if "phone" in way and not one.phone:
        one = one._replace(phone=_phone(random))
    other = WAYS[way][0](random, one)
    if other.addresses == one.addresses:
        other = other._replace(addresses=(_other_address(random, one),))
    return one, other._replace(further={"way": way})


def ways_for(one: Profile) -> list[str]:
    """The ways that leave something to find. Without a company or a phone there is only the name."""
    if not one.domain:
        return ["same phone", "same mailbox but for a tag"]
    return [way for way in WAYS if way != "nickname" or one.first_name in NICKNAMES]


def _exact(random: Random, one: Profile) -> Profile:
    return one._replace(phone="")


def _same_phone(random: Random, one: Profile) -> Profile:
    return one._replace(company="", domain="")


def _tag(random: Random, one: Profile) -> Profile:
    local, _, host = one.addresses[0].rpartition("@")
    return Profile(0, one.first_name, one.last_name, addresses=(f"{local}+news@{host}",))


def _nickname(random: Random, one: Profile) -> Profile:
    return one._replace(first_name=NICKNAMES.get(one.first_name, one.first_name))


def _slip_first(random: Random, one: Profile) -> Profile:
    return one._replace(first_name=slip(random, one.first_name))


def _slip_last(random: Random, one: Profile) -> Profile:
    return one._replace(last_name=slip(random, one.last_name))


def _swapped(random: Random, one: Profile) -> Profile:
    return one._replace(first_name=one.last_name, last_name=one.first_name)


def _initial(random: Random, one: Profile) -> Profile:
    return one._replace(first_name=one.first_name[:1] + random.choice((".", "")))


def _company_variant(random: Random, one: Profile) -> Profile:
    words = one.company.split()
    short = random.choice((" ".join(words[:-1]), one.company.upper(), f"The {one.company}", one.company + " Group"))
    private = f"{_local(random, one.first_name, one.last_name)}{random.randrange(1000)}@{random.choice(FREE)}"
    return one._replace(company=short, domain="", addresses=(private,))


def _moved_with_old_address(random: Random, one: Profile) -> Profile:
    company, domain = firm(random.randrange(20000))
    new = f"{_local(random, one.first_name, one.last_name)}@{domain}"
    return one._replace(company=company, domain=domain, phone="", addresses=(new, _other_address(random, one)))


def _moved_with_phone(random: Random, one: Profile) -> Profile:
    company, domain = firm(random.randrange(20000))
    return one._replace(company=company, domain=domain, addresses=())


def _moved(random: Random, one: Profile) -> Profile:
    return _moved_with_phone(random, one)._replace(phone="")


def _name_in_address(random: Random, one: Profile) -> Profile:
    host = one.addresses[0].rpartition("@")[2]
    address = f"{one.first_name}.{one.last_name}@{host}".lower()
    return Profile(0, domain=one.domain, company=one.company, addresses=(address,))


def _married(random: Random, one: Profile) -> Profile:
    return one._replace(last_name=_last_name(random))


#: The ways, and how often each is taken.
WAYS: dict[str, tuple[Callable[[Random, Profile], Profile], int]] = {
    "same name and company": (_exact, 45),
    "same phone": (_same_phone, 12),
    "same mailbox but for a tag": (_tag, 4),
    "nickname": (_nickname, 8),
    "slip in first": (_slip_first, 4),
    "slip in last": (_slip_last, 6),
    "swapped": (_swapped, 3),
    "initial": (_initial, 4),
    "company variant": (_company_variant, 6),
    "moved, old address": (_moved_with_old_address, 2),
    "moved, same phone": (_moved_with_phone, 2),
    "moved": (_moved, 1),
    "name in address": (_name_in_address, 2),
    "married": (_married, 1),
}


def slip(random: Random, name: str) -> str:
    """One slip of the hand."""
    at = random.randrange(1, max(len(name) - 1, 2))
    kind = random.randrange(4)
    if kind == 0:
        return name[:at] + name[at + 1 :]
    if kind == 1:
        return name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :]
    return name[:at] + random.choice(LETTERS) + name[at + (kind == 2) :]


def _free(addresses: tuple[str, ...], taken: set[int]) -> tuple[str, ...]:
    """The addresses, with a number where somebody has one already."""
    found = []
    for address in addresses:
        while hash(address) in taken:
            local, _, host = address.rpartition("@")
            address = f"{local}{len(taken) % 997}@{host}"
        taken.add(hash(address))
        found.append(address)
    return tuple(found)


def _phone(random: Random) -> str:
    return f"+1{random.randrange(2000000000, 9899999999)}"


def hash_of(text: str) -> int:
    return sum(ord(letter) * 31**n for n, letter in enumerate(text[:12]))


def _hired(other: Profile, one: Profile) -> Profile:
    host = one.domain or "gmail.com"
    address = f"{other.first_name}.{other.last_name}.{len(one.company)}@{host}".lower().replace(" ", "")
    return other._replace(company=one.company, domain=one.domain, addresses=(address,))


def _last_name(random: Random) -> str:
    middle = "".join(random.choice(SYLLABLES) for _ in range(1 + (random.random() < 0.8) + (random.random() < 0.4)))
    return (middle + random.choice(ENDS)).title()


def _local(random: Random, first: str, last: str) -> str:
    return random.choice((f"{first}.{last}", f"{first[0]}{last}", f"{first}{last[0]}", f"{first}_{last}")).lower()


def _other_address(random: Random, one: Profile) -> str:
    host = one.domain or random.choice(FREE)
    return f"{_local(random, one.first_name, one.last_name)}{random.randrange(10, 99)}@{host}"
