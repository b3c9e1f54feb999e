"""Long lines of a call: what goes on below stands below the text, in cells, at every width."""

from textual.app import App
from textual.content import Content

from appliance.tui.widgets.hanging_panel import HangingPanel, hung


def pieces(text, width):
    return [piece.plain.rstrip() for piece in hung(Content(text), width)]


def test_a_line_goes_on_where_its_text_begins():
    assert pieces("  0:07  seat: one two three four", 20) == ["  0:07  seat: one", "        two three", "        four"]
    assert pieces("- one two three", 9) == ["- one two", "  three"]
    assert pieces("one two three", 9) == ["one two three"]  # the widget itself breaks it
    assert pieces("  0:07  seat: one", 30) == ["  0:07  seat: one"]


def test_chinese_is_two_cells_wide_and_no_piece_is_too_wide():
    found = hung(Content("  0:07  客户：我的银行卡丢了，请马上帮我挂失，谢谢"), 24)
    assert found[0].plain.strip().startswith("0:07  客户：")
    assert all(piece.cell_length <= 24 for piece in found)
    assert "".join(piece.plain.strip() for piece in found) == "0:07  客户：我的银行卡丢了，请马上帮我挂失，谢谢"


def test_styles_go_with_the_words():
    line = Content.assemble("        ", ("next: ", "bold"), "block the card now, please")
    first, second = hung(line, 24)[:2]
    assert [span.style for span in first.spans] == ["bold"]
    assert not second.spans


async def test_another_width_lays_it_out_anew():
    class One(App):
        def compose(self):
            yield HangingPanel()

    app = One()
    async with app.run_test(size=(40, 10)) as pilot:
        app.query_one(HangingPanel).draw("Call", Content("  0:07  seat: one two three four five six seven"))
        await pilot.pause()
        assert "\n        six seven" in str(app.query_one("HangingLines").content)
        await pilot.resize_terminal(60, 10)
        await pilot.pause()
        assert "\n" not in str(app.query_one("HangingLines").content)
