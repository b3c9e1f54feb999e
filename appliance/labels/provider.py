"""The provider code: 27 characters that name who runs the service, from the site's configuration.

`00` (format), `11` (an organisation, named by its credit code), the 18 characters of the unified social credit code
(GB 32100, 统一社会信用代码), and a service code: `1` generates or `2` propagates with four characters for the model or
application, or `00000` where none is told apart.
"""

import re
from dataclasses import dataclass

from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _

_CODE_CHARACTERS = 27
_PREFIX = "0011"
_CREDIT_END = 22
_NO_SERVICE = "00000"
_SERVICE = re.compile(r"00000|[12][0-9A-Za-z]{4}", re.ASCII)
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # base 31: no I, O, S, V, Z
_ROLES = {"0": "unspecified", "1": "generate", "2": "propagate"}


@dataclass(frozen=True)
class ProviderCode:
    """A provider code taken apart."""

    credit_code: str
    """Unified social credit code, 18 characters."""
    service_code: str
    """Five characters: the role, then the model or application."""

    @property
    def role(self) -> str:
        """Return `generate`, `propagate` or `unspecified`."""
        return _ROLES[self.service_code[0]]

    def __str__(self) -> str:
        return f"{_PREFIX}{self.credit_code}{self.service_code}"


def provider_fault(code: str) -> Message | None:
    """Say what is wrong with a provider code; None where nothing is."""
    if len(code) != _CODE_CHARACTERS:
        return _("it has {count} characters, not {needed}", count=len(code), needed=_CODE_CHARACTERS)
    if not code.startswith(_PREFIX):
        return _("it must begin with {prefix}", prefix=_PREFIX)
    credit = code[len(_PREFIX) : _CREDIT_END]
    if any(character not in _CREDIT_ALPHABET for character in credit):
        return _("characters 5 to 22 are no unified social credit code: digits and capitals without I, O, S, V, Z")
    if credit_check_character(credit[:-1]) != credit[-1]:
        return _("the check character of the unified social credit code is wrong")
    if not _SERVICE.fullmatch(code[_CREDIT_END:]):
        return _("the service code must be 00000, or 1 or 2 and four letters or digits")
    return None


def parse_provider_code(code: str) -> ProviderCode:
    """Take a provider code apart. Raises `InvalidRequest`, which says what is wrong."""
    fault = provider_fault(code)
    if fault is not None:
        raise InvalidRequest(
            _("The provider code {code} cannot be used: {reason}.", code=ascii(code[:64]), reason=fault),
            _("Write 00, 11, the unified social credit code of 18 characters, and a service code such as 00000."),
            param="producer",
        )
    return ProviderCode(code[len(_PREFIX) : _CREDIT_END], code[_CREDIT_END:])


def provider_code(credit_code: str, service_code: str = _NO_SERVICE) -> str:
    """Put a provider code together. Raises `InvalidRequest`."""
    return str(parse_provider_code(f"{_PREFIX}{credit_code}{service_code}"))


def credit_check_character(body: str) -> str:
    """Return the 18th character of a unified social credit code for its first 17 (GB 32100: weights 3^i mod 31)."""
    total = sum(_CREDIT_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return _CREDIT_ALPHABET[-total % 31]
