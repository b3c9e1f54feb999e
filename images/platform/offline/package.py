"""Reading a package with the standard library alone: minisign's signature, the manifest, a tar of regular files.

The same checks in the same order as the appliance's own reader (`appliance.packages.signed`); a test gives both the
same forged packages. Everything wrong is a `Refused`, a sentence in two languages.
"""

import base64
import datetime
import hashlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO, Any

from ed25519 import is_signed

BLOCK = 512
PIECE = 1 << 20
SCHEMA = 1
LONGEST_MANIFEST = 16 << 20
LONGEST_SIGNATURE = 4096
MOST_FILES = 20_000
LONGEST_PATH = 250
KINDS = {b"1": "a hard link", b"2": "a symbolic link", b"3": "a device", b"4": "a device", b"5": "a folder",
         b"6": "a named pipe"}  # fmt: skip
FIELDS = {
    "schema", "kind", "name", "version", "release_counter", "created", "expires", "platform", "requires", "conflicts",
    "files", "total_unpacked", "key_ids", "min_installer", "licence", "source",
}  # fmt: skip


class Refused(Exception):
    """Why a package is not installed, in English; `chinese` says it in Chinese."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.chinese = chinese


class TarReader:
    """Reads an archive once, from front to back; it knows regular files and refuses everything else."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = self._padding = 0

    def next(self) -> tuple[str, int] | None:
        """Return name and size of the next member; None at the end mark."""
        for _piece in self.pieces():
            pass
        if self._exactly(self._padding).strip(b"\0"):
            raise Refused("there are bytes between its members", "成员之间夹有多余数据")
        self._padding = 0
        header = self._exactly(BLOCK)
        if header == bytes(BLOCK):
            if self._exactly(BLOCK) != bytes(BLOCK) or self._file.read(PIECE).strip(b"\0"):
                raise Refused("something follows its end mark", "结束标记之后还有数据")
            return None
        name, size = _member(header)
        self._left, self._padding = size, -size % BLOCK
        return name, size

    def pieces(self) -> Iterator[bytes]:
        """Yield the content of the member."""
        while self._left:
            piece = self._exactly(min(self._left, PIECE))
            self._left -= len(piece)
            yield piece

    def _exactly(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) != count:
            raise Refused("it is cut off", "文件不完整")
        return data


def _member(header: bytes) -> tuple[str, int]:
    total = sum(header[:148]) + sum(header[156:]) + 8 * 32
    if header[257:262] != b"ustar" or header[148:156] != b"%06o\0 " % total:
        raise Refused("it is not a tar archive, or a header is damaged", "不是 tar 归档，或文件头已损坏")
    try:
        name = header[0:100].rstrip(b"\0").decode()
        if header[257:263] == b"ustar\0" and header[345:500].strip(b"\0"):
            name = header[345:500].rstrip(b"\0").decode() + "/" + name
    except UnicodeDecodeError:
        raise Refused("the name of a member is not UTF-8", "成员名称不是 UTF-8") from None
    if header[156:157] not in (b"0", b"\0"):
        kind = KINDS.get(header[156:157], "of an unknown kind")
        raise Refused(f"its member {name!a} is {kind}", f"成员 {name!a} 不是普通文件")
    field = header[124:136]
    if field[:1] == b"\x80":
        return name, int.from_bytes(field[1:], "big")
    digits = field.strip(b"\0 ")
    if not digits or digits.strip(b"01234567"):
        raise Refused("the size of a member is not a number", "成员大小不是数字")
    return name, int(digits, 8)


def read_head(reader: TarReader, key_text: str) -> tuple[dict[str, Any], bytes, bytes]:
    """Read manifest and signature, check them against the maker's key; return (manifest, its bytes, the signature)."""
    raw = _small(reader, "manifest.json", LONGEST_MANIFEST)
    signature = _small(reader, "manifest.json.minisig", LONGEST_SIGNATURE)
    key_id = check_signature(raw, signature.decode("utf-8", "replace"), key_text)
    manifest = read_manifest(raw)
    if key_id not in manifest["key_ids"]:
        raise Refused("its manifest does not name the key that signed it", "清单中没有列出签名所用的密钥")
    return manifest, raw, signature


