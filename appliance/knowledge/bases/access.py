"""Who may read and who may change a knowledge base and its documents, and the errors of those who may not.

What somebody may not read is a 404 that looks exactly like a missing one; what they may read and not change is a 403.
"""

import re
from collections.abc import Iterable, Sequence

from appliance.core.authority import Permission, authorize, may
from appliance.core.errors import InvalidRequest, NotFound, PermissionDenied
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.state.documents import DocumentRow
from appliance.state.knowledge_bases import BaseRow

EVERY_TENANT = "*"
MOST_ENTRIES = 100

_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
_ENTRY = re.compile(r"(tenant:[a-z0-9][a-z0-9_-]{0,63}|role:[a-z]{1,20}|key:[a-z0-9-]{1,40})", re.ASCII)


def may_write(who: Principal, base: BaseRow) -> bool:
    """Tell whether `who` may change a base and its documents."""
    return may(who, Permission.KNOWLEDGE_WRITE, tenant=base.tenant, knowledge_base=base.name)


def may_read(who: Principal, base: BaseRow) -> bool:
    """Tell whether `who` may read a base."""
    if not may(who, Permission.KNOWLEDGE_READ, knowledge_base=base.name):
        return False
    return who.reaches(base.tenant) or EVERY_TENANT in base.shared_with or who.tenant in base.shared_with


def may_read_document(who: Principal, base: BaseRow, document: DocumentRow) -> bool:
    """Tell whether `who` may read a document of a base."""
    if not may_read(who, base):
        return False
    return not document.access or may_write(who, base) or not who.names.isdisjoint(document.access)


def check_may_write(who: Principal, base: BaseRow) -> None:
    """Raise `PermissionDenied` where `who`, who may read a base, may not change it."""
    if not may_write(who, base):
        raise PermissionDenied(
            _("This key may read {base} but not change it.", base=base.name),
            _("Ask an administrator of the tenant that owns it."),
        )


def check_may_make(who: Principal) -> None:
    """Raise `PermissionDenied` where `who` may not make knowledge bases."""
    authorize(who, Permission.KNOWLEDGE_MANAGE)


def no_base(name: str, known: Sequence[str]) -> NotFound:
    """Return the error for a base that is not there for the caller; `known` are those that are."""
    return NotFound(
        _("There is no knowledge base {name}.", name=repr(name[:80])),
        _("Known: {names}.", names=", ".join(known) or "-"),
        param="knowledge_base",
        details={"knowledge_bases": list(known)},
    )


def no_document(base: str, document_id: str) -> NotFound:
    """Return the error for a document that is not there for the caller."""
    return NotFound(
        _("There is no document {id} in {base}.", id=repr(document_id[:80]), base=base), param="document_id"
    )


def check_tenants(tenants: Iterable[str]) -> tuple[str, ...]:
    """Return names of tenants, each once. Raises `InvalidRequest`."""
    return _checked(
        tenants, _TENANT, {EVERY_TENANT}, InvalidRequest(
            _("shared_with holds up to {most} names of tenants.", most=MOST_ENTRIES),
            _('A name has up to 64 of a–z, 0–9, - and _; "*" is every tenant.'),
            param="shared_with",
        ),
    )  # fmt: skip


def check_access(entries: Iterable[str]) -> tuple[str, ...]:
    """Return the entries of an access list, each once. Raises `InvalidRequest`."""
    return _checked(
        entries, _ENTRY, set(), InvalidRequest(
            _("access holds up to {most} entries of the forms tenant:NAME, role:NAME and key:ID.", most=MOST_ENTRIES),
            _("For example: tenant:retail, role:caller, key:lma-abcdefghijkl."),
            param="access",
        ),
    )  # fmt: skip


def _checked(
    entries: Iterable[str], pattern: re.Pattern[str], besides: set[str], error: InvalidRequest
) -> tuple[str, ...]:
    given = tuple(dict.fromkeys(entries))
    if len(given) > MOST_ENTRIES or any(entry not in besides and not pattern.fullmatch(entry) for entry in given):
        raise error
    return given
