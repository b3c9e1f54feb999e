"""`appliance calibrate`: measure this machine, and the engine where it runs, for the planner."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import psutil

from appliance.catalogue.calibration import CPU_DEVICE, Calibration, DeviceCalibration, write_calibration
from appliance.catalogue.devices import working_cores
from appliance.catalogue.loading import find_model, load_catalogue
from appliance.catalogue.measured import Times, calibrate_card, calibrate_processors, with_engine
from appliance.catalogue.sizing import Split
from appliance.cluster.instance import Instance, processes_of, read_instance
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import iso, utc_now
from appliance.core.errors import ApplianceError, StartFailed
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.core.units import GIB
from appliance.hardware.choice import choose_accelerator
from appliance.hardware.discovery import discover
from appliance.hardware.engines import installed_engine
from appliance.hardware.facts import MachineFacts
from appliance.operations.client import ApplianceClient
from appliance.operations.engine_speed import EngineSpeed, measure_engine, resident_of
from appliance.operations.planning import entry_of, precision_of

BASE = "base"
PROMPT_TOKENS = 512
"""What `hardware.speed` reads."""
_MEASURE_S = 12.0  # of it the measurements; loading torch comes on top
_LONGEST_S = 180.0  # a program that hangs: a busy machine takes minutes to load torch and for a first prompt
_ENGINE_S = 13.0
_BUSY = 25.0  # per cent of the processors


@dataclass(frozen=True)
class Calibrated:
    """What was measured and written."""

    calibration: Calibration
    engine: EngineSpeed | None
    """None where no engine ran."""
    notes: tuple[Message, ...]

    def to_dict(self, language: str) -> dict[str, Any]:
        """Return it as plain data: bytes, seconds, operations."""
        return {
            **self.calibration.model_dump(mode="json"),
            "engine": None if self.engine is None else self.engine.to_dict(),
            "notes": [note.render(language) for note in self.notes],
        }


def calibrate(home: Home, site: SiteConfig) -> Iterator[Progress | Calibrated]:
    """Measure for less than a minute and write `calibration.json`; yield each step's news, then what was found.

    The engine is measured where the appliance runs. Raises `StartFailed` where the machine cannot be measured,
    `DiskFull`.
    """
    home.create()
    facts = discover()
    notes: list[Message] = []
    instance = read_instance(home.instance_file)
    busy = psutil.cpu_percent(interval=0.5)
    if busy > _BUSY:
        notes.append(
            _("The processors were busy ({busy} %): measure again when nothing else runs.", busy=round(busy))
        )  # fmt: skip
    title = _("Measure memory and processors")
    yield Progress("calibrate.machine", title)
    devices = [_device(speed, notes) for speed in _measured(facts, home)]
    yield Progress("calibrate.machine", title, "done")
    title = _("Measure the running engine")
    yield Progress("calibrate.engine", title)
    speed, reason = _engine(home, site, instance)
    if speed is not None:
        devices = _seen_through(devices, speed, home, site, facts)
    notes += [] if reason is None else [reason]
    yield Progress("calibrate.engine", title, "skipped" if speed is None else "done", reason)
    found = Calibration(measured_at=iso(utc_now()), devices=tuple(devices))
    write_calibration(home.calibration_file, found)
    yield Calibrated(found, speed, tuple(notes))


def _measured(facts: MachineFacts, home: Home) -> list[dict[str, Any]]:
    """Return what the measuring program says of each device; it runs in a process of its own."""
    shape = find_model(load_catalogue(), BASE).architecture
    fields = ("layers", "hidden_size", "intermediate_size", "heads", "kv_heads", "head_size", "vocabulary")
    asked = {
        "shape": {name: getattr(shape, name) for name in fields},
        "threads": working_cores(facts.processor),
        "seconds": _MEASURE_S,
    }
    log = home.logs / "calibrate.log"
    command = [sys.executable, "-m", "appliance.hardware.speed", json.dumps(asked)]
    with log.open("wb") as words:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words, cwd="/")
        try:
            written, _errors = child.communicate(timeout=_LONGEST_S)
            found: list[dict[str, Any]] = json.loads(written)["devices"]
        except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
            raise StartFailed(
                _("The machine could not be measured: {reason}", reason=_reason(error, child.poll())),
                _("Try again when it is less busy. The whole log is in {log}.", log=log),
            ) from error
        finally:
            child.kill()
            child.wait()
    return found


def _reason(error: Exception, code: int | None) -> Message:
    if isinstance(error, subprocess.TimeoutExpired):
        return _("it took more than {seconds} s", seconds=round(_LONGEST_S))
    return _("the program ended with code {code}", code=code if code is not None else "-")


def _device(speed: dict[str, Any], notes: list[Message]) -> DeviceCalibration:
    if speed["device"] != CPU_DEVICE:
        if speed["fault"] is not None:
            notes.append(
                _("{name} was not measured: its memory is in use. Run `appliance down`, then measure again.",
                  name=speed["device"])
            )  # fmt: skip
        return calibrate_card(speed["device"], speed["read"], speed["multiply"])
    entry = find_model(load_catalogue(), BASE)
    times = Times(entry, PROMPT_TOKENS, speed["prefill_s"], PROMPT_TOKENS, speed["step_s"])
    return calibrate_processors(speed["read"], times)


def _engine(home: Home, site: SiteConfig, instance: Instance | None) -> tuple[EngineSpeed | None, Message | None]:
    """Return how fast the first chat model is and what it holds, or why nobody knows."""
    if instance is None or not processes_of(instance):
        return None, _("The appliance does not run: the engine's own part is assumed.")
    if not site.models:
        return None, _("The site serves no chat model.")
    alias, settings = next(iter(site.models.items()))
    try:
        context = settings.engine.max_model_len or entry_of(home, settings.package, load_catalogue()).context
        with ApplianceClient.for_home(home, site, timeout_s=_ENGINE_S) as client:
            found = measure_engine(client, alias, context, _ENGINE_S)
    except ApplianceError as error:  # the machine is measured: that is worth keeping
        return None, _("The engine was not measured: {reason}", reason=error.message)
    return replace(found, resident_bytes=resident_of(instance, alias)), None


def _seen_through(
    devices: list[DeviceCalibration], speed: EngineSpeed, home: Home, site: SiteConfig, facts: MachineFacts
) -> list[DeviceCalibration]:
    """Return the figures with what the engine showed of the device that it runs on."""
    choice = choose_accelerator(site.accelerator, facts, installed_engine())
    name = CPU_DEVICE if choice.kind == "cpu" else choice.accelerators[0].name
    settings = site.models[speed.alias]
    entry = entry_of(home, settings.package, load_catalogue())
    times = Times(
        entry, speed.prompt_tokens, speed.ttft_s, speed.context, speed.step_s, precision_of(settings, entry),
        Split(settings.engine.tensor_parallel_size), settings.engine.compile,
    )  # fmt: skip
    cache = settings.engine.kv_cache_gib * GIB
    return [
        with_engine(device, times, speed.resident_bytes, cache) if device.device == name else device
        for device in devices
    ]
