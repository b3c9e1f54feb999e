"""Times that the roofline itself predicts must come back as the figures that they were predicted from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.catalogue.calibration import DeviceCalibration
from appliance.catalogue.devices import CPU_LAYER_S, DeviceType
from appliance.catalogue.loading import find_model, load_catalogue
from appliance.catalogue.measured import Times, calibrate_card, calibrate_processors, solve, with_engine
from appliance.catalogue.roofline import Replica, decode_step_s, prefill_s
from appliance.catalogue.sizing import CPU_BATCHED_TOKENS, MATRIX_BYTES, Load, Split, activation_bytes, weights_bytes
from appliance.core.units import GIB

BASE = find_model(load_catalogue(), "base")
LARGE = find_model(load_catalogue(), "qwen3-8b")


def predicted(kind, entry, read, flops, layer_s, compiled=False, tensor=1):
    """Return the times that a device with these figures gives."""
    device = DeviceType(
        kind, "-", "-", 0, (), read, dict.fromkeys(MATRIX_BYTES, flops), float("inf"),
        {True: layer_s, False: layer_s},
    )  # fmt: skip
    replica = Replica(entry, "bf16", Split(tensor), device, compiled)
    return Times(
        entry, 700, prefill_s(replica, 700), 60, decode_step_s(replica, 1, 60), "bf16", Split(tensor), compiled
    )


@given(st.floats(5e9, 5e11), st.floats(5e10, 5e12), st.floats(1e-4, 2e-3), st.sampled_from([BASE, LARGE]))
def test_figures_of_processors_come_back(read, flops, layer_s, entry):
    found = solve("cpu", read, predicted("cpu", entry, read, flops, layer_s))
    assert found == (pytest.approx(flops, rel=1e-3), pytest.approx(layer_s, rel=1e-3))


@pytest.mark.parametrize("tensor", [1, 4])
def test_figures_of_a_card_come_back(tensor):
    found = solve("gpu", 2e12, predicted("gpu", LARGE, 2e12, 3e14, 1.4e-4, tensor=tensor))
    assert found == (pytest.approx(3e14, rel=1e-3), pytest.approx(1.4e-4, rel=1e-3))


def test_a_compiled_engine_is_turned_into_one_that_is_not():
    layer_s = CPU_LAYER_S[True]
    _flops, found = solve("cpu", 1e10, predicted("cpu", BASE, 1e10, 1e11, layer_s, compiled=True))
    assert found == pytest.approx(CPU_LAYER_S[False])


def test_times_that_cannot_be_give_nothing():
    assert solve("cpu", 1e10, Times(BASE, 700, 0.001, 60, 0.5))[0] is None
    flops, layer_s = solve("cpu", 1e9, Times(BASE, 700, 5.0, 60, 0.01))  # faster than its weights are read
    assert layer_s is None
    assert flops is not None
    assert solve("gpu", 1e9, Times(BASE, 700, 5.0, 60, 0.01))[1] is None


def test_an_engine_reaches_less_than_a_bare_loop():
    times = predicted("cpu", BASE, 1.3e10, 4.5e11, 0.93e-3)
    found = calibrate_processors(1.3e10, times)
    assert found.flops == pytest.approx(4.5e11 / 4, rel=1e-3)
    assert found.layer_s == pytest.approx(0.93e-3, rel=1e-3)
    assert (found.memory_bytes_per_s, found.engine_bytes) == (1.3e10, None)
    card = calibrate_card("NVIDIA L20", 7e11, 1e14)
    assert (card.memory_bytes_per_s, card.flops, card.layer_s) == (7e11, 6e13, None)
    assert calibrate_card("NVIDIA L20", None, None).flops is None


def test_what_the_engine_shows_goes_before_the_loop():
    loop = calibrate_processors(1.3e10, predicted("cpu", BASE, 1.3e10, 4.5e11, 0.5e-3))
    seen = predicted("cpu", BASE, 1.3e10, 2e11, 1e-3)
    held = weights_bytes(BASE, "bf16") + GIB + activation_bytes(BASE.architecture, Load(CPU_BATCHED_TOKENS))
    found = with_engine(loop, seen, held + 5, GIB)
    assert found.flops == pytest.approx(2e11, rel=1e-3)
    assert found.layer_s == pytest.approx(1e-3, rel=1e-3)
    assert found.engine_bytes == 5
    assert with_engine(loop, seen, held - 5, GIB).engine_bytes is None
    assert with_engine(loop, seen, None, GIB).engine_bytes is None


def test_what_the_engine_does_not_show_stays():
    loop = calibrate_processors(1e9, predicted("cpu", BASE, 1e9, 4.5e11, 0.5e-3))
    found = with_engine(loop, Times(BASE, 700, 0.001, 60, 0.01), None, GIB)
    assert (found.flops, found.layer_s) == (loop.flops, loop.layer_s)
    nothing = DeviceCalibration(device="NVIDIA L20")
    assert with_engine(nothing, predicted("gpu", LARGE, 1e12, 1e14, 1e-4), 10 * GIB, GIB) == nothing
