"""Where each tenant's data lies, how a file gets there, and the dataset that is loaded from it."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from threading import Lock
from typing import Final

from appliance.core.errors import BodyTooLarge, ConfigError, InvalidRequest, NotFound
from appliance.core.files import fsync_folder, write_durably
from appliance.core.messages import _
from appliance.core.units import MIB

from .dataset import Dataset
from .faults import Fault, errors_in
from .loading import ENDINGS, load_dataset, missing_in, read_folder
from .sample import make_sample
from .tables import TABLES

MOST_UPLOAD: Final = 64 * MIB
"""Bytes of one file by API; larger ones are put into the folder."""
YAML_FILES: Final = ("targets", "house_view")
_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_SAMPLE: Final = ".sample"
_OLD: Final = ".previous"


class DataStore:
    """The datasets of all tenants: `folder/<tenant>/<table>.csv`. Safe for several threads.

    With `samples`, a tenant whose own data is not yet complete is answered from the sample bank, flagged `made_up`.
    """

    def __init__(self, folder: Path, *, samples: bool = False) -> None:
        self._folder = folder
        self._samples = samples
        self._loaded: dict[str, tuple[object, Dataset]] = {}
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    def dataset(self, tenant: str, today: date) -> Dataset:
        """Return a tenant's dataset as its files are now; loaded again where they, or the day, have changed.

        Raises `NotFound` while tables are missing, `InvalidRequest` and `ConfigError` for data that cannot be used.
        """
        place = self._place(tenant)
        with self._locked(tenant):
            missing = missing_in(place)
            if missing and not self._samples:
                raise NotFound(
                    _("The data of the tenant {tenant} lacks {names}.", tenant=tenant, names=", ".join(missing)),
                    _("Supply these tables; docs/advisor.md lists their columns."),
                    code="data_not_found",
                )
            folder = self._sample(place, today) if missing else place
            stamp = (folder, _stamp(folder), today)
            known = self._loaded.get(tenant)
            if known is None or known[0] != stamp:
                known = (stamp, load_dataset(folder, today, tenant, made_up=bool(missing)))
                self._loaded[tenant] = known
            return known[1]

    def put_file(self, tenant: str, table: str, filename: str, content: bytes, today: date) -> list[Fault]:
        """Take a file in place of the table's old one, if the whole data can be used with it; return its faults.

        The file is checked together with the others before anything changes. It is refused for each error in it, and
        for each that it makes elsewhere; the list has them. The old file is kept once, in `.previous`. Tables may come
        in any order. Raises `BodyTooLarge`, `InvalidRequest` for a name that cannot be, `DiskFull`.
        """
        name = _name(table, filename, content)
        place = self._place(tenant)
        with self._locked(tenant):
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            faults = self._checked(place, table, name, content, today)
            if errors_in(faults):
                return faults
            _keep_old(place, table)
            write_durably(place / name, content)
            for path in _files(place):
                if path.stem == table and path.name != name:
                    path.unlink()
            fsync_folder(place)
            return faults

    def _checked(self, place: Path, table: str, name: str, content: bytes, today: date) -> list[Fault]:
        """Return the faults of the data with a new file, without the errors that others had before it."""
        with tempfile.TemporaryDirectory(prefix=".check-", dir=self._folder) as made:
            staged = Path(made)
            for path in _files(place):
                if path.stem != table:
                    (staged / path.name).hardlink_to(path)
            write_durably(staged / name, content)
            try:
                _dataset, faults = read_folder(staged, today)
            except ConfigError as error:
                return [Fault(table, name, None, None, error.message)]
            missing = missing_in(staged)
        faults = [fault for fault in faults if not (fault.table in missing and fault.row is None)]
        if any(fault.table != table for fault in errors_in(faults)):
            _dataset, before = read_folder(place, today)
            faults = [fault for fault in faults if fault.table == table or fault not in before]
        return faults

    @staticmethod
    def _sample(place: Path, today: date) -> Path:
        """Return the folder of the sample bank, made where it is not there; whole or not at all."""
        sample = place / _SAMPLE
        if not sample.is_dir():
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryDirectory(prefix=".making-", dir=place) as made:
                make_sample(Path(made) / "bank", today - timedelta(days=1))
                (Path(made) / "bank").rename(sample)
        return sample

    def _place(self, tenant: str) -> Path:
        if not _TENANT.fullmatch(tenant):
            raise InvalidRequest(
                _("The name of a tenant cannot be {name}.", name=repr(tenant[:40])),
                _("Use lower-case letters, digits, - and _."),
                code="tenant_not_valid",
            )
        return self._folder / tenant

    @contextmanager
    def _locked(self, tenant: str) -> Iterator[None]:
        with self._lock:
            lock = self._locks.setdefault(tenant, Lock())
        with lock:
            yield


def _name(table: str, filename: str, content: bytes) -> str:
    if len(content) > MOST_UPLOAD:
        raise BodyTooLarge(
            _("The file {file} is larger than {limit} MiB.", file=filename[:200], limit=MOST_UPLOAD // MIB),
            _("Put it into the data folder of the appliance instead."),
        )
    ending = Path(filename).suffix.lower()
    endings = (".yaml",) if table in YAML_FILES else ENDINGS
    if table not in (*TABLES, *YAML_FILES) or ending not in endings:
        raise InvalidRequest(
            _("The file {file} cannot be the table {table}.", file=filename[:200], table=repr(table[:40])),
            _(
                "Tables are {tables} as .csv or .parquet, and {others} as .yaml.",
                tables=", ".join(TABLES), others=" and ".join(YAML_FILES),
            ),
            param="table", code="table_not_valid",
        )  # fmt: skip
    return table + ending


def _files(folder: Path) -> list[Path]:
    known = {*TABLES, *YAML_FILES}
    return sorted(
        path
        for path in folder.iterdir()
        if path.stem in known and path.suffix in (*ENDINGS, ".yaml") and path.is_file()
    )


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    facts = ((path.name, path.stat()) for path in _files(folder))
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in facts)


def _keep_old(folder: Path, table: str) -> None:
    aside = folder / _OLD
    aside.mkdir(exist_ok=True, mode=0o700)
    for path in aside.glob(f"{table}.*"):
        path.unlink()
    for path in _files(folder):
        if path.stem == table:
            (aside / path.name).hardlink_to(path)
    fsync_folder(aside)
