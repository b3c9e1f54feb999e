"""The routes of scenarios as an ASGI application with recorded answers in place of an appliance."""

import json

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from appliance.tui.connection import HttpConnection
from appliance.tui.scenarios_source import HttpScenariosSource
from tests.tui.calls_double import AFTER, TURNS

ROOT = "/v1/scenarios"


def scenario(name, en, zh, told_en, told_zh, *actions):
    return {
        "name": name, "version": "0.2.0", "title": {"en": en, "zh_CN": zh},
        "description": {"en": told_en, "zh_CN": told_zh}, "actions": list(actions), "sockets": [],
    }  # fmt: skip


SCENARIOS = [
    scenario("knowledge-qa", "Knowledge Q&A", "智能知识问答",
             "Answers questions from the bank's own documents, each sentence quoted with document, page and section.",
             "依据本行文件回答问题，逐句给出原文引用。", "ask"),
    scenario("agent-assist", "Agent assist", "智能坐席辅助", "Follows a call turn by turn.", "跟随通话。", "replay"),
    scenario("advisor", "Advisor assistant", "理财顾问助手", "Suitability and diagnoses.", "匹配与诊断。", "chat"),
    scenario("reports", "Report generation", "智能报告生成", "Reports from papers.", "生成报告。", "jobs"),
    scenario("front-desk", "Front desk", "大堂助手", "Says which counter helps.", "告知到哪个窗口办理。", "direct"),
]  # fmt: skip
ASK_SCHEMA = {
    "type": "object",
    "required": ["question"],
    "properties": {"question": {"type": "string", "minLength": 1}, "max_citations": {"type": "integer", "default": 3}},
}
OPENAPI = {
    "paths": {
        f"{ROOT}/knowledge-qa/ask": {"post": {
            "operationId": "knowledge-qa-ask", "summary": "Answer a question from a knowledge base, with citations.",
            "responses": {"200": {}}, "requestBody": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/knowledge-qa.ask.request"}}}}}},
        f"{ROOT}/knowledge-qa/conversations": {"get": {
            "operationId": "knowledge-qa-list-conversations", "summary": "List conversations, newest first.",
            "parameters": [{"name": "user", "in": "query", "required": False}], "responses": {"200": {}}}},
        f"{ROOT}/knowledge-qa/feedback/{{feedback_id}}/review": {"post": {
            "operationId": "knowledge-qa-review-feedback", "summary": "Close a judgement.",
            "description": "Needs the permission `knowledge.review`.", "responses": {"200": {}},
            "requestBody": {"content": {"application/json": {
                "schema": {"type": "object", "required": ["decision"],
                           "properties": {"decision": {"enum": ["dismiss", "golden", "entry"]}}}}}}}},
        f"{ROOT}/knowledge-qa/live": {"get": {"operationId": "knowledge-qa-live", "responses": {"101": {}}}},
        f"{ROOT}/knowledge-qa-two/ask": {"post": {"operationId": "knowledge-qa-two-ask", "responses": {"200": {}}}},
    },
    "components": {"schemas": {"knowledge-qa.ask.request": ASK_SCHEMA}},
}  # fmt: skip
QUOTED = {
    "answer": "按揭贷款的还款宽限期最长为六个月。", "answered": True, "confidence": 0.93, "language": "zh",
    "short": "六个月", "as_of": "2026-11-27", "conflicts": [], "nearest": [], "model_text": None, "label": None,
    "calculation": None,
    "citations": [
        {"document_id": "doc_1", "document": "个人住房贷款管理办法.pdf", "version": 2, "page": 7, "boxes": [],
         "section": "第三章 还款 > 第二十一条", "row": None, "quote": "还款宽限期累计不得超过六个月。", "start": 10,
         "end": 30, "cells": [], "score": 0.93, "effective_on": None, "expires_on": None, "department": "Retail"},
        {"document_id": "doc_2", "document": "mortgage-handbook.docx", "version": 1, "page": None, "boxes": [],
         "section": "Payment holidays", "row": None, "quote": "A payment holiday may last up to six months in all.",
         "start": 3, "end": 9, "cells": [], "score": 0.88, "effective_on": None, "expires_on": None,
         "department": None},
    ],
}  # fmt: skip
DECLINED = QUOTED | {
    "answer": "The documents do not answer this.", "answered": False, "confidence": 0.21, "citations": [],
    "nearest": QUOTED["citations"][1:],
}  # fmt: skip
SAMPLES = [
    {"name": "zh-lost-card", "title": "借记卡遗失", "language": "zh", "direction": "inbound", "turns": 14,
     "duration_s": 122.4},
    {"name": "en-card-dispute", "title": "A card payment is disputed", "language": "en", "direction": "inbound",
     "turns": 18, "duration_s": 160.0},
]  # fmt: skip
_REST = {"assessed_on": "2026-03-02", "currency": "CNY", "target": "balanced", "advisor": "rm-17"}
CLIENTS = [
    {"id": "C0006", "name": "赵**", "kind": "ordinary", "level": "C2", **_REST},
    {"id": "C0007", "name": "钱**", "kind": "ordinary", "level": "C4", **_REST},
]
DIAGNOSIS = {
    "answer": "账户总资产 1,204,300.00 元，其中权益类占 61.2%，高于目标 40.0%。\n集中度：单一产品最高 34.5%。",
    "language": "zh_CN", "figures": {}, "sources": [], "disclosures": [], "made_up": True, "charts": [],
    "diagnosis": None,
}  # fmt: skip
REFUSED = {
    "answer": "C0006 may not buy P008: its risk level R5 is above C2.", "language": "en", "made_up": True,
    "kind": "refusal", "tool": "suitability", "citations": [],
}  # fmt: skip
STEPS = [
    {"name": "reading", "done": 14, "total": 14, "seconds": 8.2},
    {"name": "writing", "done": 2, "total": 4, "seconds": None},
]
JOB = {
    "id": "job_7q9m2fv8d4h6s0a1c3e5", "state": "running", "template": "due-diligence",
    "title": "贷前尽职调查报告：远帆机械有限公司（虚构）", "language": "zh_CN",
    "subject": "远帆机械", "steps": STEPS, "error": None,
    "sections": [
        {"id": "company", "title": "借款人基本情况", "state": "done", "seconds": 0.21, "fault": None},
        {"id": "statements", "title": "财务报表分析", "state": "done", "seconds": 0.45, "fault": None},
        {"id": "flows", "title": "银行流水分析", "state": "waiting", "seconds": None, "fault": None},
        {"id": "opinion", "title": "综合意见", "state": "waiting", "seconds": None, "fault": None},
    ],
    "conflicts": [], "gaps": [], "questions": [], "untraced": 0, "version": None, "as_of": "2026-11-24",
    "folder": "fld_1", "created_at": "2026-11-24T06:00:00.000Z", "ended_at": None, "resumed": 0, "documents": [],
    "phrase": False,
}  # fmt: skip
DONE_JOB = JOB | {
    "state": "done", "version": 1,
    "steps": [{"name": "reading", "done": 14, "total": 14, "seconds": 8.2},
              {"name": "writing", "done": 4, "total": 4, "seconds": 1.4}],
    "sections": [{**one, "state": "done", "seconds": 0.3} for one in JOB["sections"]],
    "conflicts": [{"about": "field:capital", "title": "注册资本", "values": ["5,000.00万元", "3,000.00万元"],
                   "places": [], "used": 0, "reason": "以营业执照为准"}],
    "gaps": [{"about": "kind:audit_report", "title": "2023年度审计报告", "reason": "材料中没有", "required": True}],
    "questions": [{"id": "q_1", "text": "2024年12月31日的应收账款是哪一个？", "about": "item:x", "choices": []}],
}  # fmt: skip


def sse(*events):
    return "".join(
        f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
        for name, data in events
    )


REPLAY = sse(
    *(("assist", one) for one in TURNS),
    ("alert", {"number": 5, "alert": {}}),
    ("ended", {**AFTER, "number": 5}),
    ("done", {"answer": "…", "call": AFTER["call"], "after": AFTER}),
)


class ScenariosDouble:
    """Keeps what it is asked; `refusal` (status, code, message) stands in place of every answer."""

    def __init__(self) -> None:
        self.scenarios = list(SCENARIOS)
        self.answers = {
            ("GET", f"{ROOT}"): lambda: {"object": "list", "data": self.scenarios},
            ("GET", "/openapi.json"): OPENAPI,
            ("POST", f"{ROOT}/knowledge-qa/ask"): QUOTED,
            ("GET", f"{ROOT}/agent-assist/samples"): {"data": SAMPLES},
            ("POST", f"{ROOT}/agent-assist/replay"): REPLAY,
            ("GET", f"{ROOT}/advisor/clients"): {"object": "list", "data": CLIENTS, "total": 2, "pages": 1},
            ("GET", f"{ROOT}/advisor/accounts/C0007/diagnosis"): DIAGNOSIS,
            ("POST", f"{ROOT}/advisor/chat"): REFUSED,
            ("GET", f"{ROOT}/reports/folders"): {"data": []},
            ("POST", f"{ROOT}/reports/folders"): {"id": "fld_1", "name": "x"},
            ("POST", f"{ROOT}/reports/folders/fld_1/sample"): {"id": "fld_1"},
            ("POST", f"{ROOT}/reports"): JOB,
            ("GET", f"{ROOT}/reports/jobs/{JOB['id']}"): DONE_JOB,
            ("POST", f"{ROOT}/front-desk/direct"): {"counter": 3, "why": ["cards"]},
        }
        self.asked = []
        self.refusal = None
        self.waits = None
        self.down = False
        self.app = Starlette(routes=[Route("/{path:path}", self.answer, methods=["GET", "POST"])])

    def source(self, key_file):
        """Return the real source, whose requests end here; none connects while `down`."""
        return HttpScenariosSource(HttpConnection("http://127.0.0.1:8080", key_file, transport=_Switched(self)))

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        self.asked.append((request.method, request.url.path, json.loads(body) if body else dict(request.query_params)))
        if self.waits is not None and request.url.path != ROOT:
            await self.waits.wait()
        if self.refusal:
            status, code, message = self.refusal
            return JSONResponse({"error": {"message": message, "type": "x", "param": None, "code": code}}, status)
        found = self.answers.get((request.method, request.url.path))
        if found is None:
            told = {"message": "There is no such thing here.", "type": "x", "param": None, "code": "not_found"}
            return JSONResponse({"error": told}, 404)
        found = found() if callable(found) else found
        if isinstance(found, str):
            return Response(found, media_type="text/event-stream")
        held = isinstance(found, dict) and found.get("object") == "review"
        return JSONResponse(found, 202 if held else 200)


class _Switched(httpx.AsyncBaseTransport):
    def __init__(self, double: ScenariosDouble) -> None:
        self._double = double
        self._inner = httpx.ASGITransport(double.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._double.down:
            raise httpx.ConnectError("refused")
        return await self._inner.handle_async_request(request)
