"""Answers that wait for a person: read from the appliance, and decided there."""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar
from urllib.parse import quote

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict

from appliance.core.errors import ApplianceError, NotFound, PermissionDenied
from appliance.core.messages import _
from appliance.tui.connection import HttpConnection, error_of

OWN_ANSWER = "own_answer"
"""Code of the refusal to decide on an answer to one's own question."""
_PAGE = 100
_MOST = 500

ReviewStatus = Literal["pending", "approved", "edited", "refused", "expired"]
Verb = Literal["approve", "edit", "refuse"]


class Review(BaseModel):
    """One answer in the queue, without its text. Who decided, when and why are None while it is pending."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    status: ReviewStatus
    tenant: str
    target: str
    """The model or scenario that answered."""
    route: str
    asked_by: str
    rules: tuple[str, ...]
    """What of the policy held it back."""
    created_at: AwareDatetime
    decided_at: AwareDatetime | None = None
    decided_by: str | None = None
    reason: str | None = None


class HeldReview(Review):
    """A review with its texts; one that is not kept is None. `edited` is what a reviewer sent instead."""

    question: str | None
    answer: str | None
    edited: str | None = None
    editable: bool = True
    """Whether one text can take the place of the answer."""


class _Page(BaseModel):
    data: tuple[Review, ...]
    has_more: bool


@dataclass(frozen=True)
class ReviewList:
    """Reviews in the appliance's order; `more` tells that there are others behind them."""

    reviews: tuple[Review, ...] = ()
    more: bool = False


@dataclass(frozen=True)
class Decision:
    """What is to become of an answer. `text` is the new answer of an edit, or the reason of a refusal."""

    verb: Verb
    text: str = ""

    def body(self) -> dict[str, str]:
        """Return the request's body."""
        return {"approve": {}, "edit": {"text": self.text}, "refuse": {"reason": self.text}}[self.verb]


class ReviewsSource(Protocol):
    """Gives reviews and takes decisions. Every method raises `ApplianceError` with what to do."""

    async def find(self, status: ReviewStatus | None) -> ReviewList:
        """Return the reviews with that status, or all."""
        ...

    async def read(self, review_id: str) -> HeldReview:
        """Return one with its texts. Raises `NotFound`."""
        ...

    async def decide(self, review_id: str, decision: Decision) -> Review:
        """Decide. Raises `Conflict` where somebody has, `PermissionDenied` (code `OWN_ANSWER` for one's own)."""
        ...


_Model = TypeVar("_Model", bound=BaseModel)


class HttpReviewsSource:
    """Reads and decides over `/v1/reviews`."""

    def __init__(self, connection: HttpConnection) -> None:
        self._connection = connection

    async def find(self, status: ReviewStatus | None) -> ReviewList:
        """Return the reviews with that status, or all; at most 500. Of the pending ones the oldest come first."""
        found: dict[str, Review] = {}
        params = {"limit": str(_PAGE), "order": "asc" if status == "pending" else "desc"}
        if status is not None:
            params["status"] = status
        while True:
            response = await self._connection.send("GET", "/v1/reviews", params=params)
            if response.status_code == httpx.codes.NOT_FOUND:
                raise self._connection.not_understood()
            page = self._parse(response, _Page)
            # A review may be on two pages where the queue moved in between.
            found.update((review.id, review) for review in page.data)
            if not page.has_more or not page.data or len(found) >= _MOST:
                return ReviewList(tuple(found.values()), page.has_more)
            if params.get("after") == page.data[-1].id:
                raise self._connection.not_understood()
            params["after"] = page.data[-1].id

    async def read(self, review_id: str) -> HeldReview:
        """Return one with its texts. Raises `NotFound`."""
        return self._parse(await self._connection.send("GET", _path(review_id)), HeldReview)

    async def decide(self, review_id: str, decision: Decision) -> Review:
        """Decide. Raises `Conflict` where somebody has, `PermissionDenied` (code `OWN_ANSWER` for one's own)."""
        path = f"{_path(review_id)}/{decision.verb}"
        return self._parse(await self._connection.send("POST", path, body=decision.body()), Review)

    def _parse(self, response: httpx.Response, model: type[_Model]) -> _Model:
        if response.status_code != httpx.codes.OK:
            raise self._refusal(response)
        try:
            return model.model_validate_json(response.content)
        except ValueError as error:
            raise self._connection.not_understood() from error

    def _refusal(self, response: httpx.Response) -> ApplianceError:
        code, _reason = error_of(response)
        if code == OWN_ANSWER:
            forbidden = PermissionDenied(
                _("You asked this question yourself."), _("Another person decides on its answer."), code=code
            )
        else:
            forbidden = PermissionDenied(
                _("The key in {file} may not decide on answers.", file=self._connection.key_file),
                _("Use a key whose role holds review.decide."),
            )
        error = self._connection.refusal(response, forbidden)
        if isinstance(error, NotFound):
            return NotFound(_("This review is not there any more."), _("Go back, and refresh the list."))
        return error


def _path(review_id: str) -> str:
    return f"/v1/reviews/{quote(review_id, safe='')}"
