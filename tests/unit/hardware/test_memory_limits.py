import pytest

from appliance.hardware.memory import read_memory

GIB = 2**30


@pytest.fixture
def kernel(tmp_path):
    """A machine of 32 GiB with 30 available, whose control groups the test writes."""
    proc, groups = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(f"MemTotal: {32 * 2**20} kB\nMemFree: 5 kB\nMemAvailable: {30 * 2**20} kB\n")

    def write(membership, files):
        (proc / "self" / "cgroup").write_text(membership)
        for name, content in files.items():
            path = groups / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(content) + "\n")
        return read_memory(proc, groups)

    return write


def test_version_2_limit(kernel):
    memory = kernel(
        "0::/box/app\n",
        {
            "box/memory.max": 8 * GIB,
            "box/memory.current": 5 * GIB,
            "box/memory.stat": f"anon 1\ninactive_file {GIB}",
            "box/app/memory.max": "max",
            "box/app/memory.current": GIB,
        },
    )
    assert memory.total_bytes == 8 * GIB, "the limit of a group above holds too"
    assert memory.available_bytes == 4 * GIB, "what the page cache holds can be taken back"
    assert memory.limited


def test_version_2_inside_a_container_whose_path_is_not_visible(kernel):
    memory = kernel("0::/../../elsewhere\n", {"memory.max": 4 * GIB, "memory.current": GIB})
    assert (memory.total_bytes, memory.available_bytes) == (4 * GIB, 3 * GIB)


def test_version_1_limit(kernel):
    memory = kernel(
        "9:name=systemd:/\n4:memory:/box\n0::/\n",
        {
            "memory/memory.limit_in_bytes": 2**63 - 4096,
            "memory/memory.usage_in_bytes": GIB,
            "memory/box/memory.limit_in_bytes": 6 * GIB,
            "memory/box/memory.usage_in_bytes": 2 * GIB,
        },
    )
    assert (memory.total_bytes, memory.available_bytes) == (6 * GIB, 4 * GIB)


def test_version_1_without_a_limit(kernel):
    memory = kernel("4:memory:/\n", {"memory/memory.limit_in_bytes": 2**63 - 4096, "memory/memory.usage_in_bytes": 1})
    assert (memory.total_bytes, memory.available_bytes) == (32 * GIB, 30 * GIB)
    assert not memory.limited


def test_limit_above_the_machine_is_none(kernel):
    memory = kernel("0::/\n", {"memory.max": 64 * GIB, "memory.current": GIB})
    assert memory.total_bytes == 32 * GIB
    assert not memory.limited


def test_machine_that_tells_nothing(tmp_path):
    memory = read_memory(tmp_path, tmp_path)
    assert memory.total_bytes is None
    assert memory.available_bytes is None
