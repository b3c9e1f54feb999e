"""What callers tell of knowledge bases and documents: names, titles, departments, days, terms."""

import re
import unicodedata
from datetime import date

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

_BASE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LONGEST_FILE_NAME = 255
_LONGEST_TITLE = 200
_LONGEST_DEPARTMENT = 100
_LONGEST_GLOSSARY = 200_000
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # categories of characters that nobody sees, and that may mislead


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
    if (
        not name.strip()
        or _has_unseen(name)
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


def check_title(title: str) -> str:
    """Return a base's title. Raises `InvalidRequest`."""
    if not title.strip() or len(title) > _LONGEST_TITLE or _has_unseen(title):
        raise InvalidRequest(
            _("A title has 1 to {most} characters, none of them control characters.", most=_LONGEST_TITLE),
            param="title",
        )
    return title


def check_department(department: str) -> str:
    """Return the name of a department. Raises `InvalidRequest`."""
    if not department.strip() or len(department) > _LONGEST_DEPARTMENT or _has_unseen(department):
        raise InvalidRequest(
            _(
                "The name of a department has 1 to {most} characters, none of them control characters.",
                most=_LONGEST_DEPARTMENT,
            ),
            param="department",
        )
    return department


def check_days(effective_on: date | None, expires_on: date | None) -> None:
    """Raise `InvalidRequest` for a version that would expire before it holds."""
    if effective_on is not None and expires_on is not None and expires_on < effective_on:
        raise InvalidRequest(
            _(
                "The version would expire on {expires_on}, before it holds from {effective_on}.",
                expires_on=expires_on.isoformat(),
                effective_on=effective_on.isoformat(),
            ),
            param="expires_on",
        )


def check_glossary(text: str) -> str:
    """Return a bank's own terms, one entry a line. Raises `InvalidRequest`, which names the line."""
    if len(text) > _LONGEST_GLOSSARY:
        raise InvalidRequest(_("A glossary has up to {most} characters.", most=_LONGEST_GLOSSARY), param="text")
    for number, line in enumerate(text.splitlines(), start=1):
        chinese, bar, english = line.partition("|")
        complete = all(any(char.isalnum() for char in side) for side in (chinese, english))
        if line.strip() and not (bar and complete and "|" not in english):
            raise InvalidRequest(
                _("Line {number} of the glossary is not an entry.", number=number),
                _("Write Chinese spellings, a bar and English ones: 活期存款,活期|demand deposit,current account"),
                param="text",
            )
    return text


def _has_unseen(text: str) -> bool:
    return any(unicodedata.category(char) in _UNSEEN for char in text)
