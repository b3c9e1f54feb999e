"""Install a signed platform package on a machine without a network: check it, unpack it, run its own `install.sh`.

Usage: install-offline.sh PLATFORM.lmab MAKER.pub [--home DIR] [--prefix DIR]
"""

import argparse
import datetime
import fcntl
import io
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from package import Refused, TarReader, check_fits, key_id_of, read_head, unpack

# Wheels are compressed: what they become in the environment, beside themselves, while both are on the disk.
ROOM_FOR_WHEELS = 4.5
ROOM_FOR_THE_REST = 1.2
NEWS_EVERY_S = 0.5
CHINESE = (os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "").startswith("zh")


def say(english: str, chinese: str) -> None:
    """Print a line in the user's language."""
    print(chinese if CHINESE else english, flush=True)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    root = os.geteuid() == 0
    parser = argparse.ArgumentParser(
        prog="install-offline.sh", description="Installs the appliance from a signed file, without a network."
    )
    parser.add_argument("package", metavar="PLATFORM.lmab")
    parser.add_argument("key", metavar="MAKER.pub", help="the maker's public key, compared with what you have on paper")
    parser.add_argument("--home", default=os.environ.get("APPLIANCE_HOME") or "~/.local/share/appliance")
    parser.add_argument("--prefix", default="/opt/appliance" if root else "~/.local/opt/appliance")
    given = parser.parse_args()
    given.home, given.prefix = (Path(path).expanduser().absolute() for path in (given.home, given.prefix))
    given.package, given.key = Path(given.package), Path(given.key)
    return given


def install(given: argparse.Namespace) -> None:
    """Do it; every step may be interrupted and is done again by the next run."""
    key_text = given.key.read_text(encoding="utf-8", errors="replace")
    key_id, _key = key_id_of(key_text)
    with given.package.open("rb") as archive:
        reader = TarReader(archive)
        manifest, raw, signature = read_head(reader, key_text)
        ask_minisign(raw, signature, given.key)
        python, found = python_for(manifest)
        check_fits(manifest, platform.machine(), found, accelerators(), datetime.datetime.now(datetime.UTC))
        title = f"{manifest['version']} (release {manifest['release_counter']})"
        say(f"✓ The signature is good: {title}, key {key_id}", f"✓ 签名有效：{title}，密钥 {key_id}")
        name = f"{manifest['release_counter']:010d}-{manifest['version']}"
        check_prefix(given.prefix, name)
        release = given.prefix / "releases" / name
        if not same_release(release, raw):
            place(reader, manifest, raw, signature, given.prefix, release)
    script = release / "files" / "install.sh"
    run("sh", script, "prepare", release, python)
    pin(given.home, key_id, key_text)
    run("sh", script, "activate", release, given.prefix, given.home)
    say(
        f"Installed. Start it with: {given.prefix}/bin/appliance up",
        f"安装完成。启动命令：{given.prefix}/bin/appliance up",
    )


def ask_minisign(raw: bytes, signature: bytes, key: Path) -> None:
    """Where the public tool is installed, it must agree."""
    tool = shutil.which("minisign")
    if tool is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        message = Path(folder) / "manifest.json"
        message.write_bytes(raw)
        message.with_name("manifest.json.minisig").write_bytes(signature)
        if failed(tool, "-V", "-q", "-p", key, "-m", message):
            raise Refused("minisign does not accept its signature", "minisign 不接受其签名")


