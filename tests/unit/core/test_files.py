import stat

import pytest

from appliance.core.errors import DiskFull
from appliance.core.files import durable_write, reporting_full_disk, write_durably


def test_a_file_appears_with_its_whole_content_and_mode(tmp_path):
    path = tmp_path / "new" / "secret"
    write_durably(path, b"content")
    assert path.read_bytes() == b"content"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_failure_leaves_the_old_content_and_no_rest(tmp_path):
    path = tmp_path / "file"
    write_durably(path, b"old")

    def break_off():
        with durable_write(path) as file:
            file.write(b"half of the new")
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_can_be_seen_before_the_end(tmp_path):
    path = tmp_path / "file"
    with durable_write(path) as file:
        file.write(b"all")
        file.flush()
        assert not path.exists()
    assert path.read_bytes() == b"all"


def test_a_full_disk_is_told_with_its_folder_and_changes_nothing(small_disk):
    path = small_disk / "file"
    write_durably(path, b"old")
    with pytest.raises(DiskFull) as caught:
        write_durably(path, bytes(4 * 2**20))
    assert str(small_disk) in str(caught.value)
    assert path.read_bytes() == b"old"
    assert list(small_disk.iterdir()) == [path]


def test_other_failures_are_not_called_a_full_disk(tmp_path):
    with pytest.raises(FileNotFoundError), reporting_full_disk(tmp_path):
        (tmp_path / "absent").read_bytes()
