"""Logging: one event, one line. Text from outside cannot forge a second line or drive a terminal."""

import logging
from typing import Any

import structlog

LONGEST_LINE = 8_000
_SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
_HEAD = ("timestamp", "level", "logger", "event")


def visible(text: str) -> str:
    """The text with everything that does not print spelt out: line ends, escapes, direction marks, NUL."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def one_line(logger: Any, method: str, event: dict[str, Any]) -> str:
    """structlog's last step: `time level logger event key=value ...`, capped."""
    head = [str(event.pop(name, "-")) for name in _HEAD]
    rest = [f"{key}={value!r}" if isinstance(value, str) else f"{key}={value}" for key, value in event.items()]
    line = visible(" ".join([*head, *rest])[: LONGEST_LINE + 1])
    return line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + " (cut)"


class LineFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders both structlog's events and those of libraries that use `logging`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, one_line],
        )


def configure_structlog() -> None:
    """Send `structlog.get_logger()` and Python's warnings through `logging`: one way out."""
    logging.captureWarnings(True)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def for_django() -> dict[str, Any]:
    """Django's LOGGING: everything to standard error, standard output belongs to `--json`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "crmhub.logs.LineFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            "axes": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},  # a line for each call, with addresses of people in some
        },
    }


def for_gunicorn() -> dict[str, Any]:
    """The same way out for gunicorn's own loggers. No access lines: query strings hold people's addresses."""
    settings = for_django()
    quiet = {"handlers": [], "propagate": True, "level": "WARNING"}
    settings["loggers"] = {"gunicorn.error": quiet, "gunicorn.access": quiet}
    return settings
