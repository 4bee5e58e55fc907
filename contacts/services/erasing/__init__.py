"""Forgetting a person (GDPR Article 17): everything goes but the suppression entry and the record that it was done."""

from contacts.services.erasing.erasing import Refused, agree, ask, erase, finish, unfinished

__all__ = ["Refused", "agree", "ask", "erase", "finish", "unfinished"]
