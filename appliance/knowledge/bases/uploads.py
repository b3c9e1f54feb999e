"""What an upload must be to be kept, and what its details change."""

import hashlib
from dataclasses import replace

from appliance.core.errors import BodyTooLarge, NotFound
from appliance.core.messages import _
from appliance.core.units import human_bytes
from appliance.knowledge.bases.access import check_access
from appliance.knowledge.bases.names import check_days, check_department, check_file_name
from appliance.knowledge.models import Details
from appliance.knowledge.readers.formats import check_first_bytes, format_of
from appliance.knowledge.readers.limits import Limits
from appliance.state.documents import DocumentRow, Filed, NewVersion, VersionRow


def new_version(name: str, content: bytes, details: Details, limits: Limits) -> NewVersion:
    """Return a checked upload. Raises `Unsupported`, `InvalidRequest`, `BodyTooLarge`."""
    name = check_file_name(name)
    kind = format_of(name)
    if len(content) > limits.file_bytes:
        raise BodyTooLarge(
            _("{name} is larger than {limit}.", name=name, limit=human_bytes(limits.file_bytes)),
            _("Split it and add the parts."),
            param="file",
        )
    check_first_bytes(name, content)
    check_days(details.effective_on, details.expires_on)
    digest = hashlib.sha256(content).hexdigest()
    return NewVersion(name, kind.media_type, len(content), digest, details.effective_on, details.expires_on)


def described(document: DocumentRow, details: Details) -> DocumentRow:
    """Return a document with the department and access list that `details` gives. Raises `InvalidRequest`."""
    if details.department is not None:
        document = replace(document, department=check_department(details.department))
    if details.access is not None:
        document = replace(document, access=check_access(details.access))
    return document


def changed(filed: Filed, details: Details) -> tuple[DocumentRow, VersionRow]:
    """Return a document and its newest version with what `details` gives. Raises `InvalidRequest`."""
    newest = filed.newest
    if details.effective_on is not None:
        newest = replace(newest, effective_on=details.effective_on)
    if details.expires_on is not None:
        newest = replace(newest, expires_on=details.expires_on)
    check_days(newest.effective_on, newest.expires_on)
    return described(filed.document, details), newest


def numbered(filed: Filed, number: int | None) -> VersionRow:
    """Return the version with this number, the newest for None. Raises `NotFound`."""
    found = (version for version in filed.versions if number is None or version.number == number)
    version = max(found, key=lambda version: version.number, default=None)
    if version is None:
        raise NotFound(
            _("The document has no version {number}.", number=number),
            _("Its newest version is {number}.", number=filed.newest.number),
            param="version",
        )
    return version
