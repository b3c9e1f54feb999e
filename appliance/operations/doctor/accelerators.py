"""Each vendor's driver and cards against the site's wish and the installed engine."""

from collections import Counter
from collections.abc import Iterator, Sequence

from appliance.config.site import SiteConfig
from appliance.core.errors import PreflightError
from appliance.core.messages import Message, _
from appliance.hardware.bus import BusCard
from appliance.hardware.choice import (
    MINIMUM_NVIDIA_DRIVER,
    EngineChoice,
    cards_in_words,
    choose_accelerator,
    driver_fault,
    engine_missing,
    vendors_found,
)
from appliance.hardware.engines import SERVED, VENDORS
from appliance.hardware.facts import Driver, MachineFacts
from appliance.operations.doctor.check import Check, State

_RUNTIMES = {"nvidia": "CUDA", "amd": "ROCm", "ascend": "CANN"}
_TOOLS = {
    "amd": "amd-smi static",
    "ascend": "npu-smi info",
    "hygon": "hy-smi",
}


def check_accelerators(facts: MachineFacts, site: SiteConfig, engine: frozenset[str] = SERVED) -> Iterator[Check]:
    """Yield where models run, then one check for each vendor but NVIDIA, whose is the first.

    `engine` are the vendors whose cards the installed engine runs on.
    """
    yield check_accelerator(facts, site, engine)
    for vendor in vendors_found(facts):
        if vendor != "nvidia":
            yield _check_vendor(vendor, facts, site, engine)


def runs_on_cpu(facts: MachineFacts, site: SiteConfig, engine: frozenset[str]) -> bool:
    """Tell whether models would run on the processor, also where that is not what the site wishes."""
    try:
        return choose_accelerator(site.accelerator, facts, engine).kind == "cpu"
    except PreflightError:
        return True


def check_bus(
    facts: MachineFacts, site: SiteConfig, cards: Sequence[BusCard], *, secure_boot: bool = False
) -> Iterator[Check]:
    """Yield one check for each vendor whose cards are on the bus while no driver of it answers."""
    for (vendor, driver), count in Counter((card.vendor, card.driver) for card in cards).items():
        known = facts.driver(vendor)
        if known is not None and known.fault is None:
            continue
        name = VENDORS[vendor]
        title = _("{vendor} cards on the bus", vendor=name)
        state: State = "ok" if site.accelerator == "cpu" else "warning"
        if driver is None:
            found = _("{count} found, no driver is loaded for them", count=count)
            remedy = _remedy_without_driver(vendor, name, secure_boot=secure_boot)
        elif driver == "nouveau":
            found = _("{count} found, held by nouveau, with which no model runs", count=count)
            remedy = _(
                "Install NVIDIA driver {minimum} or newer. Where nouveau stays: write `blacklist nouveau` and `options "
                "nouveau modeset=0` into /etc/modprobe.d/nouveau.conf, run `update-initramfs -u` or `dracut --force`, "
                "and restart this machine.",
                minimum=MINIMUM_NVIDIA_DRIVER,
            )
        else:
            found = _("{count} found, held by {driver}, whose library does not answer", count=count, driver=driver)
            remedy = _(
                "Install the vendor's libraries of the driver's own version; in a container hand the cards in "
                "(`--gpus all`). Cards held by vfio-pci belong to virtual machines: install in one of these."
            )
        yield Check(f"bus.{vendor}.{driver or 'none'}", title, state, found, remedy)


def _remedy_without_driver(vendor: str, name: str, *, secure_boot: bool) -> Message:
    if secure_boot:
        return _(
            "Install the {vendor} driver. Secure Boot is on, so its modules must be signed: take the distribution's "
            "signed ones, or enrol the key they are signed with (`mokutil --import`, then restart).",
            vendor=name,
        )
    if vendor == "nvidia":
        return _("Install driver {minimum} or newer and restart this machine.", minimum=MINIMUM_NVIDIA_DRIVER)
    return _("Install the {vendor} driver and restart this machine.", vendor=name)