def _small(reader: TarReader, name: str, most: int) -> bytes:
    member = reader.next()
    if member is None or member[0] != name:
        raise Refused(f"{name} is not where it must be", f"{name} 不在应有的位置")
    if member[1] > most:
        raise Refused(f"{name} is larger than it may be", f"{name} 超过允许的大小")
    return b"".join(reader.pieces())


def key_id_of(key_text: str) -> tuple[str, bytes]:
    """Return the 16 hexadecimal digits that a minisign public key is called by, and its 32 bytes."""
    raw = _decoded(key_text.strip().splitlines()[-1:], 42)
    if raw[:2] != b"Ed":
        raise Refused("the public key is of another kind", "公钥类型不符")
    return raw[2:10][::-1].hex().upper(), raw[10:]


def check_signature(message: bytes, signature_text: str, key_text: str) -> str:
    """Return the key's id where its holder signed `message` and the signature's comment."""
    key_id, key = key_id_of(key_text)
    lines = [line.rstrip("\r") for line in signature_text.strip("\n").split("\n")]
    if len(lines) < 4 or not lines[2].startswith("trusted comment: "):
        raise Refused("its signature cannot be used", "签名无法使用")
    raw, over_all = _decoded(lines[1:2], 74), _decoded(lines[3:4], 64)
    if raw[:2] != b"ED":
        raise Refused("its signature cannot be used: it is of another kind", "签名无法使用：类型不符")
    if raw[2:10][::-1].hex().upper() != key_id:
        found = raw[2:10][::-1].hex().upper()
        raise Refused(
            f"it is signed with a key that is not the one given: {found}", f"签名所用密钥 {found} 不是给定的密钥"
        )
    comment = lines[2][len("trusted comment: ") :].encode()
    digest = hashlib.blake2b(message, digest_size=64).digest()
    if not is_signed(key, digest, raw[10:]) or not is_signed(key, raw[10:] + comment, over_all):
        raise Refused("its signature does not fit its manifest", "签名与清单不符")
    return key_id


def _decoded(lines: list[str], size: int) -> bytes:
    try:
        raw = base64.b64decode(lines[0], validate=True)
    except (IndexError, ValueError):
        raw = b""
    if len(raw) != size:
        raise Refused("its signature or the public key cannot be used", "签名或公钥无法使用")
    return raw


def read_manifest(raw: bytes) -> dict[str, Any]:
    """Return the manifest as a dict; every field that is used here is of its type, and the files add up."""
    try:
        data = json.loads(raw.decode("utf-8"), object_pairs_hook=_once)
        _check(data)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split()) or "a field is missing"
        raise Refused(f"its manifest is not valid: {reason}", f"清单无效：{reason}") from None
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a field is given twice")
    return dict(pairs)


def _check(data: dict[str, Any]) -> None:
    _demand(isinstance(data, dict), "it is no object")
    unknown = sorted(set(data) - FIELDS)
    _demand(not unknown, f"{unknown[0] if unknown else ''}: unknown field")
    _demand(data["schema"] == SCHEMA, "schema: unknown")
    _demand(re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}", data["version"]), "version")
    _demand(type(data["release_counter"]) is int and 1 <= data["release_counter"] < 10**10, "release_counter")
    _demand(type(data["min_installer"]) is int, "min_installer")
    _demand(all(isinstance(one, str) for one in data["key_ids"]), "key_ids")
    _demand(isinstance(data["kind"], str) and isinstance(data["name"], str), "name")
    _demand(set(data["platform"]) <= {"arch", "python", "accelerator"}, "platform: unknown field")
    data["expires"] = None if data.get("expires") is None else _moment(data["expires"])
    files = data["files"]
    _demand(isinstance(files, list) and 0 < len(files) <= MOST_FILES, "files")
    for file in files:
        _demand(set(file) == {"path", "size", "sha256"}, "files: unknown field")
        _demand(type(file["size"]) is int and file["size"] >= 0, "files: size")
        _demand(re.fullmatch(r"[0-9a-f]{64}", file["sha256"]), "files: sha256")
        _demand(is_safe(file["path"]), f"the path {file['path']!a} leads out of the package")
    paths = [file["path"] for file in files]
    folders = {path[:cut] for path in paths for cut, char in enumerate(path) if char == "/"}
    _demand(len(set(paths)) == len(paths) and not folders & set(paths), "a file is listed twice")
    _demand(sum(file["size"] for file in files) == data["total_unpacked"], "total_unpacked is not the sum of the files")


