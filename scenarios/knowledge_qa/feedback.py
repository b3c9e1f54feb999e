"""Feedback on answers, and its review by admins: dismissed, or made a golden question or an entry of the base."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

from appliance.core.clock import iso, utc_now
from appliance.core.errors import Conflict, InvalidRequest, NotFound
from appliance.core.messages import _
from appliance.core.validation import Fault
from appliance.knowledge.evaluation.golden import Golden
from appliance.knowledge.models import Name
from appliance.scenario.pack import Action, Caller, Permission, ScenarioContext
from appliance.state.records import ANYONE, NewRecord, Record

from .answers import AskResponse, readable_sources, withhold
from .conversations import TURN, ConversationStore, answer_of
from .fields import DEFAULT_BASE, Base, Cursor, Id, Limit, Question, Request, Text, User, owner_of
from .golden import golden_record

KIND = "feedback"
Verdict = Literal["right", "wrong", "better"]
Status = Literal["open", "done"]
Decision = Literal["dismiss", "golden", "entry"]


class FeedbackRequest(Request):
    """What somebody says about an answer: one of a conversation, or one to a question that is told with it."""

    verdict: Verdict = Field(description="`better`: a better answer is told.")
    answer_id: Id | None = Field(default=None, description="Id of an answer in a conversation.")
    question: Question | None = Field(default=None, description="The question, where there is no `answer_id`.")
    knowledge_base: Base | None = Field(
        default=None, description=f"The base that was asked, with `question`; {DEFAULT_BASE} by default."
    )
    better_answer: Text | None = Field(default=None, description="The better answer.")
    comment: str | None = Field(default=None, min_length=1, max_length=2000, description="What else there is to say.")
    user: User = None

    @model_validator(mode="after")
    def _complete(self) -> "FeedbackRequest":
        if (self.answer_id is None) == (self.question is None):
            raise Fault(_("it must have either answer_id or question"))
        if self.answer_id is not None and self.knowledge_base is not None:
            raise Fault(_("knowledge_base goes with question, not with answer_id"))
        if (self.verdict == "better") != (self.better_answer is not None):
            raise Fault(_("better_answer goes with the verdict better, and only with it"))
        return self


class FeedbackListRequest(Request):
    """Which feedback to list."""

    status: Status = Field(default="open", description="`open` waits for a review.")
    cursor: Cursor = None
    limit: Limit = 20


class ReviewRequest(Request):
    """What an admin decides on feedback."""

    feedback_id: Id = Field(description="Its id.")
    decision: Decision = Field(
        description="`golden`: the question joins the golden set; `entry`: question and answer become a document."
    )
    document: str | None = Field(
        default=None, min_length=1, max_length=255, description="golden: file that answers; null: none does."
    )
    quote: str | None = Field(default=None, min_length=1, max_length=2000, description="golden: words that answer.")
    page: int | None = Field(default=None, ge=1, description="golden: page of the quotation.")
    section: str = Field(default="", max_length=500, description="golden: part of the quotation's section.")
    answer: Text | None = Field(default=None, description="entry: the answer; by default the better answer told.")
    access: list[Name] | None = Field(
        default=None, max_length=100, description="entry: who may read it; by default whoever reads the base."
    )

    @model_validator(mode="after")
    def _fitting(self) -> "ReviewRequest":
        golden = {"document", "quote", "page", "section"}
        allowed = {"golden": golden, "entry": {"answer", "access"}, "dismiss": set[str]()}[self.decision]
        stray = sorted((golden | {"answer", "access"}) & self.model_fields_set - allowed)
        if stray:
            raise Fault(_("{field} does not go with this decision", field=stray[0]))
        if (self.document is None) != (self.quote is None):
            raise Fault(_("document and quote go together"))
        return self


class Feedback(BaseModel):
    """Feedback and what became of it."""

    id: str = Field(description="Feedback id.")
    verdict: Verdict = Field(description="What was said of the answer.")
    knowledge_base: str = Field(description="The base that was asked.")
    question: str = Field(description="The question as it was asked of the documents.")
    answer_id: str | None = Field(description="Id of the answer in its conversation.")
    answer: AskResponse | None = Field(
        default=None, description="That answer, where it is still kept, as far as the reader may see it."
    )
    better_answer: str | None = Field(description="The better answer told.")
    comment: str | None = Field(description="What else was said.")
    status: Status = Field(description="`open` waits for a review.")
    decision: Decision | None = Field(description="What was decided.")
    reviewed_by: str | None = Field(description="Id of the key that reviewed it.")
    reviewed_at: str | None = Field(description="RFC 3339, UTC.")
    golden_id: str | None = Field(description="The golden question that it became.")
    document_id: str | None = Field(description="The document that it became.")
    created_at: str = Field(description="RFC 3339, UTC.")


class FeedbackList(BaseModel):
    """A page of feedback."""

    object: Literal["list"] = "list"
    data: list[Feedback] = Field(description="Newest first.")
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null: there is none.")


class FeedbackStore:
    """Feedback of a tenant's callers."""

    def __init__(self, context: ScenarioContext, conversations: ConversationStore) -> None:
        self._context = context
        self._conversations = conversations

    async def give(self, request: FeedbackRequest, caller: Caller) -> Feedback:
        """Keep feedback for review. Raises `NotFound` for an answer or a base that is not the caller's to see."""
        question, base = await self._subject(request, caller)
        told = request.model_dump(include={"verdict", "answer_id", "better_answer", "comment"})
        open_yet = dict.fromkeys(("decision", "reviewed_by", "reviewed_at", "golden_id", "document_id"))
        data = {**told, **open_yet, "question": question, "knowledge_base": base, "status": "open"}
        new = NewRecord(KIND, owner_of(caller, request.user), data)
        return _shown(await self._context.records.create(caller.principal, new))

    async def page(self, request: FeedbackListRequest, caller: Caller) -> FeedbackList:
        """Return a page of the tenant's feedback, with the answers that it is about."""
        page = await self._context.records.page(
            caller.principal, KIND, where={"status": request.status}, cursor=request.cursor, limit=request.limit
        )
        answers = await self._answers(page.records, caller)
        data = [_shown(record).model_copy(update={"answer": answers.get(record.id)}) for record in page.records]
        return FeedbackList(data=data, next_cursor=page.cursor)

    async def review(self, request: ReviewRequest, caller: Caller) -> Feedback:
        """Decide on feedback, once. Raises `Conflict` when that has been done, and what adding a document raises."""
        record = await self._context.records.get(caller.principal, KIND, request.feedback_id)
        if record.data["status"] != "open":
            raise Conflict(
                _("This feedback has been reviewed already."),
                _("Its entry shows the decision."),
                code="already_reviewed",
            )
        decided: dict[str, Any] = {
            "status": "done",
            "decision": request.decision,
            "reviewed_by": caller.principal.key_id,
            "reviewed_at": iso(utc_now()),
        }
        adding: list[NewRecord] = []
        if request.decision == "golden":
            adding.append(await self._golden(request, record, caller))
            decided["golden_id"] = adding[0].id
        elif request.decision == "entry":
            # Before the record: a document that is there twice is one, a decision without its document is lost.
            decided["document_id"] = await self._entry(request, record, caller)
        return _shown(await self._context.records.update(record, {**record.data, **decided}, adding))

    async def _subject(self, request: FeedbackRequest, caller: Caller) -> tuple[str, str]:
        """Return the question that feedback is about and the base that was asked."""
        if request.question is not None:
            base = request.knowledge_base or DEFAULT_BASE
            await self._context.knowledge.readable(caller.principal, base, [])
            return request.question, base
        assert request.answer_id is not None, "the request has one of the two"
        try:
            turn = await self._context.records.get(caller.principal, TURN, request.answer_id, ANYONE)
            conversation = await self._conversations.open(caller, request.user, turn.owner)
        except NotFound as error:
            raise NotFound(
                _("There is no answer {id} here.", id=repr(request.answer_id)),
                param="answer_id",
                code="answer_not_found",
            ) from error
        return answer_of(turn).understood_as or turn.data["question"], conversation.data["knowledge_base"]

    async def _golden(self, request: ReviewRequest, record: Record, caller: Caller) -> NewRecord:
        base = record.data["knowledge_base"]
        await self._context.knowledge.readable(caller.principal, base, [])
        golden = Golden(
            question=record.data["question"],
            document=request.document,
            quote=request.quote or "",
            page=request.page,
            section=request.section,
        )
        return golden_record(base, golden)

    async def _entry(self, request: ReviewRequest, record: Record, caller: Caller) -> str:
        """Add question and answer to the base as a document; return its id."""
        answer = request.answer or record.data["better_answer"]
        if answer is None:
            raise InvalidRequest(
                _("The field {param} is missing.", param="answer"),
                _("Nobody told a better answer, so the review must."),
                param="answer",
                code="missing_field",
            )
        heading = " ".join(record.data["question"].split())
        name = f"qa-{record.id.removeprefix(f'{KIND}_')}.md"
        document = await self._context.knowledge.add_document(
            caller.principal,
            record.data["knowledge_base"],
            name,
            f"# {heading}\n\n{answer.strip()}\n".encode(),
            {"access": request.access},
        )
        return str(document["id"])

    async def _answers(self, records: Iterable[Record], caller: Caller) -> dict[str, AskResponse]:
        """Return what the reader may see of the answers that feedback is about, by the id of the feedback."""
        of_base: dict[str, dict[str, AskResponse]] = {}
        for record in records:
            answer = await self._answer(record, caller)
            if answer is not None:
                of_base.setdefault(record.data["knowledge_base"], {})[record.id] = answer
        left: dict[str, AskResponse] = {}
        for base, answers in of_base.items():
            readable = await readable_sources(self._context.knowledge, caller.principal, base, answers.values())
            left |= {feedback_id: withhold(answer, readable)[0] for feedback_id, answer in answers.items()}
        return left

    async def _answer(self, record: Record, caller: Caller) -> AskResponse | None:
        if record.data["answer_id"] is None:
            return None
        try:
            return answer_of(await self._context.records.get(caller.principal, TURN, record.data["answer_id"], ANYONE))
        except NotFound:  # its conversation was deleted
            return None


def _shown(record: Record) -> Feedback:
    return Feedback.model_validate({**record.data, "id": record.id, "created_at": record.created_at})


def actions(store: FeedbackStore) -> list[Action]:
    """Return the actions on feedback."""
    return [
        Action(
            "give-feedback", "Say whether an answer was right.", FeedbackRequest, Feedback, store.give,
            path="feedback", status=201,
        ),
        Action(
            "list-feedback", "List the feedback.", FeedbackListRequest, FeedbackList, store.page,
            method="GET", path="feedback", permission=Permission.KNOWLEDGE_REVIEW,
            generated=lambda page: any(one.answer is not None and one.answer.generated for one in page.data),
        ),
        Action(
            "review-feedback", "Decide on feedback.", ReviewRequest, Feedback, store.review,
            path="feedback/{feedback_id}/review", permission=Permission.KNOWLEDGE_REVIEW,
        ),
    ]  # fmt: skip
