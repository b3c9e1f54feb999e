"""From what a request carries to who asks: an API key or a session's token."""

from appliance.core.principal import Principal
from appliance.state.accounts.sessions import SESSION_PREFIX, Sessions
from appliance.state.keys import KeyRing


class Callers:
    """Knows callers by their keys and people by their sessions."""

    def __init__(self, keys: KeyRing, sessions: Sessions) -> None:
        self._keys = keys
        self._sessions = sessions

    def identify(self, presented: str, source_ip: str | None) -> Principal:
        """Return who asks. Raises `AuthenticationFailed`, and `Unavailable` where that cannot be told now."""
        if presented.startswith(f"{SESSION_PREFIX}-"):
            return self._sessions.verify(presented).principal
        return self._keys.principal(self._keys.verify(presented, source_ip))
