"""Names that callers give: of knowledge bases and of files."""

import re
import unicodedata

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

_BASE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LONGEST_FILE_NAME = 255


def check_base_name(name: str) -> str:
    """Return a knowledge base's name. Raises `InvalidRequest`."""
    if not _BASE.fullmatch(name):
        raise InvalidRequest(
            _("{name} is not a name for a knowledge base.", name=repr(name[:80])),
            _("Use 1 to 64 lower-case letters, digits and hyphens."),
            param="knowledge_base",
        )
    return name


def check_file_name(name: str) -> str:
    """Return a file name in NFC. Raises `InvalidRequest` for paths, control characters and names over 255 characters.

    Files are kept under their ids, so the name is only ever shown; it is checked because others will show it too.
    """
    name = unicodedata.normalize("NFC", name)
    bad = any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in name)
    if (
        not name.strip()
        or bad
        or len(name) > _LONGEST_FILE_NAME
        or "/" in name
        or "\\" in name
        or name.strip(". ") == ""
    ):
        raise InvalidRequest(
            _("{name} is not a file name that can be kept.", name=ascii(name[:80])),
            _("Use 1 to 255 characters, without slashes and control characters."),
            param="name",
        )
    return name
