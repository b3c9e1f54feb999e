"""The measuring program, on shapes that are done at once. Times are not asserted, what they are taken of is."""

import json
import subprocess
import sys

import pytest
import torch

from appliance.hardware.speed import PROMPT_TOKENS, Decoder, Shape, _good, _times

TINY = {
    "layers": 2, "hidden_size": 32, "intermediate_size": 48, "heads": 4, "kv_heads": 2, "head_size": 8,
    "vocabulary": 64,
}  # fmt: skip


def test_it_prints_one_object_with_what_was_measured():
    asked = json.dumps({"shape": TINY, "threads": 1, "seconds": 0.4})
    run = subprocess.run(
        [sys.executable, "-m", "appliance.hardware.speed", asked], capture_output=True, check=True, text=True
    )
    devices = json.loads(run.stdout)["devices"]
    assert devices[0]["device"] == "cpu"
    assert len(devices) == 1 + len({torch.cuda.get_device_name(card) for card in range(torch.cuda.device_count())})
    assert all(devices[0][name] > 0 for name in ("read", "prefill_s", "step_s"))


def test_a_step_after_a_prompt_gives_what_the_whole_prompt_gives():
    """The loop is a decoder: its cache stands for what was read before."""
    with torch.inference_mode():
        decoder = Decoder(Shape(**TINY), 16)
        tokens = torch.arange(12).reshape(1, 12)
        whole = decoder(tokens, 0)
        decoder(tokens[:, :11], 0)
        assert decoder(tokens[:, 11:], 11).tolist() == whole.tolist()
        assert decoder(tokens, 0).shape == (1,)


def test_calls_end_with_the_time_or_the_number():
    ticks = iter(range(1000))
    assert len(_times(lambda _i: None, 0.0, 50)) == 2
    assert len(_times(lambda _i: None, 60.0, 5)) == 5
    assert _times(lambda _i: None, 60.0, 3, clock=lambda: float(next(ticks))) == [1.0, 1.0, 1.0]


def test_slow_calls_do_not_count():
    assert _good([9.0, 1.0, 9.0, 1.1, 50.0, 9.0, 9.0, 9.0]) == 9.0
    assert _good([2.0, 1.0, 1.5, 30.0]) == 1.5


@pytest.mark.parametrize("asked", ["{}", "nonsense"])
def test_a_wrong_wish_ends_with_an_error(asked):
    run = subprocess.run([sys.executable, "-m", "appliance.hardware.speed", asked], capture_output=True, check=False)
    assert run.returncode != 0
    assert run.stdout == b""


def test_the_prompt_is_as_long_as_the_calibration_says():
    from appliance.operations.calibration import PROMPT_TOKENS as TOLD

    assert TOLD == PROMPT_TOKENS
