"""Signatures in minisign's format, and the public tool's opinion of them."""

import shutil
import subprocess

import pytest

from appliance.core.errors import PackageError
from appliance.packages.signed.minisign import SecretKey, parse_public_key, parse_signature

MESSAGE = b'{"name": "base"}\n' * 100

tool = pytest.mark.skipif(shutil.which("minisign") is None, reason="the program minisign is not installed")


def test_what_was_signed_is_verified_and_nothing_else():
    key = SecretKey.generate()
    signature = parse_signature(key.sign(MESSAGE, "model base 1").to_text())
    public = parse_public_key(key.public.to_text())
    assert signature.is_by(public, MESSAGE)
    assert not signature.is_by(public, MESSAGE + b" ")
    assert not signature.is_by(SecretKey.generate().public, MESSAGE)


def test_the_comment_is_signed_too():
    key = SecretKey.generate()
    text = key.sign(MESSAGE, "model base 1").to_text().replace("model base 1", "model base 2")
    assert not parse_signature(text).is_by(key.public, MESSAGE)


@pytest.mark.parametrize("password", [None, "a pass phrase"])
def test_a_secret_key_is_read_back(password):
    key = SecretKey.generate()
    again = SecretKey.parse(key.to_text(password), password)
    assert again.public == key.public
    assert again.sign(MESSAGE, "c").to_text() == key.sign(MESSAGE, "c").to_text()


def test_a_password_that_is_missing_or_wrong_is_told():
    text = SecretKey.generate().to_text("right")
    with pytest.raises(PackageError, match="needs a password"):
        SecretKey.parse(text)
    with pytest.raises(PackageError, match="password is wrong"):
        SecretKey.parse(text, "wrong")


@pytest.mark.parametrize(
    "text", ["", "x", "untrusted comment: x\n%%%\n", "untrusted comment: x\nRWQ=\n", "a\nb\nc\nd\n", "x" * 9000]
)
def test_what_is_no_key_or_signature_is_refused(text):
    for parse in (parse_public_key, parse_signature, SecretKey.parse):
        with pytest.raises(PackageError, match="cannot be used"):
            parse(text)


@tool
def test_the_public_tool_verifies_our_signature(tmp_path):
    key = SecretKey.generate()
    files = {"m": MESSAGE, "m.minisig": key.sign(MESSAGE, "model base 1").to_text().encode()}
    files["k.pub"] = key.public.to_text().encode()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    command = ["minisign", "-V", "-p", "k.pub", "-m", "m"]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "model base 1" in checked.stdout
    (tmp_path / "m").write_bytes(MESSAGE[:-1])
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


@tool
@pytest.mark.parametrize("password", [None, "a pass phrase"])
def test_we_sign_with_the_public_tools_keys_and_verify_its_signatures(tmp_path, password):
    make = ["minisign", "-G", "-p", "k.pub", "-s", "k.key", *([] if password else ["-W"])]
    told = f"{password}\n{password}\n" if password else ""
    subprocess.run(make, cwd=tmp_path, input=told, text=True, check=True, capture_output=True)
    key = SecretKey.parse((tmp_path / "k.key").read_text(), password)
    public = parse_public_key((tmp_path / "k.pub").read_text())
    assert key.public == public
    (tmp_path / "m").write_bytes(MESSAGE)
    subprocess.run(
        ["minisign", "-S", "-s", "k.key", "-m", "m", "-t", "theirs"],
        cwd=tmp_path, input=f"{password}\n" if password else "", text=True, check=True, capture_output=True,
    )  # fmt: skip
    theirs = parse_signature((tmp_path / "m.minisig").read_text())
    assert theirs.comment == "theirs"
    assert theirs.is_by(public, MESSAGE)
