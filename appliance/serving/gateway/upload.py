"""A multipart upload: one file with its details, whole or refused."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.knowledge.models import Details
from appliance.serving.gateway.body import checked
from appliance.serving.gateway.knowledge_bodies import DocumentDetails

_MOST_FILES = 8
_MOST_FIELDS = 1000
_FIELD_BYTES = 16 * 1024
_LISTS = ("access",)
_FAULTS = ("Too many", "Part exceeded", "Invalid")  # how the parser's messages about forms begin; others mean no form


@dataclass(frozen=True)
class Upload:
    """What was sent; `name` is the file's name as the caller gave it."""

    name: str
    content: bytes
    details: Details


class _Parser(MultiPartParser):
    """Knows whether parts came, and the end after them: without it, fields that limit access may have been lost."""

    begun = False
    ended = False

    def on_part_begin(self) -> None:
        self.begun = True
        super().on_part_begin()

    def on_end(self) -> None:
        self.ended = True


@asynccontextmanager
async def reading_form(
    request: Request, lists: Collection[str] = ()
) -> AsyncIterator[tuple[UploadFile, dict[str, object]]]:
    """Give the one file of a form and its other fields, those in `lists` as lists; the file is gone after the block.

    Raises `InvalidRequest` for anything but one whole file in the field `file`.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise _no_file()
    parser = _Parser(
        request.headers, request.stream(), max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=_FIELD_BYTES
    )
    try:
        form = await parser.parse()
    except ClientDisconnect as error:
        raise _cut_off() from error
    except MultiPartException as error:
        if error.message.startswith(_FAULTS) and parser.begun:
            raise InvalidRequest(
                _("The form is not valid: {reason}", reason=error.message),
                _("Send one file whose name has up to 255 characters, and only the fields that /docs lists."),
                param="file",
                code="invalid_form",
            ) from error
        raise _no_file() from error
    try:
        if parser.begun and not parser.ended:
            raise _cut_off()
        yield _only_file(form), _fields(form, lists)
    finally:
        await form.close()


async def read_upload(request: Request) -> Upload:
    """Return the document in `request`. Raises `InvalidRequest` for anything but one whole file with known fields."""
    async with reading_form(request, _LISTS) as (file, fields):
        details = checked(fields, DocumentDetails).details()
        return Upload(file.filename or "", await file.read(), details)


def _only_file(form: FormData) -> UploadFile:
    files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
    if not files:
        raise _no_file()
    if len(files) > 1 or files[0][0] != "file":
        raise InvalidRequest(
            _("An upload carries one file, in the field `file`."),
            _("Send each file in a request of its own."),
            param="file",
            code="one_file_only",
        )
    return files[0][1]


def _fields(form: FormData, lists: Collection[str]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in form.multi_items():
        if isinstance(value, str) and value:  # an empty field of a form tells nothing
            if name in lists:
                entries = fields.setdefault(name, [])
                assert isinstance(entries, list)
                entries.append(value)
            elif name in fields:
                raise InvalidRequest(_("The field {param} is there twice.", param=name), param=name)
            else:
                fields[name] = value
    return fields


def _no_file() -> InvalidRequest:
    return InvalidRequest(
        _("The request carries no file."),
        _("Send it as multipart/form-data in the field `file`."),
        param="file",
        code="missing_file",
    )


def _cut_off() -> InvalidRequest:
    return InvalidRequest(
        _("The upload was cut off."), _("Send it again; nothing was kept."), param="file", code="incomplete_upload"
    )
