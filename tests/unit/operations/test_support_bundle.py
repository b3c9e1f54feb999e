"""A bundle for the vendor: nothing in it that must not leave, whatever file it turned up in."""

import base64
import gzip
import hashlib
import json
import os
import stat
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.cluster.node import temp_folder
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import Conflict, DiskFull, InvalidRequest
from appliance.operations.audit import open_audit
from appliance.operations.keys import KeyWish, create_key
from appliance.operations.redaction import Redactor
from appliance.operations.support_bundle import Bundle, collect, write_bundle
from appliance.operations.support_bundle import logs as bundle_logs
from appliance.operations.support_bundle.parts import Part
from appliance.state.audit.records import NewRecord
from appliance.state.keys import load_or_create_pepper, load_or_create_token

OIDC_SECRET = "Zx9-oidc-client-geheim"
LDAP_PASSWORD = "绑定密码-Tz8!x"
DATABASE_PASSWORD = "p%40ss-Wort1"  # in an address
PERSONAL = (
    "张伟", "13800138000", "110101199003078515", "6222021234567890128", "zhang.wei@bank.cn",
    "北京市海淀区中关村大街1号", "Jane Miller", "jane.miller@example.com", "+44 20 7946 0958", "4111111111111111",
)  # fmt: skip
WORDS = "Wie lautet die Geheimzahl meiner Karte"


@pytest.fixture
def home(tmp_path):
    """Give a home that was used: secrets of every kind, keys, an audit log."""
    place = Home(tmp_path / "home")
    site = SiteConfig()
    with open_audit(place, site, begin=True) as audit:
        audit.log.append([NewRecord("system.recovered", content=WORDS)])
    load_or_create_token(place.ray_token_file)
    pepper = load_or_create_pepper(place.pepper_file)
    assert len(pepper) == 32
    _record, key = create_key(place, site, "张伟的密钥", KeyWish(role="admin"))
    place.admin_key_file.write_text(f"{key}\n")
    (place.secrets / "oidc").write_text(OIDC_SECRET + "\n")
    (place.secrets / "ldap").write_text(LDAP_PASSWORD + "\n", encoding="utf-8")
    place.site_file.write_text(
        "# 负责人 张伟 13800138000, Jane Miller <jane.miller@example.com>\n"
        f"# 密码：{LDAP_PASSWORD}\n"
        "sign_in:\n"
        "  oidc:\n"
        "    {issuer: 'https://idp.bank.cn', client_id: lma, client_secret_file: secrets/oidc,\n"
        "     redirect_uri: 'https://gw.bank.cn/v1/auth/oidc/callback',\n"
        "     rules: [{claim: g, value: v, tenant: default, role: caller}]}\n"
        "audit: {content: masked}\n",
        encoding="utf-8",
    )
    return place


def secrets_of(home):
    """Return every form in which a secret of the home could stand in a file."""
    found = []
    for path in [home.admin_key_file, *home.secrets.rglob("*")]:
        if not path.is_file():
            continue
        raw = path.read_bytes()
        value = raw.strip()
        found += [raw.hex(), value.hex(), raw.hex().upper(), base64.b64encode(raw).decode(), repr(raw)[2:-1]]
        found.append(base64.urlsafe_b64encode(value).decode().rstrip("="))
        if b"PRIVATE" in raw:
            found += [line for line in raw.decode().splitlines() if not line.startswith("-----")]
        elif b"PUBLIC" not in raw:
            try:
                found.append(value.decode())
            except UnicodeDecodeError:
                continue
    found += [home.admin_key_file.read_text().strip().partition(".")[2]]
    return [one for one in found if len(one) >= 4]


