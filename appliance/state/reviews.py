"""Answers that wait for a person: kept sealed, decided once, read by their reviewers and their asker only."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Select, and_, case, func, insert, or_, select, update

from appliance.core.clock import Clock, iso, utc_now
from appliance.core.cryptography.choice import suite_named
from appliance.core.cryptography.suite import Cipher
from appliance.core.errors import InvalidRequest, Unavailable
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.state.database import Database
from appliance.state.erasing import overwrite_freed_pages
from appliance.state.review_records import (
    Decision,
    Held,
    NewReview,
    ReviewRecord,
    Status,
    Texts,
    check_decidable,
    decided_already,
    no_review,
    texts_gone,
)
from appliance.state.review_tables import reviews
from appliance.state.secret_files import load_or_create_pepper

MOST_LISTED: Final = 100

_ID = re.compile(r"rev_[0-9a-z]{26}", re.ASCII)
_MOST_RULES = 50
_LISTED = [
    *(column for column in reviews.c if column.name not in ("question", "held", "edited")),
    (func.length(reviews.c.question) == 0).label("erased"),
]
_ERASED: Final = {"question": b"", "held": b"", "edited": None, "reason": None}


class Reviews:
    """The queue in `database`; texts are sealed with a key of `suite` in `folder`. Safe for threads and processes.

    What waits for longer than `keep` is expired, and of what was decided longer ago there are no texts: at once,
    whether they have been erased yet or not.
    """

    def __init__(
        self, database: Database, folder: Path, suite: str, clock: Clock = utc_now, keep: timedelta = timedelta(days=30)
    ) -> None:
        self._database = database
        self._folder = folder
        self._suite = suite
        self._clock = clock
        self._keep = keep
        self._ciphers: dict[str, Cipher] = {}

    def hold(self, new: NewReview) -> str:
        """Keep an answer durably until somebody decides; return its id."""
        review_id = new_id("rev")
        seal = self._sealing(review_id, self._suite)
        held = {"body": new.held.body, "text": new.held.text, "editable": new.held.editable}
        row = {
            "id": review_id, "tenant": new.who.tenant, "asked_by": new.who.key_id, "asker_user": new.who.user_id,
            "request_id": new.request_id[:100], "route": new.route[:500], "target": new.target[:500],
            "rules": json.dumps(new.rules[:_MOST_RULES], ensure_ascii=False), "status": "pending",
            "created_at": iso(self._clock()), "suite": self._suite,
            "question": seal("question", new.question), "held": seal("held", _dumped(held)),
        }  # fmt: skip
        with self._database.write() as connection:
            connection.execute(insert(reviews).values(**row))
        return review_id

    def page(
        self,
        who: Principal,
        status: Status | None = None,
        after: str | None = None,
        limit: int = 20,
        *,
        oldest_first: bool = False,
    ) -> tuple[list[ReviewRecord], bool]:
        """Return up to `limit` answers of the tenants that `who` reaches, and whether there are more.

        `after` is the id that the page before ended with. Raises `InvalidRequest` for what is no id.
        """
        query = select(*_LISTED)
        if who.tenants is not None:
            query = query.where(reviews.c.tenant.in_(sorted(who.tenants)))
        if status is not None:
            query = query.where(self._has(status))
        if after is not None:
            if not _ID.fullmatch(after):
                raise InvalidRequest(
                    _("The cursor is not one that a list gave."), _("Leave it out to begin anew."), param="after"
                )
            query = query.where(reviews.c.id > after if oldest_first else reviews.c.id < after)
        limit = min(limit, MOST_LISTED)
        order = reviews.c.id.asc() if oldest_first else reviews.c.id.desc()
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(order).limit(limit + 1)).all()
        return [self._record(row._mapping) for row in rows[:limit]], len(rows) > limit

    def get(self, review_id: str, who: Principal) -> ReviewRecord:
        """Return one answer of a tenant that `who` reaches. Raises `NotFound`."""
        record = self._find(review_id)
        if not who.reaches(record.tenant):
            raise no_review(review_id)
        return record

    def of_asker(self, review_id: str, who: Principal) -> ReviewRecord:
        """Return one answer that `who` asked for. Raises `NotFound` for everybody else."""
        record = self._find(review_id)
        if not record.asked_by_caller(who):
            raise no_review(review_id)
        return record

    def texts(self, record: ReviewRecord) -> Texts:
        """Return the texts of a record. Raises `Gone`, `Unavailable` where the key that sealed them is not here."""
        row = self._sealed(record)
        question, held, edited = (
            None if row[name] is None else self._opened(record.id, record.suite, name, row[name])
            for name in ("question", "held", "edited")
        )
        assert question is not None
        assert held is not None
        return Texts(question, Held(**json.loads(held)), None if edited is None else json.loads(edited)["text"])

    def released(self, record: ReviewRecord) -> dict[str, Any]:
        """Return the body that the asker gets of an answer that was approved or edited. Raises as `texts`."""
        column = "edited" if record.status == "edited" else "held"
        sealed = self._sealed(record)[column]
        body: dict[str, Any] = json.loads(self._opened(record.id, record.suite, column, sealed))["body"]
        return body

    def decide(
        self,
        review_id: str,
        decision: Decision,
        by: Principal,
        *,
        edited: Held | None = None,
        reason: str | None = None,
    ) -> ReviewRecord:
        """Decide about an answer, once, in one transaction; `edited` is what takes its place.

        Raises `NotFound`, `PermissionDenied` for one's own answer, `Conflict` where it is decided already.
        """
        record = self.get(review_id, by)
        check_decidable(record, by)
        seal = self._sealing(record.id, record.suite)
        values = {
            "status": decision, "decided_at": iso(self._clock()), "decided_by": by.key_id,
            "edited": None if edited is None else seal("edited", _dumped({"body": edited.body, "text": edited.text})),
            "reason": None if reason is None else seal("reason", reason),
        }  # fmt: skip
        still = (reviews.c.id == record.id, self._has("pending"))
        with self._database.write() as connection:
            changed = connection.execute(update(reviews).where(*still).values(**values)).rowcount
        decided = self._find(record.id)
        if changed == 0:
            check_decidable(decided, by)
            raise decided_already(decided)
        return decided

    def lapsed(self, most: int) -> list[ReviewRecord]:
        """Return up to `most` answers whose texts are to be erased, the oldest first."""
        due = and_(func.length(reviews.c.question) > 0, _since() < self._oldest())
        with self._database.read() as connection:
            rows = connection.execute(select(*_LISTED).where(due).order_by(reviews.c.id).limit(most)).all()
        return [self._record(row._mapping) for row in rows]

    def erase(self, record: ReviewRecord) -> bool:
        """Erase the texts of a lapsed answer; who asked and decided, when and how stays. False: it is not lapsed."""
        due = (reviews.c.id == record.id, func.length(reviews.c.question) > 0, _since() < self._oldest())
        status = case((reviews.c.status == "pending", "expired"), else_=reviews.c.status)
        with self._database.write() as connection:
            overwrite_freed_pages(connection)
            return bool(connection.execute(update(reviews).where(*due).values(status=status, **_ERASED)).rowcount)

    def _oldest(self) -> str:
        """Return when what is kept now was made or decided at the earliest."""
        return iso(self._clock() - self._keep)

    def _has(self, status: Status) -> ColumnElement[bool]:
        """Return the condition of an answer that has a status now."""
        waits, late = reviews.c.status == "pending", reviews.c.created_at < self._oldest()
        if status == "pending":
            return and_(waits, ~late)
        if status == "expired":
            return or_(reviews.c.status == "expired", and_(waits, late))
        return reviews.c.status == status

    def _find(self, review_id: str) -> ReviewRecord:
        if not _ID.fullmatch(review_id):  # PostgreSQL takes not every text that an address can hold
            raise no_review(review_id)
        return self._record(self._one(select(*_LISTED), review_id))

    def _sealed(self, record: ReviewRecord) -> RowMapping:
        row = self._one(select(reviews.c.question, reviews.c.held, reviews.c.edited), record.id)
        if record.erased or not row["question"]:  # it may have been erased since the record was read
            raise texts_gone(record)
        return row

    def _one(self, query: Select[Any], review_id: str) -> RowMapping:
        with self._database.read() as connection:
            row = connection.execute(query.where(reviews.c.id == review_id)).one_or_none()
        if row is None:
            raise no_review(review_id)
        return row._mapping

    def _record(self, row: RowMapping) -> ReviewRecord:
        names = ("id", "tenant", "asked_by", "asker_user", "request_id", "route", "target", "created_at", "decided_at",
                 "decided_by", "suite")  # fmt: skip
        erased = bool(row["erased"]) or (row["decided_at"] or row["created_at"]) < self._oldest()
        status = "expired" if erased and row["status"] == "pending" else row["status"]
        reason = None
        if row["reason"] is not None and not erased:
            with suppress(Unavailable):  # a list that lacks one reason is better than none
                reason = self._opened(row["id"], row["suite"], "reason", row["reason"])
        told = {name: row[name] for name in names}
        rules = tuple(json.loads(row["rules"]))
        return ReviewRecord(**told, status=status, rules=rules, reason=reason, erased=erased)

    def _sealing(self, review_id: str, suite: str) -> Callable[[str, str], bytes]:
        cipher = self._cipher(suite)
        return lambda column, text: cipher.encrypt(text.encode("utf-8", "replace"), _context(column, review_id))

    def _opened(self, review_id: str, suite: str, column: str, sealed: bytes) -> str:
        try:
            if not (self._folder / suite).exists():  # to open something, no key must be made
                raise ValueError("no key")
            return self._cipher(suite).decrypt(bytes(sealed), _context(column, review_id)).decode()
        except ValueError as error:
            raise Unavailable(
                _("The texts of {id} cannot be opened: they were changed, or their key is not here.", id=review_id),
                _("Put the folder {path} back from a backup.", path=self._folder),
                code="review_sealed",
            ) from error

    def _cipher(self, suite: str) -> Cipher:
        if suite not in self._ciphers:
            self._ciphers[suite] = suite_named(suite).cipher(load_or_create_pepper(self._folder / suite))
        return self._ciphers[suite]


def _since() -> ColumnElement[str]:
    """Return from when on an answer is kept."""
    return func.coalesce(reviews.c.decided_at, reviews.c.created_at)


def _dumped(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _context(column: str, review_id: str) -> bytes:
    return f"appliance review 1\n{column}\n{review_id}".encode()
