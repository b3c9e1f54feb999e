"""The pack as callers use it: a real database, a real queue of reviewers, and papers that are made in the test."""

import asyncio
import base64
import io
import json
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest

from appliance.config.site import GuardrailSettings
from appliance.core.errors import ApplianceError
from appliance.core.messages import current_language, speaking
from appliance.guardrails.chain import Chain
from appliance.scenario.actions import perform
from appliance.scenario.pack import Caller, ScenarioContext
from appliance.scenario.said import Said
from appliance.scenario.tasks import as_they_end, function_in
from appliance.serving.action_runs import ActionRuns
from appliance.serving.scenario_services import RunFacts, StoredRecords, StoredReviews
from appliance.state.database import Database, sqlite_url
from appliance.state.records import RecordRows
from appliance.state.reviews import Reviews
from scenarios.reports import app
from scenarios.reports.jobs import desk as desks
from tests.unit.knowledge.principals import A_CALLER

PACKAGE = "scenarios.reports"
COMPANY = "青岚示例制造有限公司"
TINY = """
name: tiny
version: "1"
title: {en: "Short report on {subject}", zh: "{subject}简要报告"}
audience: {en: the test, zh: 测试}
tone: {en: plain, zh: 平实}
sign_off: SIGN_OFF
documents:
  - {kind: balance_sheet|statements, required: true, why: {en: It is the base., zh: 分析的基础。}}
  - {kind: audit_report, required: false, why: {en: It says how sure it is., zh: 说明可信程度。}}
sections:
  - id: assets
    title: {en: Assets, zh: 资产}
    parts:
      - text: {en: "Total assets are {item:total_assets@last}.", zh: "资产总计为{item:total_assets@last}。"}
  - id: debts
    title: {en: Debts, zh: 负债}
    parts:
      - text:
          en: "Total liabilities are {item:total_liabilities@last}."
          zh: "负债合计为{item:total_liabilities@last}。"
      - text:
          en: "They are {figure:debt_to_assets@last} of the assets."
          zh: "资产负债率为{figure:debt_to_assets@last}。"
"""


class PoolTasks:
    """`Tasks` in two warm processes, in which all tests of a session run theirs."""

    def __init__(self, pool):
        self.pool = pool

    async def run(self, function, arguments):
        sent = pickle.dumps(dict(arguments))
        loop = asyncio.get_running_loop()
        made = await loop.run_in_executor(self.pool, called, function, sent, current_language())
        if isinstance(made, ApplianceError):
            raise made
        return made

    def map(self, function, items, *, most_at_once=0):
        return as_they_end(self.run, function, items, most_at_once or 2)


def called(function, arguments, language):
    """Run a function of the pack in a worker."""
    try:
        with speaking(language):
            return function_in(PACKAGE, function)(**pickle.loads(arguments))
    except ApplianceError as error:
        return error


class Clock:
    """The time as the test says it."""

    def __init__(self):
        self.ahead = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.ahead


class Office:
    """The pack as one caller after another uses it; answers are judged as the appliance judges them."""

    def __init__(self, context, runs):
        self.context = context
        self._runs = runs
        self.actions = {one.name: one for one in app.create(context)}

    async def call(self, action_name, /, payload=None, who=A_CALLER, language="en", **parameters):
        action = self.actions[action_name]
        with speaking(language):
            run = self._runs.begin(who.tenant)
            body = None if action.method in ("GET", "DELETE") else payload or {}
            answer = await perform(action, body, Caller(who, language, "req-1"), parameters)
            if action.downloads:
                return answer
            dumped = json.loads(json.dumps(answer.model_dump(mode="json")))
            return await Said(action, run.facts, run.said).answer(dumped)

    async def folder(self, files, who=A_CALLER, **more):
        made = await self.call("make-folder", {"name": "Papers", **more}, who)
        for name, content in files.items():
            await self.put(made["id"], name, content, who)
        return made["id"]

    async def put(self, folder, name, content, who=A_CALLER):
        body = {"name": name, "content_base64": base64.b64encode(content).decode()}
        return await self.call("put-file", body, who, folder_id=folder)

    async def done(self, job_id, who=A_CALLER):
        """Return a job once it has ended."""
        for _turn in range(600):
            job = await self.call("show-job", who=who, job_id=job_id)
            if job["state"] != "running":
                return job
            await asyncio.sleep(0.1)
        raise AssertionError(f"the job never ended: {job}")

    async def report(self, files, who=A_CALLER, **more):
        folder = await self.folder(files, who)
        started = await self.call("start-report", {"folder": folder, "template": "tiny", **more}, who)
        return await self.done(started["id"], who)


def balance_sheet(
    assets="1,000,000.00", liabilities="600,000.00", equity="400,000.00", company=COMPANY, unit="单位：元"
):
    """Return a workbook with a small balance sheet, by default in yuan."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "资产负债表"
    for row in (
        ["资产负债表"],
        [f"编制单位：{company}", "2025年12月31日", unit],
        ["项目", "期末余额", "上年年末余额"],
        ["流动资产合计", assets, assets],
        ["资产总计", assets, assets],
        ["流动负债合计", liabilities, liabilities],
        ["负债合计", liabilities, liabilities],
        ["所有者权益合计", equity, equity],
        ["负债和所有者权益总计", assets, assets],
    ):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


PAPERS = {"资产负债表-2025.xlsx": balance_sheet()}


@pytest.fixture(scope="session")
def pool():
    """Two worker processes."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as made:
        yield made


@pytest.fixture(scope="session")
def runs():
    """Runs of actions under the shipped guardrails."""
    return ActionRuns(Chain(GuardrailSettings(), None))


@pytest.fixture
def own_files(tmp_path):
    """The bank's own folder with one short template, whose reports must be signed."""
    folder = tmp_path / "reports"
    (folder / "templates" / "tiny").mkdir(parents=True)
    write_tiny(folder)
    return folder


def write_tiny(folder, sign_off="required", text=TINY):
    (folder / "templates" / "tiny" / "outline.yaml").write_text(text.replace("SIGN_OFF", sign_off), encoding="utf-8")


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(desks, "utc_now", made)
    return made


class _Model:
    """A chat model that must not be asked: it is too small."""

    async def chat(self, messages, *, max_tokens, temperature=0.0):
        raise AssertionError("no model is asked")


@pytest.fixture
def database(tmp_path):
    made = Database.open(sqlite_url(tmp_path / "state.db"))
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def reviews(database, tmp_path):
    return Reviews(database, tmp_path / "keys", "international")


@pytest.fixture
def context_of(database, reviews, own_files, runs, pool):
    """Give a function that makes a context over the same database and folder, as a restarted replica has it."""

    def make(tasks=None, **more):
        return ScenarioContext(
            chat=_Model(), chat_languages=(), knowledge=None, records=StoredRecords(RecordRows(database, "reports")),
            facts=RunFacts(runs), own_files=own_files, tasks=tasks or PoolTasks(pool),
            reviews=StoredReviews(reviews, "reports"), **more,
        )  # fmt: skip

    return make


@pytest.fixture
def office(context_of, runs, clock):
    return Office(context_of(), runs)
