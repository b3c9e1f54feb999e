import hmac
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from appliance.core.errors import AuthenticationFailed, InvalidRequest, NotFound, Unavailable
from appliance.state.database import Database, sqlite_url
from appliance.state.keys import KeyRing
from appliance.state.tables import api_keys

PEPPER = bytes(range(32))  # that of the fixture `ring`
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def refused(ring, key):
    with pytest.raises(AuthenticationFailed) as caught:
        ring.verify(key)
    assert caught.value.code == "invalid_api_key"
    return str(caught.value)


def test_a_new_key_is_valid_and_tells_who_uses_it(ring):
    record, key = ring.create("loan desk 贷款部", tenant="retail", role="admin")
    assert re.fullmatch(r"lma-[a-z2-7]{12}\.[A-Za-z0-9_-]{43}", key)
    assert key.startswith(f"{record.id}.")
    assert ring.verify(key) == record
    assert (record.name, record.tenant, record.role) == ("loan desk 贷款部", "retail", "admin")


def test_keys_differ_and_are_listed_oldest_first(database):
    moments = iter(NOW + timedelta(seconds=number) for number in range(20))
    ring = KeyRing(database, PEPPER, lambda: next(moments))
    made = [ring.create(f"key {number}") for number in range(10)]
    assert len({key for _record, key in made}) == 10
    assert [record.name for record in ring.list()] == [f"key {number}" for number in range(10)]


def test_the_secret_is_nowhere_in_the_database(tmp_path):
    database = Database.open(sqlite_url(tmp_path / "a.db"))
    database.migrate()
    _record, key = KeyRing(database, PEPPER).create("name of the key")
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"name of the key" in stored
    assert key.partition(".")[2].encode() not in stored
    assert PEPPER not in stored
    database.close()


def test_every_changed_character_makes_a_key_invalid(ring):
    _record, key = ring.create("a")
    for position, character in enumerate(key):
        other = "b" if character != "b" else "c"
        refused(ring, key[:position] + other + key[position + 1 :])
    for changed in (
        key[:-1],
        key + "A",
        key + "\n",
        f" {key}",
        key.upper(),
        key.replace("lma-", "sk-"),
        key.encode().hex(),
    ):
        refused(ring, changed)


def test_a_secret_is_good_for_its_own_id_only(ring):
    (first, key), (second, other) = ring.create("a"), ring.create("b", role="admin")
    refused(ring, f"{second.id}.{key.partition('.')[2]}")
    refused(ring, f"{first.id}.{other.partition('.')[2]}")


def test_a_hash_copied_into_another_row_gives_nothing(ring, database):
    (own, key), (target, _admin) = ring.create("own"), ring.create("target", role="admin")
    with database.write() as connection:
        stolen = connection.scalar(select(api_keys.c.secret_hmac).where(api_keys.c.id == own.id))
        connection.execute(update(api_keys).where(api_keys.c.id == target.id).values(secret_hmac=stolen))
    refused(ring, f"{target.id}.{key.partition('.')[2]}")
    assert ring.verify(key).role == "caller"


def test_a_changed_hash_or_another_pepper_makes_the_key_invalid(ring, database):
    record, key = ring.create("a")
    refused(KeyRing(database, bytes(32)), key)
    ring.verify(key)
    for forged in (b"", bytes(32), b"x"):
        with database.write() as connection:
            connection.execute(update(api_keys).where(api_keys.c.id == record.id).values(secret_hmac=forged))
        refused(ring, key)


def test_a_refusal_tells_nothing_about_why(ring, database):
    later = KeyRing(database, PEPPER, lambda: NOW + timedelta(days=2))
    early = KeyRing(database, PEPPER, lambda: NOW)
    _expired, expired = early.create("expired", expires_at=NOW + timedelta(days=1))
    record, revoked = early.create("revoked")
    early.revoke(record.id)
    unknown = "lma-aaaaaaaaaaaa." + "A" * 43
    wrong = expired[:-4] + "AAAA"
    assert len({refused(later, key) for key in (expired, revoked, unknown, wrong, "", "nonsense")}) == 1


def test_known_and_unknown_ids_pay_for_the_same_comparison(ring, monkeypatch):
    _record, key = ring.create("a")
    compared = []
    honest = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((len(a), len(b))) or honest(a, b))
    ring.verify(key)
    refused(ring, "lma-aaaaaaaaaaaa." + "A" * 43)
    refused(ring, "malformed")
    assert compared == [(32, 32)] * 3


def test_a_key_ends_at_its_time(database):
    moment = NOW
    ring = KeyRing(database, PEPPER, lambda: moment)
    record, key = ring.create("a", expires_at=NOW + timedelta(hours=1))
    moment = NOW + timedelta(minutes=59, seconds=59, milliseconds=999)
    assert ring.verify(key) == record
    moment = NOW + timedelta(hours=1)
    refused(ring, key)
    assert [one.state("2026-11-24T13:00:00.000Z") for one in ring.list()] == ["expired"]


