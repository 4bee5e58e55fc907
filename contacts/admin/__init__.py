"""The pages: one file a page family, each view thin, each act one call to a service."""

from contacts.admin import registry  # noqa: F401
