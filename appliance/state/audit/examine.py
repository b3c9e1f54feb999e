"""Check a stream of records against their hashes, links and signatures; every fault is located."""

from collections.abc import Iterable, Mapping, Sequence

from appliance.core.cryptography.choice import SUITES
from appliance.core.cryptography.suite import Verifier
from appliance.state.audit.faults import MOST_FAULTS, Fault, FaultKind, Report
from appliance.state.audit.misfits import MOST_MISFITS, MOST_PLACES, origins
from appliance.state.audit.notices import Notices
from appliance.state.audit.records import NO_HASH, Record, content_digest, hash_of
from appliance.state.audit.source import End
from appliance.state.audit.statements import Statement

Gap = tuple[int, int]


class Examiner:
    """Takes the records in the order of the log, then the end; gives the report.

    Give it the checkpoints first. `expected` is the number that the first record has to have.
    """

    def __init__(self, keys: Mapping[str, Verifier], expected: int, notices: Notices, *, carries_content: bool) -> None:
        self.report = Report(first=expected, last=expected - 1)
        self._keys = keys
        self._expected = expected
        self._notices = notices
        self._carries_content = carries_content
        self._trusted: dict[int, list[Statement]] = {}
        self._hashes: dict[int, str] = {}  # of the records that signatures speak about
        self._last_good = expected - 1  # newest record that a signature vouches for
        self._prior: Record | None = None  # the record before, if it matches its hash
        self._gaps: list[Gap] = []
        self._after_gap: dict[Gap, Record] = {}
        self._misfits: dict[int, Record] = {}
        self._without_content: list[Record] = []

    def trust(self, statements: Iterable[Statement]) -> list[Statement]:
        """Check signatures and return those that are good; records are then compared with them."""
        good = [statement for statement in statements if self._is_good(statement, "checkpoint_forged")]
        for statement in good:
            self._trusted.setdefault(statement.seq, []).append(statement)
        return good

    def unreadable(self, seq: int) -> None:
        """Take note of a record that cannot be read."""
        self._step_to(seq)
        self.report.add(Fault("unreadable", seq, seq))
        self._prior = None

    def record(self, record: Record) -> None:
        """Check one record."""
        self.report.records += 1
        if record.seq < self._expected:
            self._out_of_order(record)
            return
        prior = self._prior
        gap = self._step_to(record.seq)
        if gap is not None:
            self._after_gap[gap] = record
            prior = None
        sound = self._is_sound(record)
        if sound and prior is not None and record.previous != prior.hash:
            self.report.add(Fault("rewritten", prior.seq, record.seq))
        if sound and record.seq == 1 and record.previous != NO_HASH:
            self.report.add(Fault("rewritten", 1, 1))
        self._check_content(record)
        if record.seq in self._trusted:
            self._compare(record.seq, record.hash)
        self._prior = record if sound else None

    def finish(self, end: End, notices: Notices, *, to_the_end: bool) -> Report:
        """Judge what only the whole shows; `notices` are read anew, for what was removed meanwhile."""
        self._notices = notices
        self._judge_misfits()
        self._judge_gaps()
        for record in self._without_content:
            if not notices.erased(record):
                self.report.add(Fault("content_missing", record.seq, record.seq))
        if to_the_end:
            self._judge_end(end)
        return self.report

    def end_record(self, end: Statement) -> None:
        """Have the hash of the record that `end` speaks about kept, whether or not its signature is good."""
        self._trusted.setdefault(end.seq, [])

    def _step_to(self, seq: int) -> Gap | None:
        gap = (self._expected, seq - 1) if seq > self._expected else None
        if gap is not None:
            self._gaps.append(gap)
        self._expected = seq + 1
        self.report.last = seq
        return gap

    def _out_of_order(self, record: Record) -> None:
        self.report.add(Fault("reordered", record.seq, record.seq))
        self._gaps = _without(self._gaps, {record.seq})
        self._is_sound(record)

    def _is_sound(self, record: Record) -> bool:
        right = hash_of(record)
        if right is None:
            self.report.add(Fault("suite_unknown", record.seq, record.seq, None, str(record.suite)))
        elif right != record.hash:
            if len(self._misfits) < MOST_MISFITS:
                self._misfits[record.seq] = record
            else:
                self.report.add(Fault("changed", record.seq, record.seq))
        return right == record.hash

    def _check_content(self, record: Record) -> None:
        if not self._carries_content or (record.content is None and record.content_digest is None):
            return
        if record.content is None:
            if self._notices.erased(record):
                return
            if len(self._without_content) < MOST_FAULTS:
                self._without_content.append(record)
            else:
                self.report.more_faults += 1
            return
        suite = SUITES.get(record.suite)
        genuine = isinstance(record.content, bytes) and suite is not None
        if not genuine or suite is None or content_digest(suite, record.content) != record.content_digest:
            self.report.add(Fault("content_changed", record.seq, record.seq))

    def _compare(self, seq: int, record_hash: str) -> None:
        self._hashes[seq] = record_hash
        for statement in self._trusted[seq]:
            if statement.hash == record_hash:
                self._last_good = seq
            else:
                self._rewritten_up_to(seq)

    def _rewritten_up_to(self, seq: int) -> None:
        """Say that the log was rewritten since the last good signature, unless it is known where already."""
        since = self._last_good + 1
        known = any(fault.kind == "rewritten" and fault.last >= since for fault in self.report.faults)
        if not known and not any(since <= misfit <= seq for misfit in self._misfits):
            self.report.add(Fault("rewritten", since, seq))

    def _judge_misfits(self) -> None:
        missing = [seq for first, last in self._gaps for seq in range(first, min(last, first + MOST_PLACES) + 1)]
        moved = origins(self._misfits, missing)
        self._gaps = _without(self._gaps, set(moved.values()))
        for seq in sorted(self._misfits):
            self.report.add(Fault("reordered" if seq in moved else "changed", seq, seq, moved.get(seq)))

    def _judge_gaps(self) -> None:
        for gap in self._gaps:
            first, last = gap
            retired = self._notices.retired(first, last)
            if retired is not None:
                self.report.retired.append(retired)
                after = self._after_gap.get(gap)
                if retired.last == last and after is not None and after.previous != self._notices.anchor(retired.last):
                    self.report.add(Fault("rewritten", last, after.seq))
                first = retired.last + 1
            if first <= last:
                self.report.add(Fault("missing", first, last))

    def _judge_end(self, end: End) -> None:
        statement, last = end.statement, self.report.last
        if statement is None:
            self.report.add(Fault("head_missing", last, last))
            return
        self.report.signed_at = statement.at
        good = self._is_good(statement, "head_forged")
        if last < statement.seq:
            self.report.add(Fault("cut", last + 1, statement.seq))
        if end.last > statement.seq:
            self.report.add(Fault("added", statement.seq + 1, end.last))
        if good and self._hashes.get(statement.seq, statement.hash) != statement.hash:
            self._rewritten_up_to(statement.seq)

    def _is_good(self, statement: Statement, forged: FaultKind) -> bool:
        key = self._keys.get(statement.key_id)
        if key is None:
            self.report.add(Fault("key_unknown", statement.seq, statement.seq, None, str(statement.key_id)))
        elif not statement.signed_by(key):
            self.report.add(Fault(forged, statement.seq, statement.seq))
        else:
            return True
        return False


def missing_numbers(checkpoints: Sequence[Statement], first: int, last: int) -> list[Gap]:
    """Return the ranges of numbers from `first` to `last` that no checkpoint has."""
    gaps: list[Gap] = []
    expected = first
    for number in [*sorted(one.number for one in checkpoints if first <= one.number <= last), last + 1]:
        if number > expected:
            gaps.append((expected, number - 1))
        expected = max(expected, number + 1)
    return gaps


def _without(gaps: Sequence[Gap], seqs: set[int]) -> list[Gap]:
    """Return the gaps that are left where `seqs` turned up."""
    left: list[Gap] = []
    for first, last in gaps:
        start = first
        for seq in sorted(seq for seq in seqs if first <= seq <= last):
            if seq > start:
                left.append((start, seq - 1))
            start = seq + 1
        if start <= last:
            left.append((start, last))
    return left
