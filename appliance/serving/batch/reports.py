"""What a batch leaves behind: the answers, the errors, and a report for compliance that has no text in it."""

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from appliance.core.messages import Message, _, current_language
from appliance.serving.gateway.batches import GatewayBatches
from appliance.state.batches.files import Draft
from appliance.state.batches.records import BatchRecord, Ending, FileRecord, Purpose, Result, Row

_REFUSED: Final = "content_filter"
_NOT_RUN: Final[Mapping[Ending, tuple[str, Message]]] = {
    "expired": ("batch_expired", _("The request was not run: the batch had 24 hours.")),
    "cancelled": ("batch_cancelled", _("The request was not run: the batch was cancelled.")),
    "failed": ("batch_failed", _("The request was not run: the batch broke off.")),
}


@dataclass
class _Tally:
    """Rows by what came of them, and findings by rule."""

    rows: Counter[str] = field(default_factory=Counter)
    found: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    rows_found: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def note(self, outcome: str, verdicts: Any) -> None:  # noqa: ANN401 - findings as plain data
        self.rows[outcome] += 1
        kinds = [(one["rule"], one["version"], one["action"]) for one in verdicts]
        self.found.update(kinds)
        self.rows_found.update(set(kinds))

    def findings(self) -> list[dict[str, Any]]:
        return [
            {
                "rule": kind[0], "version": kind[1], "action": kind[2], "count": self.found[kind],
                "rows": self.rows_found[kind],
            }
            for kind in sorted(self.found)
        ]  # fmt: skip


def write_files(batches: GatewayBatches, batch: BatchRecord, policies: Mapping[str, str], now: str) -> None:
    """Write the files of a batch that runs no more, durably, and end it. Each row is in one of the first two, once."""
    files, tally = batches.files, _Tally()
    with ExitStack() as stack:
        output, errors, report = (stack.enter_context(files.draft()) for _kind in range(3))
        _write(report, _head(batch, policies, now)[:-1] + ',"rows":[')
        for place, row in enumerate(batches.runs.rows(batch.id)):
            good = row.result is not None and row.result.succeeded
            _write(output if good else errors, _line(batch, row) + "\n")
            entry = _entry(row)
            tally.note(entry["outcome"], entry["verdicts"])
            _write(report, ("," if place else "") + "\n" + _json(entry))
        counts = {"total": sum(tally.rows.values()), **dict(sorted(tally.rows.items()))}
        _write(report, '\n],"counts":' + _json(counts) + ',"findings":' + _json(tally.findings()) + "}\n")
    kept = (
        _record(batches, batch, output, "batch_output", "output.jsonl", now),
        _record(batches, batch, errors, "batch_output", "errors.jsonl", now),
        _record(batches, batch, report, "batch_compliance", "compliance.json", now),
    )
    if not batches.runs.end(batch, *kept):
        for draft in (output, errors, report):
            files.discard(draft)


def _record(
    batches: GatewayBatches, batch: BatchRecord, draft: Draft, purpose: Purpose, name: str, now: str
) -> FileRecord | None:
    """Return the record of a file, or None for one that nothing was written to: then it goes."""
    if draft.size_bytes == 0:
        batches.files.discard(draft)
        return None
    return draft.record(batch.tenant, batch.owner, f"{batch.id}_{name}", purpose, now)


def _head(batch: BatchRecord, policies: Mapping[str, str], now: str) -> str:
    return _json(
        {
            "object": "batch.compliance",
            "batch_id": batch.id,
            "tenant": batch.tenant,
            "made_by": batch.made_by,
            "endpoint": batch.endpoint,
            "input_file_id": batch.input_file_id,
            "status": batch.ending,
            "created_at": batch.created_at,
            "written_at": now,
            "policies": dict(policies),
        }
    )


def _line(batch: BatchRecord, row: Row) -> str:
    """Return a row as OpenAI's output and error files have it."""
    head = _json({"id": f"{batch.id}-{row.number}", "custom_id": row.custom_id})[:-1]
    if row.result is not None:
        result = row.result
        answer = _json({"status_code": result.status, "request_id": result.request_id})[:-1]
        return f'{head},"response":{answer},"body":{result.body}}},"error":null}}'
    code, message = _NOT_RUN[batch.ending or "failed"]
    error = {"code": code, "message": message.render(current_language())}
    return f'{head},"response":null,"error":{_json(error)}}}'


def _entry(row: Row) -> dict[str, Any]:
    """Return a row as the report for compliance has it: never a text of it."""
    result = row.result
    outcome, code = ("not_run", None) if result is None else _outcome(result)
    return {
        "line": row.number,
        "custom_id": row.custom_id,
        "request_id": None if result is None else result.request_id,
        "status": None if result is None else result.status,
        "code": code,
        "outcome": outcome,
        "verdicts": [] if result is None else [dict(one) for one in result.verdicts],
    }


def _outcome(result: Result) -> tuple[str, str | None]:
    """Return what came of a row in one word, and the code of its error."""
    if result.succeeded:
        return ("held" if result.status == 202 else "answered"), None
    error = json.loads(result.body).get("error")
    code = str(error.get("code")) if isinstance(error, dict) else None
    return ("refused" if code == _REFUSED else "failed"), code


def _write(draft: Draft, text: str) -> None:
    draft.write(text.encode())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