def _moment(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    _demand(moment.tzinfo is not None, "expires: without a time zone")
    return moment


def _demand(good: object, told: str) -> None:
    if not good:
        raise ValueError(told)


def is_safe(path: str) -> bool:
    """Tell whether a path stays inside the folder that it is put into."""
    printable = path.isprintable() and "\\" not in path and ":" not in path and len(path) <= LONGEST_PATH
    return printable and all(part not in ("", ".", "..") for part in path.split("/"))


def check_fits(
    manifest: dict[str, Any],
    arch: str,
    python: Collection[str],
    accelerators: Collection[str],
    now: datetime.datetime,
) -> None:
    """Refuse what is not the platform, for another machine, of a newer format, or past its time."""
    if (manifest["kind"], manifest["name"]) != ("platform", "appliance"):
        title = f"{manifest['kind']} {manifest['name']}"
        raise Refused(f"it is {title!a}, not the platform", f"它是 {title!a}，不是平台安装包")
    if manifest["min_installer"] > SCHEMA:
        raise Refused("it needs a newer installer", "需要更新版本的安装脚本")
    wanted = manifest["platform"]
    for name, here in (("arch", [arch]), ("python", python), ("accelerator", accelerators)):
        if wanted.get(name) is not None and wanted[name] not in here:
            found = ", ".join(here) or "none"
            raise Refused(
                f"it is for {name} {wanted[name]}, and this machine has {found}",
                f"它适用于 {name} {wanted[name]}，而本机为 {found}",
            )
    expires = manifest["expires"]
    if expires is not None and expires <= now:
        raise Refused(f"it was to be installed before {expires}", f"安装期限已过：{expires}")


def unpack(reader: TarReader, manifest: dict[str, Any], folder: Path, tell: Callable[[int, int], None]) -> None:
    """Write every file below the empty `folder`, durably, each held to size and checksum; `tell(done, total)`."""
    awaited = {"files/" + file["path"]: file for file in manifest["files"]}
    done, total = 0, manifest["total_unpacked"]
    while (member := reader.next()) is not None:
        name, size = member
        file = awaited.pop(name, None)
        if file is None:
            raise Refused(*_unexpected(manifest, name))
        if size != file["size"]:
            raise Refused(
                f"{file['path']} is not of the size that the manifest gives", f"{file['path']} 的大小与清单不符"
            )
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644), "wb") as target:
            for piece in reader.pieces():
                digest.update(piece)
                target.write(piece)
                done += len(piece)
                tell(done, total)
            target.flush()
            os.fsync(target.fileno())
        if digest.hexdigest() != file["sha256"]:
            raise Refused(f"{file['path']} is damaged", f"{file['path']} 已损坏")
    if awaited:
        missing = next(iter(awaited))[len("files/") :]
        raise Refused(f"{missing} is missing", f"缺少 {missing}")


def _unexpected(manifest: dict[str, Any], name: str) -> tuple[str, str]:
    if any("files/" + file["path"] == name for file in manifest["files"]):
        return f"its member {name!a} is there twice", f"成员 {name!a} 出现两次"
    if name.startswith("/"):
        return f"its member {name!a} has an absolute path", f"成员 {name!a} 使用绝对路径"
    if ".." in name.split("/"):
        return f"its member {name!a} leads out of the package", f"成员 {name!a} 指向包外"
    return f"its member {name!a} is not in the manifest", f"成员 {name!a} 不在清单中"
