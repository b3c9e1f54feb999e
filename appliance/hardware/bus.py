"""Accelerator cards as the PCI bus lists them: those too that no driver answers for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Vendor id, and the beginnings of the classes that its accelerators have (PCI Code and ID Assignment Specification):
# 03 display controllers, of which 0380 drive no screen; 12 processing accelerators.
_KINDS: Final = {
    "0x10de": ("nvidia", ("0x0300", "0x0302")),
    "0x1002": ("amd", ("0x0380", "0x1200")),
    "0x19e5": ("ascend", ("0x1200",)),
}
_SECURE_BOOT: Final = "firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


@dataclass(frozen=True)
class BusCard:
    """One accelerator on the bus."""

    vendor: str
    """As in `VENDORS`."""
    driver: str | None
    """The kernel's driver that holds it, such as `nvidia`, `nouveau` or `vfio-pci`; None: none does."""


def cards_on_bus(sys: Path = Path("/sys")) -> tuple[BusCard, ...]:
    """Return the accelerators that the kernel found, whatever became of their drivers. `sys` is a seam for tests."""
    try:
        devices = sorted((sys / "bus/pci/devices").iterdir())
    except OSError:
        return ()
    return tuple(card for device in devices if (card := _card(device)) is not None)


def secure_boot(sys: Path = Path("/sys")) -> bool:
    """Tell whether the firmware lets the kernel load signed modules only."""
    try:
        return (sys / _SECURE_BOOT).read_bytes()[4:] == b"\x01"  # four bytes of attributes go before the value
    except OSError:
        return False


def _card(device: Path) -> BusCard | None:
    vendor, classes = _KINDS.get(_text(device / "vendor"), ("", ()))
    if not _text(device / "class").startswith(classes or ("-",)):
        return None
    driver = device / "driver"
    return BusCard(vendor, driver.resolve().name if driver.exists() else None)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
