import stat
import subprocess
import sys

import pytest

from appliance.core.errors import ConfigError
from appliance.state.keys import load_or_create_pepper, load_or_create_token


def test_the_pepper_is_made_once_for_its_owner_only(tmp_path):
    path = tmp_path / "secrets" / "pepper"
    pepper = load_or_create_pepper(path)
    assert len(pepper) == 32
    assert load_or_create_pepper(path) == pepper
    assert load_or_create_pepper(tmp_path / "other" / "pepper") != pepper
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_token_is_one_line_of_letters_and_digits(tmp_path):
    path = tmp_path / "ray.token"
    token = load_or_create_token(path)
    assert len(token) == 64
    assert token.isalnum()
    assert path.read_text() == token == load_or_create_token(path)


def test_a_token_written_by_hand_may_end_in_a_newline(tmp_path):
    path = tmp_path / "ray.token"
    path.touch(mode=0o600)
    path.write_text("a" * 40 + "\n")
    assert load_or_create_token(path) == "a" * 40


MAKER = """
import sys
from pathlib import Path
from appliance.state.keys import load_or_create_pepper
sys.stdin.readline()
print(load_or_create_pepper(Path(sys.argv[1])).hex())
"""


def test_first_starts_at_the_same_moment_agree(tmp_path):
    path = tmp_path / "secrets" / "pepper"
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", MAKER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _number in range(4)
    ]
    for maker in makers:
        maker.stdin.write("go\n")
        maker.stdin.flush()
    assert len({maker.communicate()[0] for maker in makers}) == 1
    assert len(list(path.parent.iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_damaged_pepper_is_never_replaced(tmp_path, content):
    path = tmp_path / "pepper"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="damaged"):
        load_or_create_pepper(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"short", b"with space " * 8, "令牌".encode() * 20])
def test_a_damaged_token_is_told(tmp_path, content):
    path = tmp_path / "token"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="damaged"):
        load_or_create_token(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_secret_that_others_may_read_is_refused(tmp_path, mode):
    path = tmp_path / "pepper"
    load_or_create_pepper(path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_or_create_pepper(path)
