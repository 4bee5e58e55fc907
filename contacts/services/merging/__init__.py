"""One engine for every merge, whoever asks for it, and for taking one back.

``preview`` shows what ``merge`` would do; both read the same plan. Several contacts are merged one after the
other in one transaction, the most complete first, each with a row of its own, so that each can be taken back.
"""

from contacts.services.merging import own  # noqa: F401
from contacts.services.merging.joining import merge
from contacts.services.merging.parting import UnmergePlan, plan_unmerge, unmerge
from contacts.services.merging.previewing import Preview, preview, propose
from contacts.services.merging.refusals import ChangedMeanwhile, MergeRefused
from contacts.services.merging.relations import moved

__all__ = [
    "ChangedMeanwhile",
    "MergeRefused",
    "Preview",
    "UnmergePlan",
    "merge",
    "moved",
    "plan_unmerge",
    "preview",
    "propose",
    "unmerge",
]
