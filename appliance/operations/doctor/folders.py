"""The home folder, the base model in it, and the ports of the instance that may be running from it."""

import stat
from collections.abc import Iterator
from pathlib import Path

from appliance.cluster.instance import processes_of, read_instance
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.messages import _
from appliance.operations.doctor.check import Check, plain
from appliance.operations.preflight import listen_error, port_holder

_BASE_FILES = ("model.safetensors", "card.yaml")


def check_home(home: Home) -> Iterator[Check]:
    """The home folder belongs to one user alone, and so do the secrets in it."""
    title = _("Home folder")
    if not home.root.is_dir():
        yield Check("home", title, "ok", _("{folder} is made at the first start", folder=home.root))
        return
    open_folders = [path for path in (home.root, home.secrets) if path.is_dir() and _open_to_others(path)]
    if open_folders:
        names = ", ".join(map(str, open_folders))
        remedy = _("Run chmod 700 {paths}", paths=" ".join(map(str, open_folders)))
        yield Check("home", title, "failed", _("other users may enter {paths}", paths=names), remedy)
    else:
        yield Check("home", title, "ok", plain(home.root))
    yield _check_secrets(home)


def _check_secrets(home: Home) -> Check:
    title = _("Secrets")
    files = [home.admin_key_file, *(sorted(home.secrets.iterdir()) if home.secrets.is_dir() else [])]
    readable = [path for path in files if path.is_file() and _open_to_others(path)]
    if readable:
        paths = " ".join(map(str, readable))
        found = _("other users may read {paths}", paths=paths)
        return Check("secrets", title, "failed", found, _("Run chmod 600 {paths}, then make new keys.", paths=paths))
    return Check("secrets", title, "ok", _("readable by their owner only"))


def _open_to_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def check_base_model(home: Home) -> Check:
    """The base model's package is whole, as far as its files' names and sizes tell."""
    title = _("Base model")
    folder = home.models / "base"
    missing = [name for name in _BASE_FILES if not (folder / name).is_file() or (folder / name).stat().st_size == 0]
    if not folder.is_dir():
        return Check("base_model", title, "warning", _("not built yet"), _("Run make up, which builds it once."))
    if missing:
        found = _("{folder} lacks {names}", folder=folder, names=", ".join(missing))
        return Check("base_model", title, "failed", found, _("Remove that folder and run make up, which builds it."))
    return Check("base_model", title, "ok", plain(folder))


def check_ports(home: Home, site: SiteConfig) -> Iterator[Check]:
    """Each port is free, or held by the instance that runs from this home."""
    instance = read_instance(home.instance_file)
    own_pids = {process.pid for process in processes_of(instance)} if instance else set()
    wanted = (
        ("gateway.port", site.gateway.host, site.gateway.port),
        ("cluster.port", "127.0.0.1", site.cluster.port),
    )
    for setting, host, port in wanted:
        check_id, title = f"port.{setting}", _("Port {port} ({setting})", port=port, setting=setting)
        error = listen_error(host, port)
        if error is None:
            yield Check(check_id, title, "ok", _("free"))
            continue
        holder = port_holder(port)
        if holder is not None and holder.pid in own_pids:
            yield Check(check_id, title, "ok", _("held by this appliance, which is running"))
        else:
            found = (
                _("held by {name} (process {pid})", name=holder.name, pid=holder.pid)
                if holder
                else _("not to be had: {reason}", reason=error.strerror or str(error))
            )
            remedy = _("End that process, or set {setting} to another port in the site file.", setting=setting)
            yield Check(check_id, title, "failed", found, remedy)
