"""NVIDIA accelerators through NVML. The only file that speaks NVML; the module comes in as a parameter."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from appliance.core.status import AcceleratorStatus
from appliance.hardware.detector import Found
from appliance.hardware.facts import Accelerator, Driver

VENDOR = "nvidia"
_Value = TypeVar("_Value")


def load_nvml() -> Any:  # noqa: ANN401 - nvidia-ml-py has no types
    """Import nvidia-ml-py, which loads no driver yet."""
    import pynvml

    return pynvml


class NvidiaDetector:
    """Reads driver and cards. `nvml` is a module with the functions of pynvml; None imports it."""

    def __init__(self, nvml: Any = None) -> None:  # noqa: ANN401 - nvidia-ml-py has no types
        self._nvml = nvml or load_nvml()

    def present(self) -> bool:
        """Say whether the driver's library is installed, even where the driver does not answer."""
        try:
            with _session(self._nvml):
                return True
        except self._nvml.NVMLError as error:
            return bool(error.value != self._nvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    def read(self) -> Found:
        """Read the driver and every card."""
        nvml = self._nvml
        try:
            with _session(nvml):
                cuda = _reading(nvml, nvml.nvmlSystemGetCudaDriverVersion_v2)
                driver = Driver(
                    vendor=VENDOR,
                    version=_reading(nvml, nvml.nvmlSystemGetDriverVersion),
                    runtime=None if cuda is None else f"{cuda // 1000}.{cuda % 1000 // 10}",
                )
                cards = tuple(_card(nvml, index) for index in range(nvml.nvmlDeviceGetCount()))
        except nvml.NVMLError as error:
            return Found(driver=Driver(vendor=VENDOR, fault=str(error)))
        return Found(driver=driver, accelerators=cards)


class NvidiaSampler:
    """Live readings. It keeps NVML open: opening it can take a second a card when nothing else uses the driver."""

    def __init__(self, nvml: Any = None) -> None:  # noqa: ANN401 - nvidia-ml-py has no types
        self._nvml = nvml or load_nvml()
        self._open = False

    def sample(self) -> tuple[AcceleratorStatus, ...]:
        """Return one reading a card; empty where there is no driver, or while it does not answer."""
        nvml = self._nvml
        try:
            if not self._open:
                nvml.nvmlInit()
                self._open = True
            return tuple(_live(nvml, index) for index in range(nvml.nvmlDeviceGetCount()))
        except nvml.NVMLError:
            self.close()
            return ()

    def close(self) -> None:
        """Let go of NVML; the next sample opens it again."""
        if self._open:
            self._open = False
            _reading(self._nvml, self._nvml.nvmlShutdown)


@contextmanager
def _session(nvml: Any) -> Iterator[None]:  # noqa: ANN401 - nvidia-ml-py has no types
    nvml.nvmlInit()
    try:
        yield
    finally:
        nvml.nvmlShutdown()


def _reading(nvml: Any, function: Callable[..., _Value], *arguments: object) -> _Value | None:  # noqa: ANN401
    """Call an NVML function; a reading that this card or driver does not give is None."""
    try:
        return function(*arguments)
    except nvml.NVMLError:
        return None


def _card(nvml: Any, index: int) -> Accelerator:  # noqa: ANN401 - nvidia-ml-py has no types
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    memory = _reading(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)
    capability = _reading(nvml, nvml.nvmlDeviceGetCudaComputeCapability, handle)
    mig = _reading(nvml, nvml.nvmlDeviceGetMigMode, handle)
    ecc = _reading(nvml, nvml.nvmlDeviceGetEccMode, handle)
    milliwatts = _reading(nvml, nvml.nvmlDeviceGetEnforcedPowerLimit, handle)
    return Accelerator(
        index=index,
        vendor=VENDOR,
        name=nvml.nvmlDeviceGetName(handle),
        uuid=_reading(nvml, nvml.nvmlDeviceGetUUID, handle),
        memory_total_bytes=None if memory is None else memory.total,
        compute_capability=None if capability is None else "{}.{}".format(*capability),
        mig=None if mig is None else mig[0] == nvml.NVML_DEVICE_MIG_ENABLE,
        ecc=None if ecc is None else ecc[0] == nvml.NVML_FEATURE_ENABLED,
        links=_links(nvml, handle),
        power_limit_w=None if milliwatts is None else milliwatts / 1000,
    )


def _links(nvml: Any, handle: object) -> int | None:  # noqa: ANN401 - nvidia-ml-py has no types
    """Count the NVLinks that are up. A card answers for as many links as it has and refuses the rest."""
    states = []
    for link in range(nvml.NVML_NVLINK_MAX_LINKS):
        state = _reading(nvml, nvml.nvmlDeviceGetNvLinkState, handle, link)
        if state is None:
            break
        states.append(state == nvml.NVML_FEATURE_ENABLED)
    return sum(states) if states else None


def _live(nvml: Any, index: int) -> AcceleratorStatus:  # noqa: ANN401 - nvidia-ml-py has no types
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    memory = _reading(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)
    rates = _reading(nvml, nvml.nvmlDeviceGetUtilizationRates, handle)
    milliwatts = _reading(nvml, nvml.nvmlDeviceGetPowerUsage, handle)
    return AcceleratorStatus(
        index=index,
        vendor=VENDOR,
        name=nvml.nvmlDeviceGetName(handle),
        memory_total_bytes=None if memory is None else memory.total,
        memory_used_bytes=None if memory is None else memory.used,
        utilisation=None if rates is None else rates.gpu / 100,
        temperature_c=_reading(nvml, nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU),
        power_w=None if milliwatts is None else milliwatts / 1000,
    )
