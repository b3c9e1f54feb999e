"""Check a whole log, or a part of it, and tell every fault with its place."""

from collections.abc import Iterator, Mapping, Sequence

from appliance.core.cryptography.suite import Verifier
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.state.audit.examine import Examiner, missing_numbers
from appliance.state.audit.faults import Fault, Report
from appliance.state.audit.notices import Notices
from appliance.state.audit.records import Record
from appliance.state.audit.source import Source
from appliance.state.audit.statements import Statement

_NEWS_EVERY = 5000


def verify(
    source: Source,
    keys: Mapping[str, Verifier],
    first: int | None = None,
    last: int | None = None,
    known: Sequence[Statement] = (),
) -> Iterator[Progress | Report]:
    """Give progress and, at the end, the report; records are read in batches and never kept.

    `keys` are public keys by their ids. `known` are checkpoints kept elsewhere: they show that an older log was put
    back. With `first` or `last` only that part is checked, and the record before it is taken as it is.
    """
    title = _("Checking the audit log")
    yield Progress("verify", title)
    end = source.end()
    begin = source.first() if first is None else first
    statement = end.statement
    stop = max(end.last if statement is None else min(end.last, statement.seq), begin - 1)
    to_the_end = last is None or last >= stop
    stop = stop if last is None else min(last, stop)
    notices = Notices(source.notices())
    examiner = Examiner(keys, begin, notices, carries_content=source.carries_content)
    checkpoints = source.checkpoints()
    examiner.trust(checkpoints)
    elsewhere = examiner.trust(known)
    if statement is not None:
        examiner.end_record(statement)
    for item in source.records(begin, stop):
        if isinstance(item, Record):
            examiner.record(item)
        else:
            examiner.unreadable(item.seq)
        if examiner.report.records % _NEWS_EVERY == 0:
            part = (examiner.report.last - begin + 1) / max(1, stop - begin + 1)
            yield Progress("verify", title, fraction=min(1.0, part))
    report = examiner.finish(end, Notices(source.notices()), to_the_end=to_the_end)
    _judge_around(source, report, checkpoints, statement, elsewhere if to_the_end else ())
    yield Progress("verify", title, "done" if report.ok else "failed")
    yield report


def _judge_around(
    source: Source,
    report: Report,
    checkpoints: Sequence[Statement],
    statement: Statement | None,
    known: Sequence[Statement],
) -> None:
    """Add what lies beside the records: checkpoints that are gone, an older log, damage of the file itself."""
    report.checkpoints = len(checkpoints)
    if statement is not None and statement.purpose == "head":
        expected = Notices(source.notices()).first_checkpoint()
        for gap in missing_numbers(checkpoints, expected, statement.number):
            report.add(Fault("checkpoint_missing", *gap))
    newest = max((one.seq for one in known), default=0)
    reached = report.last if statement is None else statement.seq
    if newest > reached:
        report.add(Fault("rolled_back", reached + 1, newest))
    for line in source.bad_lines():
        report.add(Fault("line_unreadable", line, line))
    for damage in source.damages():
        report.add(Fault("storage", 0, 0, None, damage))
    report.faults.sort(key=lambda fault: (fault.first, fault.last))
