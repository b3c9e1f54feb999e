"""TLS between callers and the gateway: the section `gateway.tls` of the site file."""

import re
from ipaddress import ip_address
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from appliance.config.section import Section
from appliance.core.messages import _
from appliance.core.validation import Fault

_HOST_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII
)


def _host(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        pass
    if not _HOST_NAME.fullmatch(text.lower()) or text.rpartition(".")[2].isdigit():
        raise Fault(_("must be a name such as ai.bank.example, or an address such as 10.20.0.11"))
    return text.lower()


class TlsSettings(Section):
    """TLS for callers; null: plain HTTP. Without a certificate of yours the appliance's own authority issues one."""

    certificate: str | None = None
    """Your certificate for the gateway (PEM, its issuers behind it), absolute or in the home folder."""
    key: str | None = None
    """Its private key (PEM, without a password, mode 0600), absolute or in the home folder."""
    names: tuple[Annotated[str, AfterValidator(_host)], ...] = Field(default=(), max_length=32)
    """Names and addresses that callers use: put into the appliance's own certificate, or checked in yours."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise Fault(_("give both of {names}", names="certificate, key"))
        return self

    @property
    def own(self) -> bool:
        """Whether the appliance's own authority issues the certificate."""
        return self.certificate is None