def write_logs(home):
    """Write everything that must not leave into logs of every kind."""
    secrets = secrets_of(home)
    lines = [f"startup value={one} end" for one in secrets]
    lines += [json.dumps({"event": "x", "detail": one, "who": PERSONAL[0]}) for one in secrets]
    lines += [
        "GET /v1/auth/oidc/callback?code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj HTTP/1.1",
        "Authorization: Bearer lms-abcdefghijkl.Q1w2E3r4T5y6U7i8O9p0Q1w2E3r4T5y6",
        '{"authorization": "Basic dXNlcjpwYXNzd29ydDE="}',
        "join njt_01jzzzzzzzzzzzzzzzzzzzzzzz.J0inSecretAbCdEfGh.0123456789abcdef0123456789abcdef refused",
        "key lma-zzzzzzzzzzzz.AbCdEfGhIjKlMnOpQrStUvWxYz012345 refused",
        f"connect postgresql+psycopg://app:{DATABASE_PASSWORD}@db.bank.cn/app failed",
        "redis://:OnlyAPass99@cache:6379/0",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIOther\n-----END PRIVATE KEY-----",
        "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLWhlcmU",
        "hash $argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaGhhc2g",
        'password = "correct horse battery"; api_key: sk-1234567890abcdefghij',
        "Set-Cookie: sid=31d4d96e407aad42; Path=/",
        f'{{"prompt": "{WORDS}", "messages": [{{"role": "user", "content": "{WORDS}"}}], "n": 1}}',
        f"Received request: prompt: '{WORDS}', params",
    ]
    lines += [f"客户 {one} 来电" for one in PERSONAL]
    lines += [json.dumps({"customer": f"客户姓名：{one}，已登记"}) for one in PERSONAL]
    lines += ["GET /v1/users/zhang.wei%40bank.cn HTTP/1.1", "mail=jane.miller%40example.com"]
    text = "\n".join(lines) + "\n"
    (home.logs / "gateway-1.log").write_text(text, encoding="utf-8")
    session = temp_folder(home.root) / "session_2026"
    (session / "logs").mkdir(parents=True)
    (session / "logs" / "serve.log").write_text(text, encoding="utf-8")
    (session.parent / "session_latest").symlink_to("session_2026")


MUST_NOT_LEAVE = (
    *PERSONAL, OIDC_SECRET, LDAP_PASSWORD, DATABASE_PASSWORD, "p@ss-Wort1", "SplxlOBeZQQYbYS6WxSbIA", "af0ifjsldkj",
    "Q1w2E3r4T5y6U7i8O9p0Q1w2E3r4T5y6", "dXNlcjpwYXNzd29ydDE=", "AbCdEfGhIjKlMnOpQrStUvWxYz012345", "OnlyAPass99",
    "J0inSecretAbCdEfGh", "MC4CAQAwBQYDK2VwBCIEIOther", "c2lnbmF0dXJlLWhlcmU", "eyJzdWIiOiJhbGljZSJ9", "aGFzaGhhc2g",
    "correct horse", "sk-1234567890abcdefghij", "31d4d96e407aad42", WORDS, "zhang.wei", "jane.miller@",
)  # fmt: skip


def bundle_of(home):
    (bundle,) = (one for one in collect(home, modules=()) if isinstance(one, Bundle))
    return bundle


def unpacked(file):
    with tarfile.open(file) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive.getmembers()}


def test_nothing_that_must_not_leave_is_anywhere_in_the_bundle(home, tmp_path):
    write_logs(home)
    bundle = bundle_of(home)
    file = tmp_path / "out" / "bundle.tar.gz"
    write_bundle(bundle, file)
    found = unpacked(file)
    everything = b"\n".join((*(name.encode() for name in found), *found.values()))
    text = everything.decode()
    spelled = text.encode().decode("unicode_escape", "replace")
    for secret in (*secrets_of(home), *MUST_NOT_LEAVE):
        assert secret.encode() not in everything, secret
        assert json.dumps(secret)[1:-1] not in text, secret
        assert secret not in spelled, secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes().count(b"PRIVATE KEY") == 0
    # What helps is there all the same.
    log = found["appliance-support/logs/gateway-1.log"].decode()
    assert "failed" in log
    assert "lma-zzzzzzzzzzzz" in log
    assert "appliance-support/ray/serve.log" in found
    assert "client_secret_file: secrets/oidc" in found["appliance-support/site.yaml"].decode()
    database = json.loads(found["appliance-support/database.json"])
    assert database["rows"]["api_keys"] == 1
    assert json.loads(found["appliance-support/audit.json"])["ok"] is True
    assert json.loads(found["appliance-support/migrations.json"])[0]["number"] == 1
    assert json.loads(found["appliance-support/version.json"])["packages"]["pydantic"]


