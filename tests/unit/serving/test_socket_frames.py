"""The frames of a WebSocket that wait are bounded by number and by size."""

import asyncio

from appliance.serving.gateway.socket_frames import Frames


async def test_large_frames_fill_it_sooner_than_many_small_ones():
    frames = Frames(3, 100)
    for text in ("a", "b", "c"):
        frames.put_nowait(text)
    assert frames.full()
    assert [frames.get_nowait() for _time in range(3)] == ["a", "b", "c"]
    frames.put_nowait("x" * 1000)
    assert frames.full()
    frames.get_nowait()
    frames.put_nowait("x" * 60)
    assert not frames.full()
    frames.put_nowait("y" * 60)
    assert frames.full()


async def test_who_waits_for_room_goes_on_once_there_is_enough_and_order_stays():
    frames = Frames(8, 100)
    await frames.put("1" * 60)
    await frames.put("2" * 60)
    waiting = asyncio.create_task(frames.put("3"))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert await frames.get() == "1" * 60
    await waiting
    assert [await frames.get(), await frames.get()] == ["2" * 60, "3"]
    for _frame in range(3):
        frames.task_done()
    await frames.join()
