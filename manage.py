#!/usr/bin/env python
"""Django's command line, with the project's promise: what cannot be done is one sentence and status 2."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmhub.settings")
    try:
        from django.core.management import execute_from_command_line
        from django.db.utils import InterfaceError, OperationalError
    except ImportError:
        sys.stderr.write("Django is not installed here; use .venv/bin/python (`make run` makes .venv).\n")
        sys.exit(2)
    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, InterfaceError) as problem:
        if "--traceback" in sys.argv:
            raise
        first = str(problem).strip().partition("\n")[0]
        sys.stderr.write(f"The database cannot be used now: {first}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
