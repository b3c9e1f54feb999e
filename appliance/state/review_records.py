"""A held answer as it is known outside of the database: what is given, shown and told of it."""

from dataclasses import dataclass, field
from typing import Any, Literal

from appliance.core.errors import Conflict, Gone, NotFound, PermissionDenied
from appliance.core.messages import _
from appliance.core.principal import Principal

Decision = Literal["approved", "edited", "refused"]
Status = Literal["pending", "approved", "edited", "refused", "expired"]
"""expired: nobody has decided in time."""


@dataclass(frozen=True)
class Held:
    """An answer as its caller would have got it: the `body`, and the `text` of it that a reviewer reads."""

    body: dict[str, Any]
    text: str
    editable: bool = True
    """Whether one text can take the place of the answer."""


@dataclass(frozen=True)
class NewReview:
    """An answer to be held. `rules` are what made it wait."""

    who: Principal
    request_id: str
    route: str
    target: str
    rules: tuple[str, ...]
    question: str
    held: Held


@dataclass(frozen=True)
class ReviewRecord:
    """One held answer without its texts. `reason` is None too where it is erased or cannot be opened."""

    id: str
    tenant: str
    asked_by: str
    asker_user: str | None
    request_id: str
    route: str
    target: str
    rules: tuple[str, ...]
    status: str
    created_at: str
    decided_at: str | None
    decided_by: str | None
    reason: str | None
    erased: bool
    """Whether its texts are gone, those of an answer that nobody decided about in time among them."""
    suite: str = field(repr=False)

    def asked_by_caller(self, who: Principal) -> bool:
        """Tell whether `who` asked: with this key, or as the person that the key belongs to."""
        same_person = self.asker_user is not None and self.asker_user == who.user_id
        return self.asked_by == who.key_id or same_person

    def to_dict(self) -> dict[str, Any]:
        """Return the record as the API shows it."""
        return {
            "id": self.id, "object": "review", "status": self.status, "tenant": self.tenant, "target": self.target,
            "route": self.route, "asked_by": self.asked_by, "request_id": self.request_id, "rules": list(self.rules),
            "created_at": self.created_at, "decided_at": self.decided_at, "decided_by": self.decided_by,
            "reason": self.reason, "erased": self.erased,
        }  # fmt: skip


@dataclass(frozen=True)
class Texts:
    """What a reviewer reads. `edited` is the text that a reviewer put in the answer's place."""

    question: str
    held: Held
    edited: str | None


def check_decidable(record: ReviewRecord, by: Principal) -> None:
    """Return where `by` may decide about a record. Raises `PermissionDenied` for one's own answer, `Conflict`."""
    check_others(record, by)
    if record.status == "expired":
        raise Conflict(
            _("Nobody has decided about the answer {id} in time; its texts are erased.", id=record.id),
            _("Let who asked ask again; reviews.keep_days says how long answers wait."),
            code="review_expired",
            details={"status": record.status, "decided_by": None, "decided_at": None},
        )
    if record.status != "pending":
        raise decided_already(record)


def check_others(record: ReviewRecord, by: Principal) -> None:
    """Return where somebody else asked. Raises `PermissionDenied`: nobody releases or reads early what they asked."""
    if record.asked_by_caller(by):
        raise PermissionDenied(
            _("Who asked cannot review the answer."),
            _("Let another reviewer decide; the answer comes at /v1/reviews/{id}/answer.", id=record.id),
            code="own_answer",
        )


def decided_already(record: ReviewRecord) -> Conflict:
    """Return the error for an answer that somebody has decided about."""
    return Conflict(
        _("Somebody has decided about the answer {id} already.", id=record.id),
        _("Read it again to see who decided, and when."),
        code="already_decided",
        details={"status": record.status, "decided_by": record.decided_by, "decided_at": record.decided_at},
    )


def no_review(review_id: str) -> NotFound:
    """Return the error for an id that the asker or reviewer has no answer of."""
    return NotFound(_("There is no held answer {id} here.", id=ascii(review_id[:80])), code="review_not_found")


def texts_gone(record: ReviewRecord) -> Gone:
    """Return the error for texts that the retention has erased: what became of the answer, and what to do."""
    if record.status == "expired":
        return Gone(
            _("Nobody has decided about this answer in time; it was not released and is erased."),
            _("Ask again; a reviewer must decide while it is kept."),
            code="review_expired",
        )
    return Gone(
        _("The texts of this answer are erased; how long they are kept had passed."),
        _("Ask again where you need the answer."),
        code="review_erased",
    )
