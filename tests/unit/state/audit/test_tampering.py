"""Whatever is deleted, changed, moved or put back is found, and told with its place."""

import random

import pytest

from appliance.core.cryptography.choice import suite_named
from appliance.core.errors import Unavailable
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import COLUMNS, HASHED, NewRecord, chained
from appliance.state.audit.search import record_with_content
from appliance.state.audit.statements import signed

RECORDS = 12


@pytest.fixture
def filled(local_desk):
    """Give a log of 12 records with checkpoints at 5 and 10."""
    for count in (5, 5, 2):
        local_desk.fill(count)
        if count == 5:
            local_desk.log.checkpoint()
    return local_desk


def rehash(desk, first):
    """Chain the records from `first` to the end anew, as an attacker can who has no key."""
    previous = record_with_content(desk.database, first).previous
    for seq in range(first, RECORDS + 1):
        fields = record_with_content(desk.database, seq).fields()
        hashed = chained(suite_named("international"), previous, fields)
        desk.sql("UPDATE audit_records SET previous=:p, hash=:h WHERE seq=:s", p=previous, h=hashed, s=seq)
        previous = hashed
    return previous


def test_an_untouched_log_is_whole(filled):
    report = filled.report()
    assert (report.ok, report.records, report.checkpoints, report.last) == (True, 12, 2, 12)
    assert filled.report(first=4, last=8).records == 5


@pytest.mark.parametrize("column", sorted(set(HASHED) - {"seq", "suite", "content_digest"}))
def test_a_changed_column_is_found(filled, column):
    filled.sql(f"UPDATE audit_records SET {column}='x' WHERE seq=7")
    assert filled.faults() == [("changed", 7, 7)]


@pytest.mark.parametrize("column", ["previous", "hash"])
def test_a_changed_hash_is_found(filled, column):
    filled.sql(f"UPDATE audit_records SET {column}=:value WHERE seq=7", value="0" * 64)
    assert filled.faults() == [("changed", 7, 7)]


def test_faults_do_not_hide_each_other(filled):
    filled.sql("UPDATE audit_records SET actor='x' WHERE seq IN (2, 6, 7, 12)")
    filled.sql("DELETE FROM audit_records WHERE seq IN (4, 9)")
    assert filled.faults() == [
        ("changed", 2, 2),
        ("missing", 4, 4),
        ("changed", 6, 7),
        ("missing", 9, 9),
        ("changed", 12, 12),
    ]


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        ("seq = 7", ("missing", 7, 7)),
        ("seq BETWEEN 3 AND 9", ("missing", 3, 9)),
        ("seq = 1", ("missing", 1, 1)),
        ("seq <= 5", ("missing", 1, 5)),
        ("seq = 12", ("cut", 12, 12)),
        ("seq > 4", ("cut", 5, 12)),
        ("seq > 0", ("cut", 1, 12)),
    ],
)
def test_deleted_records_are_found(filled, where, fault):
    filled.sql(f"DELETE FROM audit_records WHERE {where}")
    assert filled.faults() == [fault]


@pytest.mark.parametrize(("one", "other"), [(3, 4), (2, 11), (1, 12)])
def test_records_that_changed_places_are_found(filled, one, other):
    for old, new in ((one, 99), (other, one), (99, other)):
        filled.sql("UPDATE audit_records SET seq=:new WHERE seq=:old", new=new, old=old)
    report = filled.report()
    assert [(f.kind, f.first, f.origin) for f in report.faults] == [
        ("reordered", one, other),
        ("reordered", other, one),
    ]


def test_columns_that_changed_places_are_found(filled):
    rows = {seq: record_with_content(filled.database, seq).fields() for seq in (3, 8)}
    names = [name for name in COLUMNS if name not in ("seq", "previous", "hash")]
    for seq, other in ((3, 8), (8, 3)):
        sets = ", ".join(f"{name}=:{name}" for name in names)
        filled.sql(f"UPDATE audit_records SET {sets} WHERE seq=:seq", **{**rows[other], "seq": seq})
    assert [(f.kind, f.first, f.origin) for f in filled.report().faults] == [("reordered", 3, 8), ("reordered", 8, 3)]