def python_for(manifest: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the Python that the package's wheels are for, and the versions that are here."""
    wanted = manifest["platform"].get("python")
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if wanted in (None, own):
        return sys.executable, [own]
    other = shutil.which(f"python{wanted}")
    if other is None or failed(other, "-c", "pass"):
        return sys.executable, [own]
    return other, [own, wanted]


def failed(*command: object) -> bool:
    """Run a program without its words; tell whether it failed."""
    return subprocess.run(list(map(str, command)), stderr=subprocess.DEVNULL, check=False).returncode != 0


def accelerators() -> list[str]:
    """Return what packages may be for on this machine."""
    return ["cpu", "gpu"] if Path("/proc/driver/nvidia/version").exists() else ["cpu"]


def check_prefix(prefix: Path, name: str) -> None:
    """Refuse a folder that holds another appliance, or an older release than was here."""
    link = prefix / "current"
    if link.is_symlink() and link.readlink().name != name:
        raise Refused(
            f"{prefix} holds an appliance already; upgrade it with: {prefix}/bin/appliance package install FILE",
            f"{prefix} 中已有一体机；请用以下命令升级：{prefix}/bin/appliance package install 文件",
        )
    counter = prefix / "highest-release"
    highest = int(counter.read_text(encoding="ascii")) if counter.exists() else 0
    if int(name[:10]) < highest:
        raise Refused(
            f"it is release {int(name[:10])}, and release {highest} was installed here before",
            f"它是第 {int(name[:10])} 版，而本机曾安装第 {highest} 版",
        )


def same_release(release: Path, raw: bytes) -> bool:
    """Tell whether this very package was unpacked whole before."""
    manifest = release / "manifest.json"
    return manifest.exists() and manifest.read_bytes() == raw


def place(
    reader: TarReader, manifest: dict[str, Any], raw: bytes, signature: bytes, prefix: Path, release: Path
) -> None:
    """Unpack beside, then rename: a release's folder has all of its files, or is not there."""
    staging = prefix / "staging"
    shutil.rmtree(staging, ignore_errors=True)
    shutil.rmtree(release, ignore_errors=True)
    staging.mkdir()
    release.parent.mkdir(exist_ok=True)
    check_room(manifest, prefix)
    try:
        unpack(reader, manifest, staging, Meter())
        (staging / "manifest.json").write_bytes(raw)
        (staging / "manifest.json.minisig").write_bytes(signature)
        os.sync()
        staging.rename(release)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def check_room(manifest: dict[str, Any], folder: Path) -> None:
    """Refuse where the disk is too small for the files and for what the wheels become."""
    wheels = sum(file["size"] for file in manifest["files"] if file["path"].startswith("wheels/"))
    needed = int(wheels * ROOM_FOR_WHEELS + (manifest["total_unpacked"] - wheels) * ROOM_FOR_THE_REST)
    free = shutil.disk_usage(folder).free
    if free < needed:
        wanted, left = f"{needed / 1e9:.1f} GB", f"{free / 1e9:.1f} GB"
        raise Refused(f"it needs {wanted} in {folder}; {left} is free", f"{folder} 中需要 {wanted}，仅剩 {left}")


class Meter:
    """Tells how far a copy is: bytes, rate, time left; on one line where somebody watches."""

    def __init__(self) -> None:
        self._begun = self._said = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Print where the copy is."""
        now = time.monotonic()
        if done < total and (now - self._said < NEWS_EVERY_S or not sys.stdout.isatty()):
            return
        self._said = now
        rate = done / max(now - self._begun, 1e-3)
        verb = "解压" if CHINESE else "Unpack"
        mark = "✓" if done == total else "…"
        left = f", {(total - done) / max(rate, 1):.0f} s" if done < total else ""
        line = f"{mark} {verb} {done / 1e6:.0f} / {total / 1e6:.0f} MB, {rate / 1e6:.0f} MB/s{left}"
        print(f"\r{line}\033[K" if sys.stdout.isatty() else line, end="" if done < total else "\n", flush=True)


def pin(home: Path, key_id: str, key_text: str) -> None:
    """Let later packages of this maker be taken: the key goes into the home folder."""
    folder = home / "trusted-keys"
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    home.chmod(0o700)
    part = folder / f"{key_id}.part"
    part.write_text(key_text.strip() + "\n", encoding="utf-8")
    os.sync()
    part.rename(part.with_suffix(".pub"))


def run(*command: object) -> None:
    """Run a part of the package, which is checked by now."""
    sys.stdout.flush()
    code = subprocess.run(list(map(str, command)), check=False).returncode
    if code:
        sys.exit(code if code > 0 else 1)


def main() -> None:
    """Install under a lock, so that two runs do not meet."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # whatever the terminal can show
    given = arguments()
    try:
        given.prefix.mkdir(parents=True, exist_ok=True)
        with (given.prefix / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused("another installation is at work", "另一个安装正在进行") from None
            install(given)
    except Refused as reason:
        text = f"拒绝安装：{reason.chinese}。" if CHINESE else f"The package is refused: {reason}."
        sys.exit(text)
    except OSError as error:
        sys.exit(f"{error.filename or ''}: {error.strerror}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
