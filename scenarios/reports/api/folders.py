"""Folders of papers: made, filled, shown, deleted; each belongs to the key that made it."""

import base64
import binascii
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field

from appliance.core.errors import Conflict, InvalidRequest
from appliance.core.messages import _
from appliance.scenario.pack import Action, Caller
from appliance.state.records import NewRecord, Record

from ..jobs.desk import Desk, never
from ..jobs.places import checked_name, delete_file, files_of, put_file, remove
from ..models import Language, Part
from .shapes import Deleted, Name, Nothing, OneFolder, RecordId, Request, Title

KIND: Final = "folder"
_PAGE: Final = 200


class FolderRequest(Request):
    """A folder to be made."""

    name: Title = Field(description="What it is called, such as the company's name.")
    subject: str = Field(default="", max_length=200, description="Whose papers they are; found in them by default.")


class FileRequest(Request):
    """A file for a folder."""

    folder_id: RecordId
    name: Name
    content_base64: str = Field(min_length=1, description="The file, in base64.")


class OneFile(Request):
    """One file of a folder."""

    folder_id: RecordId
    name: Name


class SampleRequest(Request):
    """Generated papers for a folder, so that anybody can try."""

    folder_id: RecordId
    sample: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] = Field(
        default="company-3",
        description="company-1 to company-20, fund, market, aml, sme, contract or valuation; all of it is made up.",
    )
    language: Language = Field(default="zh_CN", description="Of the papers.")


class FileRow(Part):
    """A file of a folder, and what the last job found it to be."""

    name: str
    size: int = Field(description="In bytes.")
    kind: str | None = Field(default=None, description="Such as balance_sheet; null until a job has read it.")
    company: str | None = None
    fault: str | None = Field(default=None, description="Why nothing was read of it.")


class Folder(Part):
    """A folder."""

    id: str
    name: str
    subject: str
    sample: str | None = Field(description="Which made-up papers it holds, and nothing else.")
    created_at: str
    files: tuple[FileRow, ...] = ()
    bytes: int = Field(default=0, description="All files together.")


class FolderList(Part):
    """The folders, newest first."""

    data: tuple[Folder, ...]


