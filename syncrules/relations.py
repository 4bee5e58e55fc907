"""What hangs on a contact in this app, and how it goes over in a merge (contacts/services/merging/relations.py)."""

from contacts.services.merging.relations import Relation, register

register(Relation("syncrules.Link", "contact", "links", "link to a MAP", "links to MAPs"))
register(Relation("syncrules.Pull", "contact", "pulls", "pulled record", "pulled records"))