def test_revoking_twice_keeps_the_first_time(database):
    moment = NOW
    ring = KeyRing(database, PEPPER, lambda: moment)
    record, key = ring.create("a")
    first = ring.revoke(record.id)
    moment = NOW + timedelta(days=1)
    assert ring.revoke(record.id) == first
    assert first.revoked_at == "2026-11-24T12:00:00.000Z"
    assert first.state("2026-11-24T12:00:00.000Z") == "revoked"
    refused(ring, key)


def test_revoking_one_key_leaves_the_others(ring):
    (record, _key), (other, kept) = ring.create("a"), ring.create("a")
    ring.revoke(record.id)
    assert ring.verify(kept) == other


OTHER_PROCESS = """
import json, sys
from appliance.core.errors import AuthenticationFailed
from appliance.state.database import Database
from appliance.state.keys import KeyRing
ring = KeyRing(Database.open(sys.argv[1]), bytes(range(32)))
for line in sys.stdin:
    try:
        answer = ring.verify(json.loads(line)).name
    except AuthenticationFailed:
        answer = "refused"
    print(answer, flush=True)
"""


def test_another_process_sees_a_key_and_its_revocation_at_once(ring, url):
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:

        def ask(key):
            other.stdin.write(json.dumps(key) + "\n")
            other.stdin.flush()
            return other.stdout.readline().strip()

        for number in range(5):
            record, key = ring.create(f"key{number}")
            assert [ask(key), ask(key)] == [f"key{number}"] * 2
            ring.revoke(record.id)
            assert ask(key) == "refused"
        other.stdin.close()


HOSTILE = [
    "",
    "' OR '1'='1",
    "' OR 1=1 --",
    "'; DROP TABLE api_keys; --",
    '" OR ""="',
    "lma-' UNION SELECT * FROM api_keys --.x",
    "lma-%.%",
    "lma-____________." + "_" * 43,
    "lma-aaaaaaaaaaaa." + "A" * 43 + "' OR '1'='1",
    "\x00",
    "lma-aaaaaaaaaaaa\x00." + "A" * 43,
    "lma-aaaaaaaaaaaa." + "A" * 1_000_000,
    "lma-аааааааааааа." + "A" * 43,  # Cyrillic
    "lma-aaaaaaaaaaaa." + "Ａ" * 43,  # full width
    "\ud800",
    "密钥",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_refused_and_changes_nothing(ring, text):
    record, key = ring.create("a")
    refused(ring, text)
    if "\x00" not in text and "\ud800" not in text:
        with pytest.raises(NotFound):
            ring.revoke(text)
        if text and text.isprintable() and len(text) <= 200:
            named, _key = ring.create(text)
            assert named.name == text
            assert named in ring.list()
    assert ring.verify(key) == record


@given(st.text(max_size=80))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_no_text_is_ever_taken_for_a_key(ring, text):
    refused(ring, text)


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 201, "line\nbreak", "tab\t", "bell\x07", "zero\u200bwidth", "\ud800"]
)
def test_a_name_must_be_printable_and_short(ring, name):
    with pytest.raises(InvalidRequest) as caught:
        ring.create(name)
    assert caught.value.param == "name"
    assert ring.list() == ()


def test_a_name_of_200_characters_is_kept(ring):
    record, _key = ring.create("名" * 200)
    assert ring.list() == (record,)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tenant", ""),
        ("tenant", "Retail Bank"),
        ("tenant", "x" * 65),
        ("tenant", "a\n"),
        ("role", "root"),
        ("role", ""),
    ],
)
def test_a_tenant_or_role_that_cannot_be_used_is_named(ring, field, value):
    with pytest.raises(InvalidRequest) as caught:
        ring.create("a", **{field: value})
    assert caught.value.param == field


def test_a_key_cannot_be_made_expired(database):
    with pytest.raises(InvalidRequest):
        KeyRing(database, PEPPER, lambda: NOW).create("a", expires_at=NOW)


@pytest.mark.parametrize("key_id", ["lma-aaaaaaaaaaaa", "", "a"])
def test_an_unknown_id_cannot_be_revoked(ring, key_id):
    with pytest.raises(NotFound):
        ring.revoke(key_id)


def test_a_database_that_does_not_answer_is_not_a_wrong_key(tmp_path):
    ring = KeyRing(Database.open(sqlite_url(tmp_path / "no" / "folder.db")), PEPPER)
    with pytest.raises(Unavailable):
        ring.verify("lma-aaaaaaaaaaaa." + "A" * 43)
