"""A call as lines to read."""

from .conftest import turn

TRANSCRIPT = [turn(0, "您好，很高兴为您服务。", "seat"), turn(1, "我的银行卡丢了。"), turn(2, "好的", "seat")]


async def test_what_is_due_is_told_as_what_to_say_now(desk):
    told = (await desk.call("replay", {"transcript": TRANSCRIPT, "language": "en"}))["answer"]
    assert "    ! Say now: Shall I block the card for you now?" in told.splitlines()
    assert "! notice: Shall I" not in told
