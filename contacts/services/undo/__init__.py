"""Taking an import back: what it created and nobody touched goes, what it filled and nobody changed is empty again.

The log stays, but for the delivery keys, so that the corrected file can be sent. Consent evidence stays as well.
"""

from contacts.services.undo.asking import ask_to_look, ask_to_undo
from contacts.services.undo.looking import look, plan_undo
from contacts.services.undo.plan import SHOWN, CannotUndo, UndoPlan
from contacts.services.undo.state import State, unfinished
from contacts.services.undo.work import undo, undo_import

__all__ = [
    "SHOWN", "CannotUndo", "State", "UndoPlan", "ask_to_look", "ask_to_undo", "look", "plan_undo", "undo",
    "undo_import", "unfinished",
]  # fmt: skip