def test_a_record_that_was_moved_to_a_gap_is_found(filled):
    filled.sql("DELETE FROM audit_records WHERE seq = 3")
    filled.sql("UPDATE audit_records SET seq=3 WHERE seq=8")
    report = filled.report()
    assert ("reordered", 3, 8) in [(f.kind, f.first, f.origin) for f in report.faults]


def test_a_record_hashed_anew_breaks_the_link_behind_it(filled):
    fields = record_with_content(filled.database, 7).fields() | {"actor": "x"}
    hashed = chained(suite_named("international"), fields["previous"], fields)
    filled.sql("UPDATE audit_records SET actor='x', hash=:h WHERE seq=7", h=hashed)
    assert filled.faults() == [("rewritten", 7, 8)]


def test_a_chain_written_anew_is_found_between_two_signatures(filled):
    filled.sql("UPDATE audit_records SET actor='x' WHERE seq=7")
    rehash(filled, 7)
    assert filled.faults() == [("rewritten", 6, 10)]


def test_a_chain_written_anew_behind_the_last_checkpoint_is_found_by_the_head(filled):
    filled.sql("UPDATE audit_records SET actor='x' WHERE seq=12")
    rehash(filled, 12)
    assert filled.faults() == [("rewritten", 11, 12)]


def test_an_added_record_is_found(filled):
    last = record_with_content(filled.database, 12)
    fields = last.fields() | {"seq": 13, "previous": last.hash}
    fields["hash"] = chained(suite_named("international"), last.hash, fields)
    names = ", ".join(fields)
    filled.sql(f"INSERT INTO audit_records ({names}) VALUES ({', '.join(':' + n for n in fields)})", **fields)
    assert filled.faults() == [("added", 13, 13)]


def test_a_head_signed_by_a_stranger_is_found_and_nothing_is_built_on_it(filled, tmp_path):
    stranger = suite_named("international").signer(bytes(32))
    filled.sql("DELETE FROM audit_records WHERE seq > 11")
    there = record_with_content(filled.database, 11)
    head = signed(stranger, "head", 2, 11, there.hash, there.at)
    values = {"k": head.key_id, "s": head.signature, "h": head.hash}
    filled.sql("UPDATE audit_head SET seq=11, key_id=:k, signature=:s, hash=:h", **values)
    assert filled.faults() == [("key_unknown", 11, 11)]
    known = next(iter(filled.keys.public_keys()))
    filled.sql("UPDATE audit_head SET key_id=:k", k=known)
    assert filled.faults() == [("head_forged", 11, 11)]
    another = AuditLog(filled.database, AuditKeys(tmp_path / "secrets", tmp_path / "public.pem", "international"))
    for log in (filled.log, another):
        with pytest.raises(Unavailable, match="not signed"):
            log.append([NewRecord("request.opened")])


def test_a_head_that_is_gone_is_found(filled):
    filled.sql("DELETE FROM audit_head")
    assert filled.faults() == [("head_missing", 12, 12)]
    with pytest.raises(Unavailable):
        filled.log.begin()
    filled.sql("DELETE FROM audit_records")
    filled.sql("DELETE FROM audit_checkpoints")
    assert ("head_missing", 0, 0) in filled.faults()


def test_checkpoints_that_are_gone_or_forged_are_found(filled):
    filled.sql("UPDATE audit_checkpoints SET at='2020-01-01T00:00:00.000Z' WHERE number=1")
    filled.sql("DELETE FROM audit_checkpoints WHERE number=2")
    assert filled.faults() == [("checkpoint_missing", 2, 2), ("checkpoint_forged", 5, 5)]


