"""The routes of calls as an ASGI application with recorded answers in place of an appliance."""

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from appliance.tui.calls_source import HttpCallsSource
from appliance.tui.connection import HttpConnection

ROOT = "/v1/scenarios/agent-assist"
TABLE = "\ufeffCall,Seat\r\ncall_1,s-1024\r\n".encode()


def call(name, seat, level, **more):
    return {
        "id": f"call_{name:0>26}", "call_id": None, "state": "open", "direction": "inbound", "seat": seat,
        "product": None, "languages": ["zh"], "started_at": "2026-11-24T05:58:40.120Z", "ended_at": None,
        "duration_s": 83.4, "turns": 6, "intent": None, "intent_title": None,
        "mood": {"score": 0.0, "trend": "steady"},
        "risk": {"escalation": 0.1, "complaint": 0.1, "level": level, "reasons": []},
        "alerts": 0, "score": None, "outcome": None, "tags": [],
    } | more  # fmt: skip


ANGRY = call(
    "7q9m2fv8d4h6s0a1c3e5", "1024", "high", product="借记卡", intent="lost_or_stolen_card",
    intent_title="卡片丢失或被盗", mood={"score": -0.62, "trend": "worse"}, alerts=2, duration_s=312.0,
    risk={"escalation": 0.7, "complaint": 0.82, "level": "high", "reasons": ["要求投诉", "第二次来电"]},
)  # fmt: skip
WORRIED = call(
    "7q9m2fv8d4h6s0a1c3e6", "1031", "medium", intent="pending_transfer", intent_title="Pending transfer",
    mood={"score": -0.2, "trend": "steady"}, alerts=1, started_at="2026-11-24T06:00:10.000Z",
)  # fmt: skip
CALM = call("7q9m2fv8d4h6s0a1c3e7", "2007", "low", direction="outbound", started_at="2026-11-24T06:01:59.000Z",
            duration_s=31.0, mood={"score": 0.35, "trend": "better"})  # fmt: skip
LOW = {"escalation": 0.1, "complaint": 0.1, "level": "low", "reasons": []}


def assist(number, speaker, text, start_s, **more):
    return {
        "number": number,
        "turn": {"id": f"t{number}", "revision": 1, "speaker": speaker, "text": text, "start_s": start_s,
                 "end_s": start_s + 5.0},
        "analysis": {"language": "zh", "intent": None, "others": [], "slots": [], "emotion": None},
        "mood": {"score": 0.0, "trend": "steady"}, "risk": LOW, "card": None, "steps": [], "replies": [], "alerts": [],
        "flags": [],
    } | more  # fmt: skip


IDENTITY = {"rule": "identity", "severity": "serious", "text": "还没有核实客户身份。", "turns": ["t4"], "at_s": 24.0}
SLOW = {"rule": "silence", "severity": "notice", "text": "沉默超过 8 秒。", "turns": ["t3"], "at_s": 17.0}
TURNS = [
    assist(1, "seat", "您好，请问有什么可以帮您？", 0.0),
    assist(
        2, "customer", "我的借记卡丢了，卡里还有五万元，怎么办？", 6.0,
        analysis={
            "language": "zh", "others": [],
            "intent": {"name": "lost_or_stolen_card", "title": "卡片丢失或被盗", "confidence": 0.94},
            "slots": [{"name": "amount", "value": "50000.00 CNY", "text": "五万元", "start": 12, "end": 15,
                       "valid": True, "note": None}],
            "emotion": {"label": "anxious", "score": -0.4, "evidence": ["怎么办"]},
        },
        mood={"score": -0.4, "trend": "worse"},
        card={"text": "借记卡遗失后请立即挂失，挂失即时生效。", "document": "借记卡服务手册.md", "document_id": "doc_1",
              "page": None, "section": "挂失", "knowledge_base": "seat-handbook", "confidence": 0.91},
        steps=[{"playbook": "lost_card", "step": "block", "text": "先为客户办理挂失。", "documents": [], "forms": []}],
        replies=[{"template": "calm", "text": "您别着急，我马上为您挂失。"}],
    ),
    assist(3, "seat", "好的。", 15.0, alerts=[SLOW]),
    assist(
        4, "customer", "这已经是第二次了，我要投诉！", 20.0,
        analysis={"language": "zh", "others": [], "intent": None, "slots": [],
                  "emotion": {"label": "angry", "score": -0.8, "evidence": ["投诉"]}},
        mood={"score": -0.62, "trend": "worse"}, risk=ANGRY["risk"], alerts=[IDENTITY],
    ),
]  # fmt: skip
AFTER = {
    "call": ANGRY,
    "summary": {
        "sections": [
            {"name": "reason", "title": "来电原因", "lines": [{"text": "客户的借记卡丢失，要求挂失。", "turns": []}]},
            {"name": "promised", "title": "承诺事项", "lines": []},
            {"name": "follow_up", "title": "后续跟进", "lines": [{"text": "两个工作日内回电。", "turns": []}]},
        ],
        "outcome": "pending", "generated": False,
    },
    "sheet": {"score": 72.5, "got": 58.0, "possible": 80.0, "capped_by": [], "items": []},
    "forms": [], "tags": [], "outbound": None,
}  # fmt: skip
WHOLE = {"call": ANGRY, "turns": TURNS, "alerts": [SLOW, IDENTITY], "judgement": None, "after": None}


