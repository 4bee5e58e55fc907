"""The sandbox MAP: a small HubSpot-compatible server of our own.

A newcomer has no HubSpot account, and tests must not need one. This server speaks the part of
HubSpot's public API that a two-way sync uses, with HubSpot's limits and, when told to, its bad days.
It is a process of its own with its own storage, and imports neither Django nor anything else of the
hub: what the hub knows of it, it knows over HTTP.

Where to look: ``routes`` (every path), ``contacts`` and ``batches`` (writing), ``search`` (reading),
``consent`` (subscriptions), ``properties`` (the fields), ``events`` and ``webhooks`` (telling of changes),
``desk`` and ``forms`` (the pages), ``seeding``, ``faults`` and ``limits`` (misbehaviour),
``app`` (the order of things for one request), ``server`` (bytes on the wire), ``storage`` (SQLite).
"""
