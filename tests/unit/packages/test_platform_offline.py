"""The program that installs without a network: its own signature check, and what it refuses."""

import os
import platform
import random
import shutil
import subprocess
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appliance.packages.platform.assembling import bootstrap_script
from appliance.packages.signed.minisign import SecretKey
from tests.unit.packages.platform_workshop import PYTHON, ROOT, offline_program
from tests.unit.packages.signed_packages import FILES, NOW, Workshop
from tests.unit.packages.test_signed_store import TAMPERED, content_of

# RFC 8032, section 7.1: public key, message, signature.
VECTORS = [
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
     "d25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
     "387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
     "4a7c15e9716ed28dc027beceea1ec40a"),
    ("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
     "454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
     "3dca179c138ac17ad9bef1177331a704"),
]  # fmt: skip
_ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.fixture(scope="module")
def offline():
    return offline_program()


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_standard(offline, key, message, signature):
    key, message, signature = map(bytes.fromhex, (key, message, signature))
    assert offline.is_signed(key, message, signature)
    assert not offline.is_signed(key, message + b"x", signature)


def test_it_agrees_with_the_cryptography_package(offline):
    chance = random.Random(8032)
    for _round in range(12):
        secret = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        key = secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        message = chance.randbytes(chance.randrange(200))
        signature = secret.sign(message)
        assert offline.is_signed(key, message, signature)
        for broken in (signature, key):
            at = chance.randrange(len(broken))
            flipped = bytes([*broken[:at], broken[at] ^ (1 << chance.randrange(8)), *broken[at + 1 :]])
            pair = (key, flipped) if broken is signature else (flipped, signature)
            assert not offline.is_signed(pair[0], message, pair[1])


def test_a_second_form_of_a_good_signature_is_refused(offline):
    """The factor plus the group's order fulfils the equation too; the standard wants it refused."""
    key, message, signature = map(bytes.fromhex, VECTORS[1])
    factor = int.from_bytes(signature[32:], "little") + _ORDER
    assert not offline.is_signed(key, message, signature[:32] + factor.to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 31, 63, 65])
def test_wrong_lengths_are_refused(offline, length):
    assert not offline.is_signed(bytes(32), b"", bytes(length))
    assert not offline.is_signed(bytes(length), b"", bytes(64))


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)


def platform_package(shop, files=None, **changes):
    return shop.package(files, kind="platform", name="appliance", **changes)


def read(offline, shop, path, folder, key=None):
    """Read a package as the installer does; return its content, raising `Refused`."""
    text = (key or shop.key).public.to_text()
    with path.open("rb") as archive:
        reader = offline.TarReader(archive)
        manifest, _raw, _signature = offline.read_head(reader, text)
        offline.check_fits(manifest, "x86_64", ["3.11"], ["cpu"], NOW)
        folder.mkdir()
        offline.unpack(reader, manifest, folder, lambda done, total: None)
    return content_of(folder / "files")


def test_a_good_package_is_unpacked(offline, shop, tmp_path):
    assert read(offline, shop, platform_package(shop), tmp_path / "out") == FILES


# What one reader says in other words than the other.
TOLD = {
    "a newer format": "newer installer",
    "an unknown key": "not the one given",
    "an unknown field": "run: unknown field",
    "a byte of the signature": "does not fit|cannot be used|not the one given",
}


@pytest.mark.parametrize("case", TAMPERED)
def test_it_refuses_what_the_appliance_refuses(offline, shop, tmp_path, case):
    changes, told = TAMPERED[case]
    changes = dict(changes)
    flip, flip_signature = changes.pop("flip", None), changes.pop("flip_signature", False)
    path = shop.remade(platform_package(shop), **changes)
    if flip or flip_signature:
        raw = bytearray(path.read_bytes())
        at = raw.index(flip) if flip else raw.index(b"untrusted comment") + 60
        raw[at + 2] ^= 1
        path.write_bytes(raw)
    with pytest.raises(offline.Refused, match=TOLD.get(case, told)):
        read(offline, shop, path, tmp_path / "out")
    assert not (tmp_path / "extra").exists()