def test_a_checkpoint_is_no_head(filled):
    """A signature counts for one purpose only: the log cannot be cut back to an old checkpoint."""
    filled.sql("DELETE FROM audit_records WHERE seq > 5")
    filled.sql("DELETE FROM audit_checkpoints WHERE number > 1")
    filled.sql(
        "UPDATE audit_head SET (number, seq, hash, at, signature) ="
        " (SELECT number, seq, hash, at, signature FROM audit_checkpoints WHERE number=1)"
    )
    assert ("head_forged", 5, 5) in filled.faults(known=())


def test_an_older_log_that_was_put_back_is_found_by_the_witness(desk):
    desk.fill(5)
    with desk.database.read() as connection:
        old = connection.exec_driver_sql("SELECT * FROM audit_head").mappings().one()
    desk.fill(5)
    desk.log.checkpoint()
    desk.sql("DELETE FROM audit_records WHERE seq > 5")
    desk.sql("DELETE FROM audit_checkpoints")
    desk.sql("UPDATE audit_head SET " + ", ".join(f"{name}=:{name}" for name in old), **old)
    assert desk.faults() == [("rolled_back", 6, 10)]
    assert desk.faults(known=()) == []
    with pytest.raises(Unavailable):
        desk.log.append([NewRecord("request.opened")])


def test_a_log_forked_from_an_older_one_is_found_by_the_witness(desk, tmp_path):
    desk.fill(5)
    with desk.database.read() as connection:
        old = connection.exec_driver_sql("SELECT * FROM audit_head").mappings().one()
    desk.fill(2)
    desk.log.checkpoint()
    desk.sql("DELETE FROM audit_records WHERE seq > 5")
    desk.sql("DELETE FROM audit_checkpoints")
    desk.sql("UPDATE audit_head SET " + ", ".join(f"{name}=:{name}" for name in old), **old)
    restarted = AuditLog(desk.database, AuditKeys(tmp_path / "secrets", tmp_path / "public.pem", "international"))
    restarted.append([NewRecord("admin.key.created", data={"n": number}) for number in range(4)])
    assert desk.faults() == [("rewritten", 1, 7)]


def test_unknown_algorithms_and_keys_are_told(filled):
    filled.sql("UPDATE audit_records SET suite='rot13' WHERE seq=7")
    stranger = suite_named("international").signer(bytes(32)).verifier()
    assert filled.faults() == [("suite_unknown", 7, 7)]
    kinds = {kind for kind, _first, _last in filled.faults(keys={stranger.key_id: stranger})}
    assert kinds == {"key_unknown", "suite_unknown"}


def test_contents_are_part_of_the_chain(desk):
    for number in range(4):
        desk.log.append([NewRecord("request.opened", f"r{number}", "retail", content=f"account {number}")])
    desk.sql("UPDATE audit_records SET content=NULL WHERE seq=2")
    desk.sql("UPDATE audit_records SET content=:c WHERE seq=3", c=b"x" * 40)
    desk.sql("UPDATE audit_records SET content_key='none' WHERE seq=4")
    assert desk.faults() == [("content_missing", 2, 2), ("content_changed", 3, 3), ("changed", 4, 4)]


def test_random_edits_are_always_found(local_desk):
    desk = local_desk
    desk.fill(30)
    rows = range(1, 31)
    chance = random.Random(7)
    for _round in range(25):
        seq = chance.choice(rows)
        before = record_with_content(desk.database, seq)
        column = chance.choice([name for name in COLUMNS if name != "seq"])
        value = getattr(before, column)
        place = chance.randrange(len(value)) if value else 0
        changed = (value or "")[:place] + "~" + (value or "")[place + 1 :]
        desk.sql(
            f"UPDATE audit_records SET {column}=:v WHERE seq=:s",
            v=changed[:20] if column == "suite" else changed,
            s=seq,
        )
        assert {first for _kind, first, _last in desk.faults()} == {seq}
        desk.sql(f"UPDATE audit_records SET {column}=:v WHERE seq=:s", v=value, s=seq)
    assert desk.faults() == []
