"""Reports that a model phrases: only where that is asked and it is capable, labelled then, and true all the same."""

import json

from appliance.core.protocols import ChatResult
from appliance.labels.files import find_label
from tests.unit.scenario.reports.api.conftest import PAPERS, Office, write_tiny

PRODUCER = "001191350100M000100Y4300000"


class Editor:
    """A chat model that words each sentence as it is told."""

    def __init__(self, word):
        self._word = word
        self.asked = 0

    async def chat(self, messages, *, max_tokens, temperature=0.0):
        self.asked += 1
        rows = [{**one, "text": self._word(one["text"])} for one in json.loads(messages[-1]["content"])]
        return ChatResult(json.dumps(rows, ensure_ascii=False), 1, 1, "stop")


def office_with(context_of, runs, chat, parameters):
    context = context_of(label_producer=PRODUCER, chat_parameters=parameters)
    object.__setattr__(context, "chat", chat)
    return Office(context, runs)


async def test_a_capable_model_phrases_and_the_report_is_labelled(context_of, runs, clock, own_files):
    write_tiny(own_files, "optional")
    chat = Editor(lambda text: text.replace("负债合计为", "负债合计共"))
    office = office_with(context_of, runs, chat, 7_000_000_000)
    job = await office.report(PAPERS, phrase=True)
    assert (job["state"], job["phrase"], job["by_model"], job["untraced"]) == ("done", True, True, 0)
    assert [one["name"] for one in job["steps"]][4] == "phrasing"
    assert office.actions["show-job"].generated(await shown(office, job)) is True
    debts = await office.call("show-section", job_id=job["id"], section="debts")
    assert (debts["by_model"], "负债合计共60.00万元" in str(debts)) == (True, True)
    assert (await office.call("show-section", job_id=job["id"], section="assets"))["by_model"] is False
    for form, name in (("pdf", "r.pdf"), ("docx", "r.docx"), ("html", "r.html")):
        file = await office.call("report-file", job_id=job["id"], format=form)
        assert find_label(file.content, name).label.content_producer == PRODUCER


async def shown(office, job):
    from scenarios.reports.api.views import Job

    return Job.model_validate(await office.call("show-job", job_id=job["id"]))


async def test_a_model_that_changes_a_number_changes_nothing(context_of, runs, clock, own_files):
    write_tiny(own_files, "optional")
    chat = Editor(lambda text: text.replace("60.00", "61.00"))
    office = office_with(context_of, runs, chat, 7_000_000_000)
    job = await office.report(PAPERS, phrase=True)
    assert chat.asked > 0
    assert (job["state"], job["by_model"], job["untraced"]) == ("done", False, 0)
    assert "61.00" not in str(await office.call("show-section", job_id=job["id"], section="debts"))


async def test_a_small_model_is_not_asked(context_of, runs, clock, own_files):
    chat = Editor(lambda text: text)
    office = office_with(context_of, runs, chat, 300_000_000)
    job = await office.report(PAPERS, phrase=True)
    assert (job["phrase"], job["by_model"], chat.asked) == (False, False, 0)