def figures(key, title, calls, **more):
    return {
        "key": key, "title": title, "calls": calls, "open": 0, "average_duration_s": 254.2, "average_score": 84.25,
        "high_risk_share": 0.05, "alerts_per_call": 0.6, "resolved_share": 0.75,
    } | more  # fmt: skip


GROUPS = {
    "intent": [
        figures("lost_or_stolen_card", "卡片丢失或被盗", 412, high_risk_share=0.31, average_score=71.0),
        figures("pending_transfer", "Pending transfer", 12),
        figures(None, None, 3, average_score=None, resolved_share=None),
    ],
    "product": [figures("借记卡", None, 420), figures(None, None, 7)],
    "seat": [figures("1024", None, 230), figures("1031", None, 197)],
    "day": [figures("2026-11-24", None, 60), figures("2026-11-23", None, 367)],
}


class CallsDouble:
    """Keeps what it is asked; `refusal` (status, code, message) stands in place of every answer."""

    def __init__(self) -> None:
        self.calls = [ANGRY, WORRIED, CALM]
        self.whole = WHOLE
        self.complete = True
        self.asked = []
        self.refusal = None
        self.down = False
        self.app = Starlette(
            routes=[
                Route(f"{ROOT}/live", self.live),
                Route(f"{ROOT}/inspect/{{id}}", self.read),
                Route(f"{ROOT}/statistics", self.statistics),
                Route(f"{ROOT}/export", self.export),
            ]
        )

    def source(self, key_file):
        """Return the real source, whose requests end here; none connects while `down`."""
        return HttpCallsSource(HttpConnection("http://127.0.0.1:8080", key_file, transport=_Switched(self)))

    def _answer(self, request, value):
        self.asked.append((request.url.path.removeprefix(ROOT), dict(request.query_params)))
        if self.refusal:
            status, code, message = self.refusal
            return JSONResponse({"error": {"message": message, "type": "x", "param": None, "code": code}}, status)
        return Response(value, media_type="text/csv") if isinstance(value, bytes) else JSONResponse(value)

    async def live(self, request: Request) -> Response:
        level = request.query_params.get("level")
        found = [one for one in self.calls if level in (None, one["risk"]["level"])]
        levels = {name: sum(one["risk"]["level"] == name for one in found) for name in ("low", "medium", "high")}
        answer = {"object": "list", "data": found, "total": len(found), "levels": levels, "pages": 1}
        return self._answer(request, answer)

    async def read(self, request: Request) -> Response:
        return self._answer(request, self.whole)

    async def statistics(self, request: Request) -> Response:
        by = request.query_params["by"]
        answer = {"by": by, "total": figures(None, None, 427), "groups": GROUPS[by], "complete": self.complete}
        return self._answer(request, answer)

    async def export(self, request: Request) -> Response:
        return self._answer(request, TABLE)


class _Switched(httpx.AsyncBaseTransport):
    def __init__(self, double: CallsDouble) -> None:
        self._double = double
        self._inner = httpx.ASGITransport(double.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._double.down:
            raise httpx.ConnectError("refused")
        return await self._inner.handle_async_request(request)
