"""What all actions and jobs share: settings, templates, places, threads to read files in, and who may see what."""

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from appliance.core.authority import Permission, may
from appliance.core.clock import Clock, utc_now
from appliance.core.errors import ConfigError, InvalidRequest
from appliance.core.messages import _
from appliance.scenario.pack import Caller, ScenarioContext
from appliance.scenario.shelf import Book, Load, Shelf
from appliance.scenario.words import Words

from ..settings import Settings
from .places import Places
from .spec import CONTRACT_CHECK, RECONCILIATION, basis_of, own_files

if TYPE_CHECKING:
    from ..outlines.models import Outline

PACK: Final = Path(__file__).resolve().parents[1]
THREADS: Final = 4
_CHINA: Final = timezone(timedelta(hours=8))
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def _settings() -> Load:
    return Settings.load


BOOKS: Final[Mapping[str, Book]] = {"settings": Book("settings.yaml", "settings.yaml", _settings)}


@dataclass(frozen=True)
class Wanted:
    """A document that a template asks for."""

    kind: str
    required: bool
    why: Words


@dataclass(frozen=True)
class Template:
    """What a report is written by: an outline, or one of the two small reports."""

    name: str
    version: str
    title: Words
    sign_off: str
    documents: tuple[Wanted, ...]
    sections: tuple[tuple[str, Words, int], ...]
    """Id, title and level; empty where the sections follow from what is found."""
    tone: Words | None = None
    """What a model that phrases is told."""

    @property
    def small(self) -> bool:
        """Whether it is written in one go, without an outline."""
        return not self.sections


_SMALL: Final = {
    CONTRACT_CHECK: Template(
        CONTRACT_CHECK, "1.0.0", Words(en="Contract check: {subject}", zh="合同质检：{subject}"), "optional",
        (Wanted("contract", True, Words(en="It is checked against the standard.", zh="用于与标准条款比对。")),), (),
    ),
    RECONCILIATION: Template(
        RECONCILIATION, "1.0.0", Words(en="Valuation reconciliation: {subject}", zh="估值对账：{subject}"), "optional",
        (Wanted("valuation", True, Words(en="Two valuation tables are matched.", zh="用于两份估值表的核对。")),), (),
    ),
}  # fmt: skip


class Desk:
    """Where every action gets what it works with."""

    def __init__(self, context: ScenarioContext, clock: Clock | None = None) -> None:
        self.context = context
        self.clock = clock or utc_now

    @cached_property
    def shelf(self) -> Shelf:
        """The bank's YAML files that this process reads; the steps read theirs themselves."""
        return Shelf(PACK, self.context.own_files, BOOKS)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        settings: Settings = self.shelf.get("settings")
        return settings

    @cached_property
    def places(self) -> Places:
        """Where the data of all tenants lie."""
        return Places(self.own / "data")

    @cached_property
    def own(self) -> Path:
        """The bank's own folder."""
        return self.context.own_files.resolve()

    @property
    def today(self) -> date:
        """The day in China."""
        return self.clock().astimezone(_CHINA).date()

    @property
    def basis(self) -> str:
        """What changes with the bank's own files."""
        return basis_of("1", self.own)

    def templates(self) -> dict[str, Template]:
        """Return the templates that can be used, by name; reads their files where they have changed."""
        from ..outlines.loading import catalogue

        found = catalogue(PACK, self.own)
        return {**_SMALL, **{name: _template(outline) for name, outline in found.items()}}

    def template_faults(self) -> Mapping[str, ConfigError]:
        """Return why templates of the bank cannot be used, by name."""
        from ..outlines.loading import catalogue

        return catalogue(PACK, self.own).faults

    def own_names(self) -> list[str]:
        """Return the bank's own files by their names in its folder."""
        return [str(path.relative_to(self.own)) for path in own_files(self.own)]

    def template(self, name: str) -> Template:
        """Return one template. Raises `InvalidRequest`, which lists them, and `ConfigError` for the bank's faulty one.

        The bank's own outline of a name goes before ours.
        """
        from ..outlines.loading import catalogue

        found = catalogue(PACK, self.own)
        if name in found or name in found.faults:
            return _template(found[name])
        if name in _SMALL:
            return _SMALL[name]
        raise InvalidRequest(
            _("There is no template {name}.", name=repr(name[:80])),
            _("Templates: {names}.", names=", ".join(sorted((*_SMALL, *found)))),
            param="template",
            code="template_not_found",
        )

    async def compute(self, work: Callable[_Given, _Result], *given: _Given.args, **named: _Given.kwargs) -> _Result:
        """Run what waits for the disk in a thread, in the caller's language."""
        run = partial(contextvars.copy_context().run, partial(work, *given, **named))
        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(THREADS, thread_name_prefix="reports")


def _template(outline: "Outline") -> Template:
    from ..writing.sections import section_ids

    planned = {one.id: (one.title, one.level) for one in outline.sections}
    unnamed = {name: (Words(en=name, zh=name), 1) for name in section_ids(outline)}  # those that every report ends with
    return Template(
        outline.name, outline.version, outline.title, outline.sign_off,
        tuple(Wanted(one.kind, one.required, one.why) for one in outline.documents),
        tuple((name, *about) for name, about in {**planned, **unnamed, **planned}.items()),
        outline.tone,
    )  # fmt: skip


def supervises(caller: Caller) -> bool:
    """Tell whether a caller may see what belongs to others of the tenant."""
    return may(caller.principal, Permission.SCENARIO_SUPERVISE)


def never(_answer: Any) -> bool:  # noqa: ANN401 - of any action
    """Tell that no chat model has written anything of an answer."""
    return False
