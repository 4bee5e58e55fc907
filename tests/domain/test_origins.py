"""Origins: each value keeps who wrote it, when and under which rule, however the writers come and go."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.domain.origins import Origin, Writer, forget, fresh, origin_of, stamp, was_blanked

FIELDS = ("email", "phone", "company", "job_title")
WRITERS = (
    Writer("source", "Website contact form", "2026-03-01T10:00:00+00:00", 1),
    Writer("source", "Website contact form", "2026-03-01T10:00:00+00:00", 2),
    Writer("person", "Dana Whitfield", "2026-03-02T10:00:00+00:00"),
)
acts = st.lists(
    st.tuples(
        st.sampled_from(["stamp", "forget"]), st.sets(st.sampled_from(FIELDS), min_size=1), st.sampled_from(WRITERS)
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(acts)
def test_each_field_has_the_origin_of_its_last_write(steps: list[tuple[str, set[str], Writer]]) -> None:
    origins, expected = fresh({"email": "created"}, WRITERS[0]), {"email": Origin(WRITERS[0], "created")}
    for n, (act, fields, writer) in enumerate(steps):
        if act == "stamp":
            origins = stamp(origins, dict.fromkeys(fields, f"rule-{n}"), writer)
            expected |= dict.fromkeys(fields, Origin(writer, f"rule-{n}"))
        else:
            origins = forget(origins, fields)
            expected = {f: o for f, o in expected.items() if f not in fields}
        origins = json.loads(json.dumps(origins))
        assert {f: o for f in FIELDS if (o := origin_of(origins, f))} == expected
        assert len(origins["by"]) == len({o.writer for o in expected.values()})


def test_stamping_leaves_the_origins_that_were_passed_in_alone() -> None:
    before = fresh({"email": "created"}, WRITERS[0])
    copy = json.loads(json.dumps(before))
    stamp(before, {"email": "gap"}, WRITERS[2])
    assert before == copy


def test_only_a_person_blanks_on_purpose() -> None:
    origins = stamp(fresh({"phone": "created"}, WRITERS[0]), {"job_title": "person"}, WRITERS[2])
    assert was_blanked(origins, "job_title")
    assert not was_blanked(origins, "phone")
    assert not was_blanked(origins, "company")
