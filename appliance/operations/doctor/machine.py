"""Memory, disk, and what the operating system allows."""

import codecs
import locale
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

from appliance.core.messages import _
from appliance.core.units import GIB, MIB, human_bytes
from appliance.hardware.facts import MachineFacts
from appliance.operations.doctor.check import Check, State, plain
from appliance.operations.doctor.system import check_threads

# The whole stack with the base model takes about 6 GB when it runs; 7 GB is its limit.
NEEDED_MEMORY_BYTES = 7 * GIB
NEEDED_DISK_BYTES = 5 * GIB
_WANTED_SHARED_MEMORY_BYTES = 512 * MIB
_WANTED_OPEN_FILES = 65_536
_NEEDED_OPEN_FILES = 4_096


def check_resources(facts: MachineFacts) -> Iterator[Check]:
    """Memory and disk against what the base installation takes."""
    memory = facts.memory
    title = _("Memory")
    if memory.total_bytes is None or memory.available_bytes is None:
        yield Check("memory", title, "unknown", _("could not be read"))
    else:
        found = _(
            "{available} available of {total}",
            available=human_bytes(memory.available_bytes),
            total=human_bytes(memory.total_bytes),
        )
        needed = human_bytes(NEEDED_MEMORY_BYTES)
        if memory.total_bytes < NEEDED_MEMORY_BYTES:
            remedy = _("Give this machine at least {needed}, or raise the limit it runs under.", needed=needed)
            yield Check("memory", title, "failed", found, remedy)
        elif memory.available_bytes < NEEDED_MEMORY_BYTES:
            remedy = _(
                "A start needs {needed}: end other programs first, unless the appliance runs now.", needed=needed
            )
            yield Check("memory", title, "warning", found, remedy)
        else:
            yield Check("memory", title, "ok", found)
    for disk in facts.disks:
        title = _("Disk of {folder}", folder=disk.folder)
        if disk.free_bytes is None or disk.total_bytes is None:
            yield Check("disk", title, "unknown", _("could not be read"))
            continue
        found = _("{free} free of {total}", free=human_bytes(disk.free_bytes), total=human_bytes(disk.total_bytes))
        if disk.free_bytes < NEEDED_DISK_BYTES:
            remedy = _("Free space there until {needed} are free.", needed=human_bytes(NEEDED_DISK_BYTES))
            yield Check("disk", title, "warning", found, remedy)
        else:
            yield Check("disk", title, "ok", found)


def check_limits(shared_memory: Path = Path("/dev/shm")) -> Iterator[Check]:  # noqa: S108
    """Text encoding, shared memory, open files and threads. `shared_memory` is the folder Ray maps its store in."""
    encoding = locale.getpreferredencoding(False)
    utf8 = codecs.lookup(encoding).name == "utf-8"
    yield Check(
        "encoding",
        _("Text encoding"),
        "ok" if utf8 else "warning",
        plain(encoding),
        None if utf8 else _("Set LANG to a UTF-8 locale, for example C.UTF-8."),
    )
    yield _check_shared_memory(shared_memory)
    yield _check_open_files(*resource.getrlimit(resource.RLIMIT_NOFILE))
    yield check_threads()


def _check_shared_memory(folder: Path) -> Check:
    title = _("Shared memory")
    try:
        size = shutil.disk_usage(folder).total
    except OSError:
        return Check("shared_memory", title, "warning", _("none"), _("Mount a tmpfs at {folder}.", folder=folder))
    found = plain(human_bytes(size))
    if size < _WANTED_SHARED_MEMORY_BYTES:
        remedy = _("Enlarge {folder} to 512 MiB or more (in a container: --shm-size).", folder=folder)
        return Check("shared_memory", title, "warning", found, remedy)
    return Check("shared_memory", title, "ok", found)


def _check_open_files(soft: int, hard: int) -> Check:
    """Judge the limits; processes of the appliance raise the soft one up to the hard one."""
    title = _("Open files")
    if resource.RLIM_INFINITY in (soft, hard) or hard >= _WANTED_OPEN_FILES:
        return Check("open_files", title, "ok", _("{soft} of at most {hard}", soft=_limit(soft), hard=_limit(hard)))
    state: State = "warning" if hard >= _NEEDED_OPEN_FILES else "failed"
    found = _("{soft} of at most {hard}", soft=soft, hard=hard)
    return Check("open_files", title, state, found, _("Raise the limit nofile to {wanted}.", wanted=_WANTED_OPEN_FILES))


def _limit(value: int) -> str:
    return "∞" if value == resource.RLIM_INFINITY else str(value)
