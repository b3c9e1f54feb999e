"""Findings remembered by text: passages, system prompts and earlier turns of a chat come again and again."""

import hashlib
import threading
from collections import OrderedDict

from appliance.guardrails.verdict import Check, Finding

_MOST = 16_384  # texts; about 200 bytes each where nothing is found


class Remembered:
    """A slow check of which a text asks once. Only a digest of the text is kept; a failure is not remembered."""

    def __init__(self, check: Check, most: int = _MOST) -> None:
        """Keep the `most` texts that were asked about last."""
        self._check = check
        self._most = most
        self._known: OrderedDict[bytes, tuple[Finding, ...]] = OrderedDict()
        self._lock = threading.Lock()
        self.name = check.name
        self.version = check.version

    def find(self, text: str) -> list[Finding]:
        """Return what the check finds, or found."""
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return list(self._known[key])
        found = self._check.find(text)
        with self._lock:
            self._known[key] = tuple(found)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return found
