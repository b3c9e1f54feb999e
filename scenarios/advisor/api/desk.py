"""What all actions share: the tenant's data, the bank's files, threads to compute in, and what a caller may see."""

import asyncio
import contextvars
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta, timezone
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from appliance.core.authority import Permission, may
from appliance.core.clock import Clock, utc_now
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.scenario.pack import Caller, ScenarioContext
from appliance.scenario.shelf import Shelf

from ..data.dataset import Dataset
from ..data.loading import missing_in
from ..data.places import DataStore
from ..models import Client
from ..settings import Settings
from .books import BOOKS, PACK

THREADS: Final = 4
"""Computations at once in one replica; more wait their turn. Most of their time is spent outside Python's lock."""
SAMPLE: Final = ".sample"
"""Folder of the sample bank within a tenant's."""
_VIEW: Final = "api.own_clients"
_NAMES: Final = "conversation."
_CHINA: Final = timezone(timedelta(hours=8))
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class Desk:
    """Where every action gets its data from."""

    def __init__(self, context: ScenarioContext, clock: Clock | None = None) -> None:
        self.context = context
        self._clock = clock or utc_now
        self._loading: dict[tuple[str, str], asyncio.Task[Dataset]] = {}

    @cached_property
    def shelf(self) -> Shelf:
        """The bank's YAML files."""
        return Shelf(PACK, self.context.own_files, BOOKS)

    @cached_property
    def store(self) -> DataStore:
        """The data of all tenants, in `data/` of the bank's own folder."""
        folder = self.context.own_files / "data"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return DataStore(folder, samples=self.settings.sample_bank)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        settings: Settings = self.shelf.get("settings")
        return settings

    @property
    def today(self) -> date:
        """The day in China."""
        return self._clock().astimezone(_CHINA).date()

    def day(self, wanted: date | None) -> date:
        """Return the day to go by, today by default. Raises `InvalidRequest` for one in the future."""
        today = self.today
        if wanted is not None and wanted > today:
            raise InvalidRequest(
                _("The day {day} is in the future; today is {today}.", day=wanted, today=today),
                _("Leave `as_of` out, or give a day up to today."),
                param="as_of",
                code="as_of_ahead",
            )
        return wanted or today

    async def compute(self, work: Callable[_Given, _Result], *given: _Given.args, **named: _Given.kwargs) -> _Result:
        """Run what takes its time in a thread, in the caller's language."""
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(context.run, partial(work, *given, **named)))

    async def data(self, caller: Caller) -> Dataset:
        """Return the tenant's data as the caller may see it; loaded once however many wait for it.

        Raises `NotFound`, `InvalidRequest`, `ConfigError`.
        """
        key = caller.tenant, caller.language
        task = self._loading.get(key)
        if task is None or task.done():
            load = self.compute(lambda: self.store.dataset(caller.tenant, self.today))
            task = self._loading[key] = asyncio.get_running_loop().create_task(load)
        # A caller that goes away must not take the loading from those that wait with it.
        return self._seen(await asyncio.shield(task), caller)

    def _seen(self, dataset: Dataset, caller: Caller) -> Dataset:
        if not self.settings.own_clients_only or supervises(caller):
            return dataset
        who = caller.principal.user_id or caller.principal.key_id
        key = f"{_VIEW}.{who}"
        view: Dataset | None = dataset.memo.get(key)
        if view is None:
            view = replace(dataset, clients=_Own(dataset.clients, who), memo=_OwnMemo(dataset.memo))
            view = dataset.memo.setdefault(key, view)
        return view

    def missing(self, tenant: str) -> list[str]:
        """Return the tables that a tenant still has to supply."""
        return missing_in(self.folder(tenant, made_up=False))

    def folder(self, tenant: str, *, made_up: bool) -> Path:
        """Return where a tenant's files lie, its own or those of the sample bank."""
        own = self.context.own_files / "data" / tenant
        return own / SAMPLE if made_up else own

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(THREADS, thread_name_prefix="advisor")


class _Own(Mapping[str, Client]):
    """The clients of one advisor; what belongs to another is not there."""

    def __init__(self, clients: Mapping[str, Client], advisor: str) -> None:
        self._clients = clients
        self._advisor = advisor

    def __getitem__(self, client_id: str) -> Client:
        client = self._clients[client_id]
        if client.advisor != self._advisor:
            raise KeyError(client_id)
        return client

    def __iter__(self) -> Iterator[str]:
        return (name for name, client in self._clients.items() if client.advisor == self._advisor)

    def __len__(self) -> int:
        return sum(1 for _name in self)


class _OwnMemo(dict[Any, Any]):
    """What was computed from the whole dataset; what its clients' names went into, each view has of its own."""

    def __init__(self, whole: dict[Any, Any]) -> None:
        super().__init__()
        self._whole = whole

    def _of(self, key: object) -> dict[Any, Any]:
        return self._mine if isinstance(key, str) and key.startswith(_NAMES) else self._whole

    @cached_property
    def _mine(self) -> dict[Any, Any]:
        return {}

    def __contains__(self, key: object) -> bool:
        return key in self._of(key)

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - as the memo
        return self._of(key)[key]

    def __setitem__(self, key: Any, value: Any) -> None:  # noqa: ANN401
        self._of(key)[key] = value

    def get(self, key: Any, default: Any = None) -> Any:  # noqa: ANN401
        return self._of(key).get(key, default)

    def setdefault(self, key: Any, default: Any = None) -> Any:  # noqa: ANN401
        return self._of(key).setdefault(key, default)


def supervises(caller: Caller) -> bool:
    """Tell whether a caller may see what belongs to others of the tenant."""
    return may(caller.principal, Permission.SCENARIO_SUPERVISE)


def never(_answer: Any) -> bool:  # noqa: ANN401 - of any action
    """Tell that no chat model has written anything of an answer."""
    return False
