"""The routes of knowledge bases as an application with recorded answers, for both kinds of connection."""

import json
import re

import httpx

from appliance.tui.connection import HttpConnection
from appliance.tui.knowledge_source import HttpKnowledgeSource

ROOT = "/v1/knowledge-bases"


def document(number, name, **more):
    return {
        "version": 1, "name": name, "media_type": "application/pdf", "size_bytes": 184_320, "sha256": "0" * 64,
        "status": "indexed", "stage": None, "progress": None, "reason": None, "pages": 12, "picture_pages": [],
        "chunks": 48, "effective_on": None, "expires_on": None, "created_at": "2026-11-20T08:15:00.000Z",
        "indexed_at": "2026-11-20T08:15:40.000Z", "id": f"doc_{number:0>26}", "knowledge_base": "bank-rules",
        "department": None, "access": [], "in_force": 1, "similar": [], "duplicate": False,
    } | more  # fmt: skip


FEES = document(
    1, "个人业务收费标准.xlsx", version=2, department="计划财务部", effective_on="2026-04-01", pages=None, chunks=210,
    in_force=2,
)  # fmt: skip
TERMS = document(2, "card-terms-2026.pdf", department="Cards", effective_on="2026-01-01", expires_on="2026-12-31")
SCANNED = document(3, "branch-circular-17.pdf", picture_pages=[2, 3], department="Operations")
BROKEN = document(
    4, "old-loan-rules.pdf", status="failed", chunks=None, pages=None, in_force=None, indexed_at=None,
    reason="The file is protected with a password. Save it without one, and upload it again.",
)  # fmt: skip
READING = document(
    5, "反洗钱操作规程.docx", status="pending", stage="embedding", progress=0.62, chunks=None, in_force=None,
    indexed_at=None,
)  # fmt: skip
WAITING = document(
    6, "treasury-limits.pdf", status="pending", stage="waiting", progress=0.0, chunks=None, in_force=None,
    indexed_at=None, access=["tenant:treasury"],
)  # fmt: skip
RULES = [FEES, TERMS, SCANNED, BROKEN, READING, WAITING]
SEATS = [document(7, "借记卡服务手册.md", knowledge_base="seat-handbook", pages=None, chunks=31, size_bytes=20_480)]
BASES = [
    {"name": "bank-rules", "title": "青岚银行（虚构）制度与产品文件", "tenant": "default", "shared_with": ["*"],
     "documents": 6, "created_at": "2026-11-01T00:00:00.000Z"},
    {"name": "seat-handbook", "title": "Handbook for seats", "tenant": "default", "shared_with": [],
     "documents": 1, "created_at": "2026-11-01T00:00:00.000Z"},
]  # fmt: skip
PASSAGES = [
    {"document_id": FEES["id"], "document": FEES["name"], "version": 2, "page": None, "boxes": [], "row": 14,
     "section": "银行卡 > 挂失", "text": "借记卡挂失手续费 10 元/次，挂失即时生效。", "start": 5, "score": 0.81},
    {"document_id": TERMS["id"], "document": TERMS["name"], "version": 1, "page": 3, "boxes": [], "row": None,
     "section": "Lost cards", "text": "A lost card is replaced for CNY 10; the block holds at once.", "start": 5,
     "score": 0.64},
]  # fmt: skip


def version_of(row, **more):
    names = (
        "version", "name", "media_type", "size_bytes", "sha256", "status", "stage", "progress", "reason", "pages",
        "picture_pages", "chunks", "effective_on", "expires_on", "created_at", "indexed_at",
    )  # fmt: skip
    return {name: row[name] for name in names} | more


class KnowledgeDouble:
    """Keeps what it is asked; `refusal` (status, code, message) stands in place of every answer."""

    def __init__(self) -> None:
        self.bases = [dict(one) for one in BASES]
        self.documents = {"bank-rules": list(RULES), "seat-handbook": list(SEATS)}
        self.passages = PASSAGES
        self.uploaded = "pending"
        self.asked = []
        self.refusal = None
        self.down = False

    def source(self, key_file):
        """Return the real source, whose requests end here; none connects while `down`."""
        connection = HttpConnection("http://127.0.0.1:8080", key_file, transport=httpx.MockTransport(self.answer))
        return HttpKnowledgeSource(connection, httpx.MockTransport(self.answer))

    def answer(self, request):
        if self.down:
            raise httpx.ConnectError("refused")
        path = request.url.path.removeprefix(ROOT)
        self.asked.append((request.method, path))
        if self.refusal and (len(self.refusal) == 3 or request.method in self.refusal[3]):
            status, code, message = self.refusal[:3]
            told = {"error": {"message": message, "type": "x", "param": None, "code": code}}
            return httpx.Response(status, json=told)
        status, value = self._answered(request, path)
        return httpx.Response(status, json=value)

    def _answered(self, request, path):
        if path == "":
            if request.method == "POST":
                return 201, self.bases[0]
            return 200, {"object": "list", "data": self.bases}
        base = path.split("/")[1]
        if path.endswith("/search"):
            self.asked[-1] += (json.loads(request.content),)
            return 200, {"object": "list", "data": self.passages}
        if path.endswith("/rebuild"):
            return 202, {"name": base, "pending": len(self.documents[base])}
        if path.endswith("/documents"):
            if request.method == "POST":
                return self._uploaded(request, base)
            return 200, {"object": "list", "data": self.documents[base]}
        row = next(one for one in self.documents[base] if one["id"] == path.split("/")[3])
        if path.endswith("/versions"):
            old = version_of(row, version=1, expires_on="2026-03-31", effective_on="2025-04-01", name="fees-2025.xlsx")
            earlier = [old] if row["version"] > 1 else []
            return 200, {"object": "list", "data": [*earlier, version_of(row)]}
        if request.method == "DELETE":
            self.documents[base].remove(row)
            return 200, {"id": row["id"], "deleted": True}
        return 200, row

    def _uploaded(self, request, base):
        name = re.search(rb'filename="([^"]+)"', request.content)
        if name and name[1].endswith(b".xyz"):
            told = {"message": "No reader takes files of the type .xyz.", "type": "x", "param": None}
            return 415, {"error": told | {"code": "unsupported"}}
        row = document(9, name[1].decode() if name else "x", status=self.uploaded, stage="waiting")
        self.asked[-1] += (row["name"], dict(request.url.params))
        self.documents[base].append(row)
        return 201, row
