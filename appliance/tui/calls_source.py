"""Calls that the scenario agent-assist accompanies: those that go on, one of them, figures, and a table of them."""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar
from urllib.parse import quote

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict

from appliance.core.errors import ApplianceError, NotFound, PermissionDenied
from appliance.core.messages import _
from appliance.tui.connection import HttpConnection

_ROOT = "/v1/scenarios/agent-assist"
_MOST = 200
_COUNTING_S = 60.0
"""How long figures and tables of very many calls may take."""

Level = Literal["low", "medium", "high"]
Trend = Literal["better", "steady", "worse"]
By = Literal["intent", "product", "seat", "day"]


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Mood(_Read):
    """How it goes for the customer: from -1 to 1."""

    score: float
    trend: Trend


class Risk(_Read):
    """How likely a complaint is, by rules."""

    level: Level
    reasons: tuple[str, ...] = ()


class Call(_Read):
    """One call in the list."""

    id: str
    state: Literal["open", "ended", "abandoned"]
    direction: Literal["inbound", "outbound"]
    seat: str
    product: str | None = None
    started_at: AwareDatetime
    duration_s: float
    turns: int
    intent: str | None = None
    intent_title: str | None = None
    mood: Mood
    risk: Risk
    alerts: int
    score: float | None = None


class Turn(_Read):
    """What one side said."""

    speaker: Literal["customer", "seat"]
    text: str
    start_s: float


class Intent(_Read):
    """What the customer wants."""

    name: str
    title: str
    confidence: float


class Emotion(_Read):
    """How a turn sounds."""

    label: str


class Slot(_Read):
    """A value that was said."""

    name: str
    text: str


class Analysis(_Read):
    """What was read out of a turn."""

    intent: Intent | None = None
    slots: tuple[Slot, ...] = ()
    emotion: Emotion | None = None


class Card(_Read):
    """What the seat could answer from."""

    text: str
    document: str
    page: int | None = None
    section: str | None = None


class Step(_Read):
    """What the seat was told to do next."""

    text: str


class Reply(_Read):
    """What the seat was offered to say."""

    text: str


class Alert(_Read):
    """A rule that was broken, or a duty."""

    severity: Literal["notice", "warning", "serious"]
    text: str
    at_s: float


class Assist(_Read):
    """A turn with what the seat was shown."""

    turn: Turn
    analysis: Analysis
    mood: Mood
    risk: Risk
    card: Card | None = None
    steps: tuple[Step, ...] = ()
    replies: tuple[Reply, ...] = ()
    alerts: tuple[Alert, ...] = ()


class SummaryLine(_Read):
    """One line of a summary."""

    text: str


class Section(_Read):
    """A part of a summary."""

    title: str
    lines: tuple[SummaryLine, ...] = ()


class Summary(_Read):
    """What the call came to."""

    sections: tuple[Section, ...] = ()


class Sheet(_Read):
    """The score sheet."""

    score: float


class After(_Read):
    """What was written when the call had ended."""

    summary: Summary
    sheet: Sheet | None = None


class WholeCall(_Read):
    """A call with its turns; `after` is None while it goes on."""

    call: Call
    turns: tuple[Assist, ...]
    alerts: tuple[Alert, ...] = ()
    after: After | None = None


class LiveCalls(_Read):
    """The open calls, the riskiest first; `total` counts those that are not in `data` too."""

    data: tuple[Call, ...]
    total: int
    levels: dict[Level, int]


class Figures(_Read):
    """Figures of some calls; `key` is None for those without a value, and for all of them together."""

    key: str | None = None
    title: str | None = None
    calls: int
    average_duration_s: float | None
    average_score: float | None
    high_risk_share: float
    alerts_per_call: float
    resolved_share: float | None


class Statistics(_Read):
    """Figures by one value, and of all calls."""

    total: Figures
    groups: tuple[Figures, ...]
    complete: bool


@dataclass(frozen=True)
class Table:
    """Calls as CSV."""

    content: bytes


class CallsSource(Protocol):
    """Gives calls. Every method raises `ApplianceError` with what to do."""

    async def live(self, level: Level | None) -> LiveCalls:
        """Return the open calls, or those of one risk."""
        ...

    async def read(self, call_id: str) -> WholeCall:
        """Return one with its turns. Raises `NotFound`."""
        ...

    async def statistics(self, by: By) -> Statistics:
        """Return figures."""
        ...

    async def table(self, since: str) -> Table:
        """Return the calls from that day on, YYYY-MM-DD, as CSV."""
        ...


_Model = TypeVar("_Model", bound=BaseModel)


class HttpCallsSource:
    """Reads `/v1/scenarios/agent-assist`."""

    def __init__(self, connection: HttpConnection) -> None:
        self._connection = connection

    async def live(self, level: Level | None) -> LiveCalls:
        """Return the open calls, or those of one risk; at most 200."""
        params = {"limit": str(_MOST)} | ({"level": level} if level else {})
        return self._parse(await self._connection.send("GET", f"{_ROOT}/live", params=params), LiveCalls)

    async def read(self, call_id: str) -> WholeCall:
        """Return one with its turns. Raises `NotFound`."""
        path = f"{_ROOT}/inspect/{quote(call_id, safe='')}"
        try:
            return self._parse(await self._connection.send("GET", path), WholeCall)
        except NotFound as error:
            raise NotFound(_("This call is not there any more."), _("Go back, and refresh the list.")) from error

    async def statistics(self, by: By) -> Statistics:
        """Return figures."""
        path = f"{_ROOT}/statistics"
        response = await self._connection.send("GET", path, params={"by": by}, timeout_s=_COUNTING_S)
        return self._parse(response, Statistics)

    async def table(self, since: str) -> Table:
        """Return the calls from that day on as CSV."""
        path = f"{_ROOT}/export"
        response = await self._connection.send("GET", path, params={"since": since}, timeout_s=_COUNTING_S)
        if response.status_code != httpx.codes.OK:
            raise self._refusal(response)
        return Table(response.content)

    def _parse(self, response: httpx.Response, model: type[_Model]) -> _Model:
        if response.status_code != httpx.codes.OK:
            raise self._refusal(response)
        try:
            return model.model_validate_json(response.content)
        except ValueError as error:
            raise self._connection.not_understood() from error

    def _refusal(self, response: httpx.Response) -> ApplianceError:
        forbidden = PermissionDenied(
            _("The key in {file} may not see calls of others.", file=self._connection.key_file),
            _("Use a key whose role holds scenario.supervise."),
        )
        return self._connection.refusal(response, forbidden)