def check_accelerator(facts: MachineFacts, site: SiteConfig, engine: frozenset[str] = SERVED) -> Check:
    """Return whether what the site wishes can be, with NVIDIA's driver and cards where there are any."""
    driver = facts.driver("nvidia")
    others = [vendor for vendor in vendors_found(facts) if vendor != "nvidia"]
    title = _("NVIDIA driver") if driver is not None else _("Accelerators")
    try:
        choice = choose_accelerator(site.accelerator, facts, engine)
    except PreflightError as error:
        return Check("accelerator", title, "failed", error.message, _remedy_for_gpu(driver, others, engine))
    state: State = "ok" if site.accelerator == "cpu" else "warning"
    fault = driver_fault(facts)
    if fault is not None:
        remedy = _("Install driver {minimum} or newer and restart this machine.", minimum=MINIMUM_NVIDIA_DRIVER)
        return Check("accelerator", title, state, fault, remedy)
    if driver is None:
        return _check_without_nvidia(title, others, choice, state)
    found = _versions(driver)
    cards = cards_in_words(card for card in facts.accelerators if card.vendor == "nvidia")
    if cards and "nvidia" not in engine:
        reason = engine_missing([card for card in facts.accelerators if card.vendor == "nvidia"], engine)
        remedy = _("Install the build for NVIDIA cards: ACCELERATOR=gpu make install.")
        return Check("accelerator", title, state, _("{driver}: {cards}", driver=found, cards=reason), remedy)
    if choice.kind == "gpu" or site.accelerator == "cpu":
        return Check("accelerator", title, "ok", _("{driver}: {cards}", driver=found, cards=choice.reason))
    remedy = _("Models run on CPU: a card needs compute capability 7.5 or newer, and MIG off.")
    return Check("accelerator", title, "warning", _("{driver}: {cards}", driver=found, cards=choice.reason), remedy)


def _check_without_nvidia(title: Message, others: list[str], choice: EngineChoice, state: State) -> Check:
    if not others:
        return Check("accelerator", title, "ok", _("none: models run on CPU"))
    if choice.kind == "gpu":
        return Check("accelerator", title, "ok", choice.reason)
    names = ", ".join(VENDORS[vendor] for vendor in others)
    found = _("no card of {names} is used: models run on CPU", names=names)
    return Check("accelerator", title, state, found, _("See the checks of these cards below."))


def _check_vendor(vendor: str, facts: MachineFacts, site: SiteConfig, engine: frozenset[str]) -> Check:
    """One vendor's driver and cards: what answers, and what is missing to serve on them."""
    name = VENDORS[vendor]
    title = _("{vendor} cards", vendor=name)
    check_id = f"accelerator.{vendor}"
    state: State = "ok" if site.accelerator == "cpu" else "warning"
    fault = driver_fault(facts, vendor)
    if fault is not None:
        remedy = _(
            "Run `{command}` as the appliance's user until it lists the cards: the driver must be loaded, and the "
            "user in the group that owns its devices.",
            command=_TOOLS[vendor],
        )
        return Check(check_id, title, state, fault, remedy)
    driver = facts.driver(vendor)
    cards = cards_in_words(card for card in facts.accelerators if card.vendor == vendor)
    found = _("{driver}: {cards}", driver=_versions(driver) if driver else "–", cards=cards)
    if vendor in engine:
        return Check(check_id, title, "ok", found)
    remedy = _(
        "They are shown and planned for, but not served on: this release has no engine for {vendor} cards. "
        "docs/hardware.md says which build of vLLM they need.",
        vendor=name,
    )
    return Check(check_id, title, state, found, remedy)


def _versions(driver: Driver) -> Message:
    """Return the driver's version and what its vendor calls the runtime; – for what is unknown."""
    version, runtime = driver.version or "–", _RUNTIMES.get(driver.vendor)
    if runtime is None or (driver.runtime is None and driver.vendor != "nvidia"):
        return Message("{version}", (("version", version),))
    return Message(
        "{version}, {runtime} {number}",
        (("version", version), ("runtime", runtime), ("number", driver.runtime or "–")),
    )


def _remedy_for_gpu(driver: Driver | None, others: list[str], engine: frozenset[str]) -> Message:
    if driver is None and others:
        names = ", ".join(VENDORS[vendor] for vendor in others)
        return _(
            "Set accelerator: auto in the site file; {names} cards need another engine (docs/hardware.md).", names=names
        )
    if driver is not None and "nvidia" not in engine and driver.fault is None:
        return _("Install the build for NVIDIA cards: ACCELERATOR=gpu make install.")
    return _("Install NVIDIA driver 580 or newer, or set accelerator: auto in the site file.")
