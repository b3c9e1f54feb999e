"""The order of the checks: the quick ones first, then the home folder, then the slow imports."""

from collections.abc import Iterator, Sequence

from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _
from appliance.hardware.bus import cards_on_bus, secure_boot
from appliance.hardware.discovery import discover
from appliance.hardware.engines import installed_engine
from appliance.hardware.facts import MachineFacts
from appliance.operations.doctor.accelerators import check_accelerators, check_bus, runs_on_cpu
from appliance.operations.doctor.check import Check, plain
from appliance.operations.doctor.clock import check_clock
from appliance.operations.doctor.folders import check_base_model, check_home, check_ports
from appliance.operations.doctor.machine import check_limits, check_resources
from appliance.operations.doctor.software import IMPORTS, check_imports, check_versions
from appliance.operations.doctor.supervision import check_supervision
from appliance.operations.doctor.system import check_system
from appliance.operations.doctor.tls import check_tls


def examine(
    home: Home,
    site: SiteConfig | None = None,
    facts: MachineFacts | None = None,
    modules: Sequence[str] = IMPORTS,
) -> Iterator[Check]:
    """Yield one check after the other, each as soon as it is known. Changes nothing.

    `site` None reads the home's site file, whose faults are then a check; `facts` None measures this machine;
    `modules` are imported in child processes, seconds each.
    """
    if site is None:
        site, check = _read_site(home)
        yield check
    facts = facts or discover(folders=(home.root,))
    yield from check_versions()
    yield from examine_machine(home, site, facts)
    yield check_base_model(home)
    yield from check_supervision(home)
    yield from check_ports(home, site)
    yield check_tls(home, site)
    yield from check_imports(modules)


def examine_machine(home: Home, site: SiteConfig, facts: MachineFacts | None = None) -> Iterator[Check]:
    """Yield what must hold of the machine before anything is installed on it, whatever is installed already.

    The first start asks for it too, so that it and `appliance doctor` tell the same.
    """
    facts, engine = facts or discover(folders=(home.root,)), installed_engine()
    yield from check_resources(facts)
    yield from check_system(facts, on_cpu=runs_on_cpu(facts, site, engine))
    yield from check_accelerators(facts, site, engine)
    yield from check_bus(facts, site, cards_on_bus(), secure_boot=secure_boot())
    yield from check_limits()
    yield from check_clock(home)
    yield from check_home(home)


def _read_site(home: Home) -> tuple[SiteConfig, Check]:
    """Read the site file; where it cannot be used the other checks go on with defaults."""
    title = _("Site file")
    try:
        site = load_site(home.site_file)
    except ConfigError as error:
        return SiteConfig(), Check("site_file", title, "failed", error.message, error.hint)
    except (OSError, UnicodeDecodeError) as error:
        found = _("{file} cannot be read: {reason}", file=home.site_file, reason=str(error))
        return SiteConfig(), Check("site_file", title, "failed", found, _("Make it readable, as UTF-8 text."))
    found_file: Message = plain(home.site_file) if home.site_file.exists() else _("none: defaults apply")
    return site, Check("site_file", title, "ok", found_file)
