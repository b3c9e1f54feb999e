"""The routes of reviews as an ASGI application with recorded answers in place of an appliance."""

import json

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from appliance.tui.connection import HttpConnection
from appliance.tui.reviews_source import HttpReviewsSource

ADVICE = (
    "尊敬的客户，您好：\n\n根据您的风险评级 R2，“稳盈 90 天”这款理财产品的业绩比较基准为 2.85%–3.35%，"
    "业绩比较基准不代表未来表现，也不构成对收益的承诺。\n\n"
    "1. 起购金额 1 万元，募集期至 11 月 30 日。\n2. 封闭期内不可赎回。\n3. 本产品保本保息，请放心购买。"
)
RECORDS = (
    {
        "id": "rev_01kb3x7q9m2fv8d4h6s0a1c3e5",
        "status": "pending",
        "tenant": "branch-shanghai",
        "target": "model:general",
        "route": "/v1/chat/completions",
        "asked_by": "user_liu.fang",
        "rules": ["topic:investment-promise", "lexicon:guarantee"],
        "created_at": "2026-11-24T05:58:40.120Z",
        "question": "请向客户介绍“稳盈 90 天”理财产品，客户风险评级为 R2。",
        "answer": ADVICE,
    },
    {
        "id": "rev_01kb3x9d5c7hz1knp8r2t4v6w8",
        "status": "pending",
        "tenant": "dept-compliance",
        "target": "scenario:knowledge-qa",
        "route": "/v1/scenarios/knowledge-qa/ask",
        "asked_by": "key_5f0c2a",
        "rules": ["scenario:knowledge-qa"],
        "created_at": "2026-11-24T06:01:02.000Z",
        "question": "What does the bank charge for an early repayment of a mortgage?",
        "answer": "One month's interest on the amount repaid early in the first year; nothing after that.",
    },
    {
        "id": "rev_01kb2r4w8e6tq0jam3n5x7y9z1",
        "status": "refused",
        "tenant": "head-office",
        "target": "model:general",
        "route": "/v1/chat/completions",
        "asked_by": "user_chen.jie",
        "rules": ["topic:defamation"],
        "created_at": "2026-11-23T10:15:00.000Z",
        "decided_at": "2026-11-23T10:31:09.000Z",
        "decided_by": "user_li.wei",
        "reason": "对监管机构的表述不当",
        "question": "写一段评论。",
        "answer": "……",
    },
)
FIRST, SECOND, THIRD = (record["id"] for record in RECORDS)
_DECIDED = {"approve": "approved", "edit": "edited", "refuse": "refused"}


def _error(status, code, message):
    return JSONResponse({"error": {"message": message, "type": "x", "param": None, "code": code}}, status)


class ReviewsDouble:
    """Keeps the records. `listing`, `reading` and `deciding` are refusals (status, code) in place of an answer."""

    def __init__(self, records=RECORDS, page=100) -> None:
        self.records = {record["id"]: dict(record) for record in records}
        self.page = page
        self.asked = []
        self.listing = self.reading = self.deciding = None
        self.down = False
        self.app = Starlette(
            routes=[
                Route("/v1/reviews", self.find),
                Route("/v1/reviews/{id}", self.read),
                Route("/v1/reviews/{id}/{verb}", self.decide, methods=["POST"]),
            ]
        )

    def source(self, key_file):
        """Return the real source, whose requests end here; none connects while `down`."""
        return HttpReviewsSource(HttpConnection("http://127.0.0.1:8080", key_file, transport=_Switched(self)))

    def _note(self, request, body=None):
        query = dict(request.query_params)
        self.asked.append((request.method, request.url.path, query if request.method == "GET" else body))

    def _shown(self, record, *, texts=False):
        fields = {"decided_at": None, "decided_by": None, "reason": None} | record
        return {"object": "review"} | {
            k: v for k, v in fields.items() if texts or k not in ("question", "answer", "edited", "editable")
        }

    async def find(self, request: Request) -> JSONResponse:
        self._note(request)
        if self.listing:
            return _error(*self.listing, "no")
        wanted = request.query_params.get("status")
        found = [record for record in self.records.values() if wanted in (None, record["status"])]
        after = request.query_params.get("after")
        start = [record["id"] for record in found].index(after) + 1 if after else 0
        shown = found[start : start + self.page]
        return JSONResponse(
            {
                "object": "list",
                "data": [self._shown(record) for record in shown],
                "has_more": start + self.page < len(found),
            }
        )

    async def read(self, request: Request) -> JSONResponse:
        self._note(request)
        if self.reading:
            return _error(*self.reading, "no")
        record = self.records.get(request.path_params["id"])
        return JSONResponse(self._shown(record, texts=True)) if record else _error(404, "not_found", "no such review")

    async def decide(self, request: Request) -> JSONResponse:
        body = json.loads(await request.body() or b"null")
        self._note(request, body)
        if self.deciding:
            return _error(*self.deciding, "The text is longer than 20,000 characters.")
        record, verb = self.records[request.path_params["id"]], request.path_params["verb"]
        if record["status"] != "pending":
            return _error(409, "conflict", "decided already")
        self.settle(record["id"], verb, body.get("reason"), edited=body.get("text"))
        return JSONResponse(self._shown(record))

    def settle(self, review_id, verb, reason=None, by="user_wang.min", edited=None):
        """Decide as another reviewer would."""
        self.records[review_id] |= {
            "status": _DECIDED[verb],
            "decided_at": "2026-11-24T06:05:00.000Z",
            "decided_by": by,
            "reason": reason,
            "edited": edited,
        }


class _Switched(httpx.AsyncBaseTransport):
    def __init__(self, double: ReviewsDouble) -> None:
        self._double = double
        self._inner = httpx.ASGITransport(double.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._double.down:
            raise httpx.ConnectError("refused")
        return await self._inner.handle_async_request(request)
