"""An engine that hangs is found out; one that is busy, or idle, is not taken for dead."""

import asyncio

import pytest

from appliance.serving.pulse import EngineSilent, Pulse


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pulse(clock):
    """An engine that may be quiet for 10 s; it has no real time to answer, only that of the clock."""
    return Pulse(quiet_s=10, answer_s=0.02, now=clock)


class Asked:
    """Counts how often a sign of life was wanted; gives one once `alive` is set."""

    def __init__(self, alive=True, error=None):
        self.count = 0
        self.alive = asyncio.Event()
        self.error = error
        if alive:
            self.alive.set()

    async def __call__(self):
        self.count += 1
        await self.alive.wait()
        if self.error:
            raise self.error


async def asked_for(pulse, clock, asked):
    """Begin a check that asks; a second has passed since."""
    clock.now += 11
    waiting = asyncio.create_task(pulse.check(asked))
    await asyncio.sleep(0)
    clock.now += 1
    return waiting


async def test_an_engine_that_gives_something_is_not_asked(pulse, clock):
    asked = Asked(alive=False)
    for _second in range(30):
        clock.now += 1
        pulse.beat()
        await pulse.check(asked)
    assert asked.count == 0


async def test_a_quiet_engine_is_asked_once_and_its_answer_counts(pulse, clock):
    asked = Asked()
    clock.now += 11
    await pulse.check(asked)
    clock.now += 9
    await pulse.check(asked)
    assert asked.count == 1
    clock.now += 2
    await pulse.check(asked)
    assert asked.count == 2


async def test_an_engine_that_hangs_fails_every_check_without_being_asked_again(pulse, clock):
    asked = Asked(alive=False)
    waiting = await asked_for(pulse, clock, asked)
    with pytest.raises(EngineSilent, match="12 s"):
        await waiting
    for _check in range(2):
        clock.now += 10
        with pytest.raises(EngineSilent):
            await pulse.check(asked)
    assert asked.count == 1


async def test_it_has_its_time_to_answer_over_several_checks(clock):
    pulse, asked = Pulse(quiet_s=10, answer_s=15, now=clock), Asked(alive=False)
    clock.now += 11
    asyncio.get_running_loop().call_later(0.01, asked.alive.set)
    await pulse.check(asked)
    assert asked.count == 1


async def test_an_engine_that_comes_back_is_well(pulse, clock):
    asked = Asked(alive=False)
    waiting = await asked_for(pulse, clock, asked)
    with pytest.raises(EngineSilent):
        await waiting
    asked.alive.set()
    await pulse.check(asked)
    clock.now += 5
    await pulse.check(asked)
    assert asked.count == 1


async def test_what_came_while_the_question_waits_gives_it_time_again(pulse, clock):
    asked = Asked(alive=False)
    waiting = await asked_for(pulse, clock, asked)
    pulse.beat()
    await waiting  # a token of a request came: it is busy, and the question waits behind that
    clock.now += 11
    with pytest.raises(EngineSilent):
        await pulse.check(asked)


async def test_an_engine_that_refuses_is_not_well(pulse, clock):
    clock.now += 11
    with pytest.raises(RuntimeError, match="boom"):
        await pulse.check(Asked(error=RuntimeError("boom")))
