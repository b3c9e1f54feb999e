"""Faults 1 to 4: a process of the appliance dies or hangs."""

import signal

import psutil

from faults.fault import Fault
from faults.outcomes import Measured, back_after, counted, failed, open_at, seconds, silent, well_after
from faults.rig import ENGINE, GATEWAY, MODEL, Rig, gone_after, strike

_GATEWAY_BACK_S = 10.0
_SEEN_S, _EVICTED_S = 30.0, 60.0
_RELOAD_S = 300.0
_WATCH_S = 180.0  # how long a process may take to go before the test stops waiting for it


def gateway_dies(rig: Rig) -> Measured:
    """Kill the gateway's replica while streams are in their middle."""
    with rig.load("fault-1") as load:
        load.await_open(2)
        at = strike(rig.process(GATEWAY))
        load.await_whole(3 * load.clients)
    back = back_after(load.outcomes, at)
    lost = failed(load.outcomes)
    met = back is not None and back <= _GATEWAY_BACK_S and not silent(load.outcomes)
    met = met and well_after(load.outcomes, at) <= _GATEWAY_BACK_S
    return Measured(f"back after {seconds(back)}; not answered: {counted(lost)}; silent: {len(silent(lost))}", met)


def model_dies(rig: Rig) -> Measured:
    """Kill the model's replica while streams are in their middle."""
    with rig.load("fault-2") as load:
        load.await_open(2)
        at = strike(rig.process(MODEL))
        load.await_whole(1, _RELOAD_S)
    cut = open_at(load.outcomes, at)
    quiet = silent(load.outcomes)
    met = bool(cut) and not quiet and all(one.kind in ("error event", "whole") for one in cut)
    text = f"{len(cut)} in their middle: {counted(cut)}; silent: {len(quiet)}; "
    return Measured(text + f"back after {seconds(back_after(load.outcomes, at))}", met)


def engine_dies(rig: Rig) -> Measured:
    """Kill the engine's process, which is a child of the model's replica."""
    replica = rig.process(MODEL)
    with rig.load("fault-3") as load:
        load.await_open(2)
        at = strike(engine_of(replica))
        seen = gone_after(replica, at, _WATCH_S)
        load.await_whole(1, _RELOAD_S)
    quiet, cut = silent(load.outcomes), open_at(load.outcomes, at)
    met = seen is not None and seen <= _SEEN_S and not quiet
    text = f"replaced {seconds(seen)} after it; {len(cut)} in their middle: {counted(cut)}; silent: {len(quiet)}; "
    return Measured(text + f"back after {seconds(back_after(load.outcomes, at))}", met)


def engine_hangs(rig: Rig) -> Measured:
    """Stop the engine's process: it is there, and does nothing."""
    replica = rig.process(MODEL)
    engine = engine_of(replica)
    try:
        with rig.load("fault-4") as load:
            load.await_open(2)
            at = strike(engine, signal.SIGSTOP)
            evicted = gone_after(replica, at, _WATCH_S)
            if evicted is not None:
                load.await_whole(1, _RELOAD_S)
    finally:
        left = engine.is_running() and engine.status() != psutil.STATUS_ZOMBIE
        if left:
            engine.send_signal(signal.SIGCONT)
    quiet, cut = silent(load.outcomes), open_at(load.outcomes, at)
    met = evicted is not None and evicted <= _EVICTED_S and not quiet and not left
    text = f"evicted after {seconds(evicted)}; {len(cut)} in their middle: {counted(cut)}; silent: {len(quiet)}; "
    text += "its process is left; " if left else ""
    return Measured(text + f"back after {seconds(back_after(load.outcomes, at))}", met)


def engine_of(replica: psutil.Process) -> psutil.Process:
    """Return the engine's process of a model's replica."""
    (engine,) = [one for one in replica.children(recursive=True) if " ".join(one.cmdline()).startswith(ENGINE)]
    return engine


FAULTS = (
    Fault(1, "a gateway replica dies (SIGKILL)", "only its own requests fail; back within 10 s", gateway_dies),
    Fault(
        2, "a model replica dies mid-stream (SIGKILL)",
        "explicit error, or replay before the first token; 0 silent cuts", model_dies,
    ),
    Fault(3, "the engine's process dies (SIGKILL)", "seen within 30 s, replaced; 0 silent cuts", engine_dies),
    Fault(4, "the engine hangs (SIGSTOP)", "a canary fails; evicted within 60 s; 0 silent cuts", engine_hangs),
)  # fmt: skip
