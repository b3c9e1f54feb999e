"""Which reports there are, what papers each wants, and the YAML files as they are in force."""

from pydantic import Field

from appliance.scenario.pack import Action, Caller, Permission
from appliance.scenario.shelf import FileState

from ..jobs.desk import Desk, Template, never
from ..models import Part
from .shapes import Nothing
from .signing import wants_signature


class WantedRow(Part):
    """A document that a template asks for."""

    kind: str = Field(description="a|b: one of them is enough.")
    required: bool
    why: str


class TemplateSection(Part):
    """A section of a template."""

    id: str
    title: str
    level: int


class TemplateRow(Part):
    """A template."""

    name: str
    version: str
    title: str
    sign_off_required: bool = Field(
        description="By the bank's settings: its reports leave only once they are released."
    )
    documents: tuple[WantedRow, ...]
    sections: tuple[TemplateSection, ...] = Field(description="Empty where they follow from what is found.")


class FaultRow(Part):
    """Why a template or a file of the bank is not in force."""

    name: str
    code: str
    text: str


class Templates(Part):
    """All templates; texts are in the caller's language."""

    data: tuple[TemplateRow, ...]
    faults: tuple[FaultRow, ...] = Field(description="The bank's own templates that cannot be used.")


class FileRow(Part):
    """One YAML file of the bank."""

    name: str
    version: str = Field(description="Changes with what is in force.")
    own: bool = Field(description="Whether the bank's own file is in force.")
    loaded_at: str


class Files(Part):
    """The YAML files as they are in force."""

    folder: str = Field(description="Where the bank's own files are, by the appliance's home folder.")
    data: tuple[FileRow, ...]
    own: tuple[str, ...] = Field(description="The files that are there, by the folder.")
    faults: tuple[FaultRow, ...]


class Catalogue:
    """What the actions do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def templates(self, _request: Nothing, caller: Caller) -> Templates:
        """List the templates."""
        found = await self._desk.compute(self._desk.templates)
        rows = [await self._row(one, caller.language) for _name, one in sorted(found.items())]
        return Templates(data=tuple(rows), faults=await self._faults(caller.language))

    async def files(self, _request: Nothing, caller: Caller) -> Files:
        """Show the YAML files."""
        states = await self._desk.compute(self._desk.shelf.states)
        faults = [
            FaultRow(name=one.name, code=one.fault.code, text=one.fault.render(caller.language))
            for one in states
            if one.fault is not None
        ]
        return Files(
            folder=f"{self._desk.own.name}/", data=tuple(_file(one) for one in states),
            own=tuple(await self._desk.compute(self._desk.own_names)),
            faults=(*faults, *await self._faults(caller.language)),
        )  # fmt: skip

    async def _row(self, template: Template, language: str) -> TemplateRow:
        return TemplateRow(
            name=template.name, version=template.version, title=template.title.within(language),
            sign_off_required=await wants_signature(self._desk, template.name),
            documents=tuple(
                WantedRow(kind=one.kind, required=one.required, why=one.why.within(language))
                for one in template.documents
            ),
            sections=tuple(
                TemplateSection(id=name, title=title.within(language), level=level)
                for name, title, level in template.sections
            ),
        )  # fmt: skip

    async def _faults(self, language: str) -> tuple[FaultRow, ...]:
        found = await self._desk.compute(self._desk.template_faults)
        return tuple(
            FaultRow(name=name, code=one.code, text=one.render(language)) for name, one in sorted(found.items())
        )


def _file(state: FileState) -> FileRow:
    return FileRow(name=state.name, version=state.version, own=state.own, loaded_at=state.loaded_at)


def actions(catalogue: Catalogue) -> list[Action]:
    """Return the actions."""
    return [
        Action(
            "list-templates", "List the templates with the papers that each wants.", Nothing, Templates,
            catalogue.templates, method="GET", path="templates", generated=never,
        ),
        Action(
            "show-settings", "Show the YAML files as they are in force.", Nothing, Files, catalogue.files,
            method="GET", path="settings", permission=Permission.SCENARIO_SUPERVISE, generated=never,
        ),
    ]  # fmt: skip