def test_the_manifest_is_true_and_the_same_bundle_gives_the_same_bytes(home, tmp_path):
    write_logs(home)
    bundle = bundle_of(home)
    for name in ("a.tar.gz", "b.tar.gz"):
        write_bundle(bundle, tmp_path / name)
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "b.tar.gz").read_bytes()
    found = unpacked(tmp_path / "a.tar.gz")
    assert list(found) == ["appliance-support/manifest.json", *sorted(name for name in found if "manifest" not in name)]
    manifest = json.loads(found["appliance-support/manifest.json"])
    assert {f"appliance-support/{one['name']}" for one in manifest["files"]} == set(found) - {
        "appliance-support/manifest.json"
    }
    for one in manifest["files"]:
        content = found[f"appliance-support/{one['name']}"]
        assert (one["sha256"], one["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    log = next(one for one in manifest["files"] if one["name"] == "logs/gateway-1.log")
    assert set(log["removed"]) == {"secret", "token", "password", "pem", "words", "personal"}
    reasons = {one["name"]: one["reason"] for one in manifest["missing"]}
    assert "status.json" in reasons  # it does not run


def test_what_cannot_be_read_is_told_with_the_reason(home, monkeypatch):
    for name in ("good.log", "closed.log"):
        (home.logs / name).write_text("hello\n")
    (home.logs / "odd.log").write_bytes("password: 密码".encode("utf-16"))
    (home.logs / "link.log").symlink_to(home.admin_key_file)
    os.mkfifo(home.logs / "pipe.log")
    plain_open = os.open

    def closed(path, *arguments, **options):  # root may read everything, so the system's answer is played here
        if str(path).endswith("closed.log"):
            raise PermissionError(13, "Permission denied")
        return plain_open(path, *arguments, **options)

    monkeypatch.setattr(os, "open", closed)
    bundle = bundle_of(home)
    names = [part.name for part in bundle.parts]
    assert "logs/good.log" in names
    reasons = {one.name: one.reason for one in bundle.missing}
    assert reasons["logs/closed.log"] == "Permission denied"
    assert {"logs/odd.log", "logs/link.log", "logs/pipe.log"} <= set(reasons)


def test_a_session_link_that_leads_elsewhere_is_not_followed(home):
    temporary = temp_folder(home.root)
    temporary.mkdir(parents=True)
    elsewhere = home.root / "elsewhere" / "logs"
    elsewhere.mkdir(parents=True)
    (elsewhere / "x.log").write_text("hello\n")
    (temporary / "session_latest").symlink_to(home.root / "elsewhere")
    assert [part.name for part in bundle_of(home).parts if part.name.startswith("ray/")] == []


def test_the_end_of_a_log_begins_with_a_whole_line(home, monkeypatch):
    monkeypatch.setattr(bundle_logs, "MOST_OF_A_FILE", 1000)
    path = home.logs / "long.log"
    path.write_text("".join(f"line {number:04} with some words\n" for number in range(100)))
    (home.logs / "one-line.log").write_text("x" * 5000)
    parts = {part.name: part for part in bundle_of(home).parts}
    text = parts["logs/long.log"].content.decode()
    assert text.startswith("line 00")
    assert text.endswith("line 0099 with some words\n")
    assert parts["logs/long.log"].left_out_bytes == path.stat().st_size - len(text)
    assert parts["logs/one-line.log"].content == b""


def test_the_newest_logs_come_first_and_there_is_an_end(home, monkeypatch):
    monkeypatch.setattr(bundle_logs.LogFiles, "__init__", _small_budget(bundle_logs.LogFiles.__init__))
    for number in range(4):
        path = home.logs / f"{number}.log"
        path.write_text("word " * 100)
        os.utime(path, (1_000_000 + number, 1_000_000 + number))
    bundle = bundle_of(home)
    assert [part.name for part in bundle.parts if part.name.startswith("logs/")] == ["logs/2.log", "logs/3.log"]
    assert {one.name for one in bundle.missing} >= {"logs/0.log", "logs/1.log"}


def _small_budget(plain):
    def init(self, *arguments, **options):
        plain(self, *arguments, **options)
        self.budget = 600

    return init


def test_a_home_that_is_new_or_broken_gives_what_there_is(tmp_path):
    empty = Home(tmp_path / "nothing")
    bundle = bundle_of(empty)
    assert not empty.root.exists()
    assert {"version.json", "machine.json", "doctor.json"} <= {part.name for part in bundle.parts}
    broken = Home(tmp_path / "broken")
    broken.create()
    broken.site_file.write_text("sign_in: [no\npassword: hunter22x\n")
    broken.database.write_bytes(b"this is no database" * 100)
    bundle = bundle_of(broken)
    site = next(part for part in bundle.parts if part.name == "site.yaml")
    assert b"hunter22x" not in site.content
    assert {one.name for one in bundle.missing} >= {"database.json", "migrations.json", "audit.json"}


def test_a_full_disk_leaves_no_half_file(small_disk):
    bundle = Bundle("now", "1", (Part("big", os.urandom(3 * 1024 * 1024)),), ())
    with pytest.raises(DiskFull):
        write_bundle(bundle, small_disk / "bundle.tar.gz")
    assert list(small_disk.iterdir()) == []


def test_a_file_that_is_there_is_not_written_over_and_a_place_that_is_none_is_told(tmp_path):
    bundle = Bundle("now", "1", (), ())
    (tmp_path / "there").write_text("mine")
    with pytest.raises(Conflict):
        write_bundle(bundle, tmp_path / "there")
    assert (tmp_path / "there").read_text() == "mine"
    with pytest.raises(InvalidRequest):
        write_bundle(bundle, tmp_path / "there" / "below.tar.gz")
    write_bundle(bundle, tmp_path / "empty.tar.gz")
    assert json.loads(gzip.decompress((tmp_path / "empty.tar.gz").read_bytes())[512:].partition(b"\n}\n")[0] + b"}")


# The cleaning itself


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=8, max_size=64), st.sampled_from(("hex", "base64", "url", "json", "repr", "text")))
def test_a_secret_is_found_in_each_form(secret, form):
    if not secret.strip():
        return
    spelled = {
        "hex": secret.hex(),
        "base64": base64.b64encode(secret).decode(),
        "url": base64.urlsafe_b64encode(secret).decode().rstrip("="),
        "json": json.dumps(secret.decode("latin-1").encode().decode())[1:-1],
        "repr": repr(secret)[2:-1],
        "text": secret.decode("latin-1"),
    }[form]
    given_ = secret if form in ("hex", "base64", "url", "repr") else secret.decode("latin-1")
    clean, counts = Redactor([given_]).clean(f"before>{spelled}<after")
    assert spelled not in clean
    assert counts["secret"] >= 1


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens: 512, prompt_tokens=77",
        "client_secret_file: secrets/oidc",
        "[2026-11-26 10:00:00,123 I 1 1] (raylet) node_manager.cc:12: Registered worker",
        '{"event": "refused", "request_id": "req_01jx", "status": 503, "code": "unavailable"}',
        "Deployment 'Gateway' has 1 replicas that have taken more than 30s",
        "sha256 d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592",
        "see https://docs.ray.io/en/latest/serve.html for more",
    ],
)
def test_what_helps_is_left_alone(text):
    assert Redactor(["another-secret"]).clean(text)[0] == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("password: |\n  first line\n  second line\nnext: 1", "second line"),
        ("db_password='it is long'", "it is long"),
        ("口令＝x".replace("＝", "：") + " 令牌: 暗号暗号", "暗号暗号"),
        ("proxy-authorization: Digest username=x", "username"),
        ("tail of a key\nMC4CAQAwBQ\n-----END PRIVATE KEY-----\nrest", "MC4CAQAwBQ"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE", "MHcCAQEE"),
        ("https://user:a:b@host/", "a:b"),
        ('{"password":"it is \\"quoted\\" here"}', "here"),
    ],
)
def test_secrets_that_nobody_knows_are_found_by_their_form(text, gone):
    clean, counts = Redactor().clean(text)
    assert gone not in clean
    assert counts


def test_a_line_without_an_end_is_told_by_its_length():
    clean, counts = Redactor().clean("first\n" + "password=" * 5000 + "\nlast\n")
    assert clean == "first\n[45001 characters]\nlast\n"
    assert counts["line"] == 1
