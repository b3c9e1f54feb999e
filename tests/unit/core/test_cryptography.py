"""Both suites against published vectors, and what has to be refused."""

import pytest

from appliance.core.cryptography.chinese import Sm4Gcm
from appliance.core.cryptography.choice import SUITES, read_public_keys, suite_named, write_public_keys
from appliance.core.cryptography.sm2 import ORDER, Sm2Signer, Sm2Verifier
from appliance.core.errors import ConfigError

ABC = {
    "international": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",  # FIPS 180-4
    "chinese": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",  # GB/T 32905, A.1
}
# GB/T 32918.5-2017, A.2: private key, random number, public key, signature of "message digest".
SM2_PRIVATE = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
SM2_RANDOM = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
SM2_PUBLIC = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
SM2_SIGNATURE = (
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
MESSAGE = b"message digest"


@pytest.mark.parametrize("name", SUITES)
def test_hashes_match_the_standards(name):
    assert suite_named(name).digest(b"abc").hex() == ABC[name]


def test_ed25519_matches_rfc_8032():
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    signature = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert suite_named("international").signer(seed).sign(b"\x72").hex() == signature


def test_sm2_matches_the_standard():
    signer = Sm2Signer(SM2_PRIVATE)
    assert signer.sign_with(MESSAGE, SM2_RANDOM).hex() == SM2_SIGNATURE
    assert signer.verifier().key_id == Sm2Verifier(bytes.fromhex(SM2_PUBLIC)).key_id
    assert signer.verifier().verify(MESSAGE, bytes.fromhex(SM2_SIGNATURE))


def test_aes_gcm_matches_the_specification():
    """Test case 16 of the GCM specification."""
    secret = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    sealed = (
        "cafebabefacedbaddecaf888"
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    text = (
        suite_named("international")
        .cipher(secret)
        .decrypt(bytes.fromhex(sealed), bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    )
    assert text.hex().startswith("d9313225f88406e5a55909c5aff5269a")


def test_sm4_gcm_matches_rfc_8998():
    sealed = (
        "00001234567800000000abcd"
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    cipher = Sm4Gcm(bytes.fromhex("0123456789abcdeffedcba9876543210") + bytes(16))
    text = cipher.decrypt(bytes.fromhex(sealed), bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    assert text.hex() == "".join(digit * 16 for digit in "abcdefea")


@pytest.mark.parametrize("name", SUITES)
def test_a_signature_holds_for_its_message_and_key_only(name):
    suite = suite_named(name)
    signer, other = suite.signer(bytes(range(32))), suite.signer(bytes(32))
    assert signer.key_id == suite.signer(bytes(range(32))).key_id != other.key_id
    signature = signer.sign(MESSAGE)
    assert len(signature) == 64
    assert signer.verifier().verify(MESSAGE, signature)
    assert not signer.verifier().verify(MESSAGE + b"!", signature)
    assert not other.verifier().verify(MESSAGE, signature)
    for spoilt in (b"", signature[:63], bytes(64), b"\xff" * 64, signature[:-1] + bytes([signature[-1] ^ 1])):
        assert not signer.verifier().verify(MESSAGE, spoilt)


@pytest.mark.parametrize("private", [SM2_PRIVATE, 1, 2, ORDER - 2, *range(100, 140)])
def test_sm2_public_keys_that_begin_with_0_or_4_verify(private):
    """gmssl strips such digits when it is given the key in its constructor."""
    signer = Sm2Signer(private)
    assert signer.verifier().verify(MESSAGE, signer.sign(MESSAGE))


def test_sm2_signs_with_new_random_numbers():
    signer = Sm2Signer(SM2_PRIVATE)
    assert signer.sign(MESSAGE) != signer.sign(MESSAGE)


@pytest.mark.parametrize("point", [bytes(64), b"\xff" * 64, bytes.fromhex(SM2_PUBLIC)[:-1], b"\x01" * 64])
def test_a_point_off_the_curve_is_no_key(point):
    with pytest.raises(ValueError, match="curve"):
        Sm2Verifier(point)


@pytest.mark.parametrize("private", [0, ORDER - 1, ORDER])
def test_a_private_key_outside_its_range_is_refused(private):
    with pytest.raises(ValueError, match="private key"):
        Sm2Signer(private)


@pytest.mark.parametrize("name", SUITES)
def test_what_was_sealed_opens_with_its_key_and_context_only(name):
    suite = suite_named(name)
    cipher = suite.cipher(bytes(range(32)))
    sealed = cipher.encrypt("余额".encode(), b"a")
    assert cipher.decrypt(sealed, b"a").decode() == "余额"
    assert cipher.encrypt("余额".encode(), b"a") != sealed
    spoilt = [sealed[:-1] + bytes([sealed[-1] ^ 1]), bytes([sealed[0] ^ 1]) + sealed[1:], sealed[:20], b""]
    for bad in spoilt:
        with pytest.raises(ValueError, match=r".+"):
            cipher.decrypt(bad, b"a")
    with pytest.raises(ValueError, match="context"):
        cipher.decrypt(sealed, b"b")
    with pytest.raises(ValueError, match="key"):
        suite.cipher(bytes(32)).decrypt(sealed, b"a")
    with pytest.raises(ValueError, match="32 bytes"):
        suite.cipher(bytes(31))


def test_public_keys_go_through_pem():
    keys = [suite_named(name).signer(bytes(32)).verifier() for name in SUITES]
    text = write_public_keys(keys)
    assert text.count("BEGIN PUBLIC KEY") == 2
    back = read_public_keys(text)
    assert {key.key_id: key.suite for key in keys} == {key_id: key.suite for key_id, key in back.items()}
    signature = suite_named("chinese").signer(bytes(32)).sign(MESSAGE)
    assert back[keys[1].key_id].verify(MESSAGE, signature)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no key",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----",
        # An X25519 key: well-formed, but nothing that signs.
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n"
        "-----END PUBLIC KEY-----",
    ],
)
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        read_public_keys(text)


def test_an_unknown_suite_is_refused():
    with pytest.raises(ConfigError, match="international, chinese"):
        suite_named("md5")
