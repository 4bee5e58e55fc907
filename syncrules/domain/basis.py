"""What a test or a pilot was run against: while it is the same, what they showed counts."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def basis(**parts: Any) -> str:
    """One text for all parts: the same for the same, whatever order they are named in. Parts are JSON values."""
    said = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()