@pytest.mark.parametrize("part", [0.02, 0.3, 0.9, 0.999])
def test_what_is_cut_off_is_refused(offline, shop, tmp_path, part):
    path = platform_package(shop)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(offline.Refused, match="cut off"):
        read(offline, shop, path, tmp_path / "out")


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(files=[]),
        lambda data: data.update(files={"path": 1}),
        lambda data: data.update(release_counter="1"),
        lambda data: data.update(version="../x"),
        lambda data: data.update(platform="everything"),
        lambda data: data.update(expires="tomorrow"),
        lambda data: data.update(expires="2027-01-01T00:00:00"),
        lambda data: data.pop("key_ids"),
        lambda data: data["files"][0].update(mode=511),
        lambda data: data["files"][0].update(sha256="no"),
        lambda data: data["files"][0].update(path="a\\b"),
        lambda data: b"[]",
        lambda data: b'"text"',
    ],
)
def test_a_manifest_of_another_form_is_refused_though_signed(offline, shop, tmp_path, change):
    path = shop.remade(platform_package(shop), manifest=change)
    with pytest.raises(offline.Refused, match="manifest is not valid"):
        read(offline, shop, path, tmp_path / "out")


def test_another_kind_of_package_is_refused(offline, shop, tmp_path):
    with pytest.raises(offline.Refused, match="not the platform"):
        read(offline, shop, shop.package(), tmp_path / "out")


def test_the_comment_of_the_signature_is_signed_too(offline, shop, tmp_path):
    path = shop.remade(platform_package(shop), signature=lambda text: text.replace("for a test", "of release 9"))
    with pytest.raises(offline.Refused, match="does not fit"):
        read(offline, shop, path, tmp_path / "out")


def test_another_machine_is_told_what_it_has(offline):
    manifest = {"kind": "platform", "name": "appliance", "min_installer": 1, "expires": None,
                "platform": {"arch": None, "python": None, "accelerator": "gpu"}}  # fmt: skip
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(offline.Refused, match="for accelerator gpu, and this machine has cpu"):
        offline.check_fits(manifest, platform.machine(), ["3.11"], ["cpu"], moment)
    offline.check_fits(manifest, platform.machine(), ["3.11"], ["cpu", "gpu"], moment)


@pytest.mark.skipif(shutil.which("minisign") is None, reason="minisign is not installed")
def test_the_public_tool_must_agree_where_it_is(offline, shop):
    raw, public = b"manifest", shop.folder / "maker.pub"
    public.write_text(shop.key.public.to_text())
    offline.ask_minisign(raw, shop.key.sign(raw, "x").to_text().encode(), public)
    with pytest.raises(offline.Refused, match="minisign"):
        offline.ask_minisign(raw, SecretKey.generate().sign(raw, "x").to_text().encode(), public)


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "install-offline.sh"
    path.write_text(bootstrap_script(ROOT))
    return path


def test_the_scripts_are_posix_shell(script):
    for path in (script, ROOT / "images" / "platform" / "offline" / "install.sh"):
        subprocess.run(["sh", "-n", path], check=True)
        if shutil.which("shellcheck"):
            subprocess.run(["shellcheck", path], check=True)


def test_the_script_needs_nothing_but_the_standard_library(script, tmp_path):
    outcome = subprocess.run(
        ["sh", script, "--help"], env={"PATH": "/usr/bin:/bin", "PYTHON": str(PYTHON)}, capture_output=True, text=True,
        check=False, cwd="/",
    )  # fmt: skip
    assert outcome.returncode == 0
    assert "PLATFORM.lmab" in outcome.stdout


@pytest.mark.parametrize(("language", "word"), [("C.UTF-8", "is needed"), ("zh_CN.UTF-8", "需要")])
def test_without_a_new_enough_python_the_script_says_what_to_install(script, language, word):
    environment = {"PATH": os.environ["PATH"], "PYTHON": "false", "LC_ALL": language}
    outcome = subprocess.run(["sh", script, "a", "b"], env=environment, capture_output=True, text=True, check=False)
    assert outcome.returncode == 1
    assert word in outcome.stderr


def test_files_that_cannot_be_read_are_named(script, tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": str(PYTHON), "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    command = ["sh", script, tmp_path / "absent.lmab", tmp_path / "absent.pub", "--prefix", tmp_path / "p"]
    outcome = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert outcome.returncode == 1
    assert "absent.pub" in outcome.stderr
    assert "Traceback" not in outcome.stderr