class Folders:
    """What the actions do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def make(self, request: FolderRequest, caller: Caller) -> Folder:
        """Make an empty folder."""
        return await self._shown(await self.create(request.name, request.subject, caller))

    async def create(self, name: str, subject: str, caller: Caller) -> Record:
        """Return the record of a new folder. Raises `Conflict` where the key has as many as may be."""
        most = self._desk.settings.most_folders
        records = self._desk.context.records
        mine = await records.tally(caller.principal, KIND, (), caller.principal.key_id)
        if mine and mine[0].count >= most:
            raise Conflict(
                _("There are {limit} folders, and that is the most.", limit=most),
                _("Delete one that is no longer needed."),
                code="too_many_folders",
            )
        data: dict[str, Any] = {"name": name, "subject": subject.strip(), "sample": None, "read": {}}
        record = await records.create(caller.principal, NewRecord(KIND, caller.principal.key_id, data))
        await self._desk.compute(_made, self.place(record))
        return record

    async def put(self, request: FileRequest, caller: Caller) -> Folder:
        """Put a file into a folder, in place of one of the same name."""
        record = await self.get(request.folder_id, caller)
        content = await self._desk.compute(_decoded, request.content_base64)
        name = await self._desk.compute(put_file, self.place(record), request.name, content, self._desk.settings)
        if name in record.data["read"] or record.data["sample"]:  # it was another file that was read, or all made up
            read = {one: row for one, row in record.data["read"].items() if one != name}
            record = await self._desk.context.records.update(record, {**record.data, "read": read, "sample": None})
        return await self._shown(record)

    async def take(self, request: OneFile, caller: Caller) -> Deleted:
        """Delete one file."""
        record = await self.get(request.folder_id, caller)
        name = checked_name(request.name)
        await self._desk.compute(delete_file, self.place(record), name)
        return Deleted(id=name)

    async def fill(self, request: SampleRequest, caller: Caller) -> Folder:
        """Fill a folder with generated papers."""
        record = await self.get(request.folder_id, caller)
        return await self._shown(await self.filled(record, request.sample, request.language))

    async def filled(self, record: Record, sample: str, language: str) -> Record:
        """Write a sample company's papers into a folder that is empty; return its record. Raises `Conflict`."""
        place = self.place(record)
        if await self._desk.compute(files_of, place):
            raise Conflict(
                _("The folder {id} has files already.", id=record.id), _("Make an empty one for the sample."),
                code="folder_not_empty",
            )  # fmt: skip
        asked = {"folder": str(place), "sample": sample, "language": language}
        subject = await self._desk.context.tasks.run("jobs.sampling:write_sample", asked)
        data = {**record.data, "sample": f"{sample} {language}", "subject": record.data["subject"] or subject}
        return await self._desk.context.records.update(record, data)

    async def list(self, _request: Nothing, caller: Caller) -> FolderList:
        """List the caller's folders; an admin's are all of the tenant."""
        page = await self._desk.context.records.page(caller.principal, KIND, limit=_PAGE)
        return FolderList(data=tuple([await self._shown(record) for record in page.records]))

    async def show(self, request: OneFolder, caller: Caller) -> Folder:
        """Show one folder with its files."""
        return await self._shown(await self.get(request.folder_id, caller))

    async def delete(self, request: OneFolder, caller: Caller) -> Deleted:
        """Delete a folder with its files; jobs keep theirs."""
        record = await self.get(request.folder_id, caller)
        await self._desk.context.records.delete(record)
        await self._desk.compute(remove, self.place(record))
        return Deleted(id=record.id)

    async def get(self, folder_id: str, caller: Caller) -> Record:
        """Return a folder's record. Raises `NotFound`."""
        return await self._desk.context.records.get(caller.principal, KIND, folder_id)

    def place(self, record: Record) -> Path:
        """Return where its files lie."""
        return self._desk.places.folder(record.tenant, record.id)

    async def _shown(self, record: Record) -> Folder:
        files = await self._desk.compute(files_of, self.place(record))
        read: dict[str, dict[str, Any]] = record.data["read"]
        rows = tuple(FileRow(name=one.name, size=one.size, **read.get(one.name, {})) for one in files)
        told = {name: record.data[name] for name in ("name", "subject", "sample")}
        return Folder(
            id=record.id, created_at=record.created_at, files=rows, bytes=sum(one.size for one in files), **told
        )  # fmt: skip


def _made(place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True, mode=0o700)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest(
            _("The content is not base64."), _("Encode the file's bytes as they are."), param="content_base64",
            code="content_not_valid",
        ) from error  # fmt: skip


def actions(folders: Folders) -> list[Action]:
    """Return the actions.

    What is put into a folder was written by others: the guardrails note what they find there and refuse nothing.
    """
    return [
        Action(
            "make-folder", "Make a folder for papers.", FolderRequest, Folder, folders.make,
            path="folders", status=201, spoken=True, generated=never,
        ),
        Action(
            "list-folders", "List the folders.", Nothing, FolderList, folders.list,
            method="GET", path="folders", generated=never,
        ),
        Action(
            "show-folder", "Show a folder with its files.", OneFolder, Folder, folders.show,
            method="GET", path="folders/{folder_id}", generated=never,
        ),
        Action(
            "delete-folder", "Delete a folder with its files.", OneFolder, Deleted, folders.delete,
            method="DELETE", path="folders/{folder_id}", generated=never,
        ),
        Action(
            "put-file", "Put a file into a folder.", FileRequest, Folder, folders.put,
            path="folders/{folder_id}/files", status=201, spoken=True, generated=never, files=("content_base64",),
        ),
        Action(
            "delete-file", "Delete a file of a folder.", OneFile, Deleted, folders.take,
            method="DELETE", path="folders/{folder_id}/files/{name}", generated=never,
        ),
        Action(
            "fill-folder", "Fill a folder with made-up papers.", SampleRequest, Folder, folders.fill,
            path="folders/{folder_id}/sample", generated=never,
        ),
    ]  # fmt: skip
