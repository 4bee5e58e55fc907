"""HubSpot, by its public API: contacts, search, batches, merges, communication preferences, webhooks.

Where to look: ``settings`` (what a connection may set), ``client`` (one call, with its waits and tries), ``pace`` and
``backoff`` (when to call), ``answers`` (nothing that comes back is believed), ``fields`` (properties),
``reading`` and ``cursor`` (records and changes), ``writing`` (batches), ``merging``, ``consent`` (subscriptions),
``signatures`` and ``events`` (webhooks), ``connector`` (all of it as a ``Connector``).
"""

from syncrules.connectors.hubspot.backoff import Timing
from syncrules.connectors.hubspot.connector import HubSpot
from syncrules.connectors.hubspot.settings import Settings

__all__ = ["VERSION", "HubSpot", "Settings", "Timing"]

#: Goes up with each change of what the connector does; what was tested with an older one is tested again.
VERSION = 1
