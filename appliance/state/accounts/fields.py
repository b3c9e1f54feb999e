"""What the fields of keys and users may hold."""

import re
from typing import Final

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.principal import PRIORITIES, ROLES, Scopes
from appliance.state.accounts.tenants import check_tenant_name

NAME_LIMIT: Final = 200
MOST_NAMES: Final = 200

_USER = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}", re.ASCII)


def check_key_fields(name: str, tenant: str, role: str, priority: str, scopes: Scopes) -> None:
    """Raise `InvalidRequest` for what no key can have."""
    if not name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
        raise InvalidRequest(
            _("The name of a key must be 1 to {limit} printable characters.", limit=NAME_LIMIT), param="name"
        )
    check_tenant_name(tenant)
    check_role(role)
    if priority not in PRIORITIES:
        raise InvalidRequest(
            _("There is no priority {priority}.", priority=ascii(priority)),
            _("Choose one of: {names}.", names=", ".join(PRIORITIES)),
            param="priority",
        )
    for kind, names in vars(scopes).items():
        if names is not None and (len(names) > MOST_NAMES or not all(_is_name(name) for name in names)):
            raise InvalidRequest(
                _("{kind} holds up to {most} names of 1 to 100 printable characters.", kind=kind, most=MOST_NAMES),
                param=kind,
            )


def check_role(role: str) -> None:
    """Raise `InvalidRequest` for a role that there is not."""
    if role not in ROLES:
        raise InvalidRequest(
            _("There is no role {role}.", role=ascii(role)),
            _("Choose one of: {roles}.", roles=", ".join(ROLES)),
            param="role",
        )


def user_name(text: str) -> str:
    """Return the name of a user as it is stored: capitals do not count. Raises `InvalidRequest`."""
    name = text.strip().lower()
    if not _USER.fullmatch(name):
        raise InvalidRequest(
            _("The user name {name} cannot be used.", name=ascii(text[:80])),
            _("Use 2 to 64 of a–z, 0–9 and . _ @ + -, starting with a letter or digit."),
            param="name",
        )
    return name


def display_name(text: str, name: str) -> str:
    """Return the name that others read, `name` where none is given. Raises `InvalidRequest`."""
    shown = text.strip() or name
    if len(shown) > NAME_LIMIT or not shown.isprintable():
        raise InvalidRequest(
            _("A display name has at most {limit} printable characters.", limit=NAME_LIMIT), param="display_name"
        )
    return shown


def _is_name(text: str) -> bool:
    return 0 < len(text) <= 100 and text.isprintable()
