"""The calls of a parcel, in the order that keeps people safe: opt-outs first, then a look, then the values.

Runs in a thread of its own and touches no database. Nothing here fails because the MAP does: each letter gets its
answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from syncrules.connectors.base import Connector, New, OptOut, Why, Written
from syncrules.connectors.trouble import Trouble
from syncrules.services.sync.letters import Answer, Letter, Parcel, Sort


def post(connector: Connector, parcel: Parcel) -> Parcel:
    """Send a parcel; the same one with its answers, in no particular order."""
    left = _opt_out(connector, parcel)
    if left:
        parcel.answers += SEND[parcel.sort](connector, left, parcel)
    return parcel


def _opt_out(connector: Connector, parcel: Parcel) -> list[Letter]:
    """Opt addresses out before all else; the letters that may go on. Where it did not work nothing else is said."""
    addresses = list(dict.fromkeys(a for letter in parcel.letters for a in letter.opt_outs))
    if not addresses:
        return parcel.letters
    parcel.calls += 1
    results = dict(zip(addresses, connector.opt_out([OptOut(a) for a in addresses]), strict=True))
    left = []
    for letter in parcel.letters:
        bad = next((results[a] for a in letter.opt_outs if not results[a].done), None)
        if bad is None:
            left.append(letter)
        else:
            parcel.answers.append(Answer(letter, replace(bad, id=letter.key)))
    return left


def _change(connector: Connector, letters: Sequence[Letter], parcel: Parcel) -> list[Answer]:
    """Store values by record; what an answer does not say is read back."""

    def write(some: Sequence[tuple[Letter, dict[str, str]]]) -> Sequence[Written]:
        return connector.write([(letter.key, texts) for letter, texts in some])

    silent = [Answer(letter, Written(letter.key), stored=dict(letter.out)) for letter in letters if not letter.texts]
    answers = _store(write, [letter for letter in letters if letter.texts], parcel)
    _read_back(connector, answers, parcel)
    return silent + answers


def _make(connector: Connector, letters: Sequence[Letter], parcel: Parcel) -> list[Answer]:
    """Make records, but only where a look shows that there is none."""
    look = [letter for letter in letters if letter.row.look]
    found, trouble = {}, None
    if look:
        parcel.calls += 1
        try:
            found = dict(connector.find([letter.email for letter in look]))
        except Trouble as problem:
            trouble = problem
    if trouble is not None:
        late = [Answer(letter, _late(letter, trouble)) for letter in look]
        return late + _upsert(connector, [letter for letter in letters if not letter.row.look], parcel)
    there = [Answer(letter, found=found[letter.email]) for letter in look if letter.email in found]
    known = {id(answer.letter) for answer in there}
    return there + _upsert(connector, [letter for letter in letters if id(letter) not in known], parcel)


def _upsert(connector: Connector, letters: Sequence[Letter], parcel: Parcel) -> list[Answer]:
    def upsert(some: Sequence[tuple[Letter, dict[str, str]]]) -> Sequence[Written]:
        return connector.upsert([New(letter.email, texts, str(letter.contact)) for letter, texts in some])

    answers = _store(upsert, letters, parcel)
    _read_back(connector, answers, parcel)
    return answers


Write = Callable[[Sequence[tuple[Letter, dict[str, str]]]], Sequence[Written]]


def _store(write: Write, letters: Sequence[Letter], parcel: Parcel) -> list[Answer]:
    """Store all values; where the MAP names the ones that it does not take, the others of that record still go."""
    if not letters:
        return []
    parcel.calls += 1
    results = write([(letter, dict(letter.texts)) for letter in letters])
    answers = [Answer(letter, result) for letter, result in zip(letters, results, strict=True)]
    again = [(answer, _named(answer)) for answer in answers]
    again = [(answer, named) for answer, named in again if named and len(named) < len(answer.letter.texts)]
    if again:
        parcel.calls += 1
        less = [(a.letter, {n: t for n, t in a.letter.texts.items() if n not in named}) for a, named in again]
        for (answer, named), result in zip(again, write(less), strict=True):
            if result.done:
                answer.refused, answer.written = dict.fromkeys(named, answer.written), result
    return answers


def _named(answer: Answer) -> list[str]:
    """The fields that a refusal names as invalid."""
    written = answer.written
    if written is None or written.why is not Why.INVALID:
        return []
    return blamed(written.error, answer.letter.texts)


def blamed(error: str, names: Sequence[str] | dict[str, str]) -> list[str]:
    """Which of these fields a MAP's words are about: those that it names."""
    words = set("".join(c if c.isalnum() or c in "_-" else " " for c in error).split())
    return [name for name in names if name in words]


def _read_back(connector: Connector, answers: Sequence[Answer], parcel: Parcel) -> None:
    """What the MAP holds now: as its answer says, else as it shows, else as it was sent."""
    unsaid = []
    for answer in answers:
        written = answer.written
        if written is None or not written.done:
            continue
        sent = {n: t for n, t in answer.letter.texts.items() if n not in answer.refused}
        answer.stored = {name: written.values.get(name, "") for name in sent} | dict(answer.letter.out)
        if any(text and name not in written.values for name, text in sent.items()):
            unsaid.append(answer)
    if not unsaid:
        return
    parcel.calls += 1
    try:
        shown = connector.read([answer.written.id for answer in unsaid if answer.written])
    except Trouble:
        shown = {}
    for answer in unsaid:
        record = shown.get(answer.written.id) if answer.written else None
        held = record.values if record else answer.letter.texts
        sent = [name for name in answer.stored if name not in answer.letter.out]
        answer.stored = {name: held.get(name, "") for name in sent} | dict(answer.letter.out)


def _merge(connector: Connector, letters: Sequence[Letter], parcel: Parcel) -> list[Answer]:
    """One merge after the other, each with the values that are to stay."""
    answers = []
    for letter in letters:
        written = Written(letter.key)
        for other in letter.others:
            parcel.calls += 1
            written = connector.merge(written.id, other.record_id, letter.texts)
            if not written.done:
                break
        answers.append(Answer(letter, written))
    _read_back(connector, answers, parcel)
    return answers


def _opted(connector: Connector, letters: Sequence[Letter], parcel: Parcel) -> list[Answer]:
    """All was said with the opt-outs."""
    return [Answer(letter, Written(letter.key)) for letter in letters]


def _delete(connector: Connector, letters: Sequence[Letter], parcel: Parcel) -> list[Answer]:
    parcel.calls += 1
    results = connector.delete([letter.key for letter in letters])
    return [Answer(letter, result) for letter, result in zip(letters, results, strict=True)]


def _erase(connector: Connector, letters: Sequence[Letter], parcel: Parcel) -> list[Answer]:
    parcel.calls += len(letters)
    results = connector.erase([letter.key for letter in letters])
    return [Answer(letter, result) for letter, result in zip(letters, results, strict=True)]


SEND: dict[Sort, Callable[[Connector, Sequence[Letter], Parcel], list[Answer]]] = {
    Sort.CHANGE: _change,
    Sort.MAKE: _make,
    Sort.MERGE: _merge,
    Sort.OPT_OUT: _opted,
    Sort.DELETE: _delete,
    Sort.ERASE: _erase,
}


def _late(letter: Letter, trouble: Trouble) -> Written:
    """A letter that was not sent, because the look before it did not work."""
    return Written(letter.key, str(trouble), Why.LATER, trouble=trouble)
