"""The search for contacts that look like one person: into the review queue, by ops or nightly, safe to run again."""

from contacts.services.duplicates.scans import run_scan, start_nightly, start_scan, unfinished

__all__ = ["run_scan", "start_nightly", "start_scan", "unfinished"]
