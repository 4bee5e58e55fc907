"""Why a merge, or taking one back, can't be done."""

from __future__ import annotations


class MergeRefused(Exception):
    """Nothing was done; the text says why, and what to do next."""


class ChangedMeanwhile(MergeRefused):
    """One of the contacts is not as it was when the person looked: what they saw no longer holds."""
