"""What a machine is, as measured: the planner's and the doctor's input. A reading that could not be taken is None."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Accelerator(_Fact):
    """One accelerator card."""

    index: int
    """Position in the vendor's own order."""
    vendor: str
    """`nvidia`, `amd`, `ascend` or `hygon`."""
    name: str
    uuid: str | None = None
    memory_total_bytes: int | None = None
    compute_capability: str | None = None
    """NVIDIA's `major.minor`, e.g. `8.9`."""
    mig: bool | None = None
    """Whether the card is cut into instances; None where the card has no such mode."""
    ecc: bool | None = None
    """Whether memory errors are corrected; None where the card has no such mode."""
    architecture: str | None = None
    """AMD's and Hygon's name of the instruction set, which an engine is built for, e.g. `gfx942`."""
    links: int | None = None
    """NVLinks that are up; 0 where none is, None where the card has none or was not asked."""
    power_limit_w: float | None = None
    """What the card may draw as it is set."""


class Driver(_Fact):
    """A vendor's driver."""

    vendor: str
    version: str | None = None
    runtime: str | None = None
    """For NVIDIA the newest CUDA that the driver serves, e.g. `13.0`; for AMD the installed ROCm, for Ascend CANN."""
    fault: str | None = None
    """Why an installed driver does not answer, in the vendor's words."""


class Processor(_Fact):
    """The CPUs of the machine."""

    architecture: str
    """As the kernel names it: `x86_64`, `aarch64`."""
    model: str | None = None
    physical_cores: int | None = None
    logical_cores: int | None = None
    usable_cores: int | None = None
    """Logical cores that this process may run on."""
    features: tuple[str, ...] = ()
    """Instruction sets that matter to models, in the kernel's spelling, e.g. `avx512_bf16`."""
    numa_nodes: int | None = None


class Memory(_Fact):
    """Main memory, held to the control group's limit where one is set."""

    total_bytes: int | None = None
    available_bytes: int | None = None
    limited: bool = False
    """True where a control group allows less than the machine has."""


class Disk(_Fact):
    """The file system that holds a folder."""

    folder: Path
    total_bytes: int | None = None
    free_bytes: int | None = None
    """What a user without privileges may still write."""


class MachineFacts(_Fact):
    """One machine. It names neither host nor user, so that a record of it may be shared."""

    operating_system: str | None = None
    """Distribution and release, e.g. `Debian GNU/Linux 12 (bookworm)`."""
    kernel: str | None = None
    processor: Processor
    memory: Memory = Memory()
    disks: tuple[Disk, ...] = ()
    drivers: tuple[Driver, ...] = ()
    accelerators: tuple[Accelerator, ...] = ()

    def driver(self, vendor: str) -> Driver | None:
        """Return `vendor`'s driver, or None where there is none."""
        return next((driver for driver in self.drivers if driver.vendor == vendor), None)


def facts_to_json(facts: MachineFacts) -> str:
    """Return the facts as indented JSON."""
    return facts.model_dump_json(indent=2)


def facts_from_json(text: str) -> MachineFacts:
    """Read what `facts_to_json` wrote. Raises pydantic's `ValidationError` for anything else."""
    return MachineFacts.model_validate_json(text)
