"""Who may open the terminal in a browser: a token in an address works once, and is exchanged for a cookie."""

import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable

from appliance.core.errors import AuthenticationFailed, TooManyRequests
from appliance.core.messages import _

_RANDOM_BYTES = 32
_KEPT = 32
"""Used tokens that are told from unknown ones, and browsers that stay signed in."""
WRONG_A_MINUTE = 10
_MINUTE_S = 60.0
ANOTHER = _("Press Enter where `appliance tui --serve` runs for a new address, or start it again.")


class SignIn:
    """Gives out tokens and cookies of 256 random bits, and knows them in constant time. Nothing of it is on disk."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._token = b""
        self._used: deque[bytes] = deque(maxlen=_KEPT)
        self._cookies: deque[bytes] = deque(maxlen=_KEPT)
        self._wrong: deque[float] = deque(maxlen=WRONG_A_MINUTE)

    def new_token(self) -> str:
        """Return a token that signs one browser in; the one before it, if unused, is worth nothing any more."""
        token = secrets.token_urlsafe(_RANDOM_BYTES)
        self._token = token.encode("ascii")
        return token

    def exchange(self, token: str) -> str:
        """Return the cookie for a token, which is used up. Raises `AuthenticationFailed`, `TooManyRequests`.

        A right token passes also after many wrong ones: there is nothing to guess among 2^256, and a lock would let
        any account of this machine keep the owner out.
        """
        given = token.encode("utf-8", "replace")
        if self._token and hmac.compare_digest(given, self._token):
            self._used.append(self._token)
            self._token = b""
            cookie = secrets.token_urlsafe(_RANDOM_BYTES)
            self._cookies.append(cookie.encode("ascii"))
            return cookie
        if _among(given, self._used):
            raise AuthenticationFailed(
                _("This address was used before: it opens one browser, once."),
                _(
                    "If it was not you who used it, end `appliance tui --serve` with Ctrl-C at once. {another}",
                    another=ANOTHER,
                ),
            )
        self._count_a_wrong_one()
        raise AuthenticationFailed(_("This address does not open the terminal."), ANOTHER)

    def knows(self, cookie: str) -> bool:
        """Tell whether a cookie is one that was given out."""
        return _among(cookie.encode("utf-8", "replace"), self._cookies)

    def _count_a_wrong_one(self) -> None:
        now = self._clock()
        if len(self._wrong) == WRONG_A_MINUTE and now - self._wrong[0] < _MINUTE_S:
            raise TooManyRequests(
                _("Too many wrong addresses were tried."), _("Wait a minute, then use the right one.")
            )
        self._wrong.append(now)


def _among(given: bytes, known: Iterable[bytes]) -> bool:
    """Compare with each one to the end, so that the time tells nothing."""
    return sum(hmac.compare_digest(given, one) for one in known) > 0
