"""Syncing with a MAP: what is pulled is decided, what must be told waits in the outbox until the MAP has it."""
