"""One event, one line, whatever the text brings along."""

import logging

import pytest
import structlog

from crmhub import logs


@pytest.fixture
def lines():
    """Formats a record as the handlers do."""
    return logs.LineFormatter().format


def record(message, *args, **extra):
    made = logging.LogRecord("contacts", logging.INFO, __file__, 1, message, args, None)
    made.__dict__.update(extra)
    return made


@pytest.mark.parametrize("evil", ["a\r\nb", "\x1b[2Jgone", "a\u2028b", "\x00", "\u202eevil", "\x85"])
def test_no_second_line_and_no_terminal_codes(lines, evil):
    for line in (lines(record("name %s", evil)), lines(record("saved", name=evil))):
        assert line.isprintable()


def test_names_in_other_scripts_stay_readable(lines):
    assert "李小龙 Müller" in lines(record("saved %s", "李小龙 Müller"))


def test_a_megabyte_is_cut(lines):
    line = lines(record("x" * 1_000_000))
    assert len(line) < 9_000
    assert line.endswith("(cut)")


def test_a_traceback_is_one_line(lines):
    try:
        raise ValueError("no")
    except ValueError as problem:
        made = record("failed")
        made.exc_info = (ValueError, problem, problem.__traceback__)
    assert "ValueError: no" in lines(made)
    assert lines(made).isprintable()


def test_structlog_goes_the_same_way(caplog):
    with caplog.at_level(logging.INFO):
        structlog.get_logger("contacts").info("merged", contact=7)
    assert logs.LineFormatter().format(caplog.records[-1]).endswith("info contacts merged contact=7")
