from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.advisor.conversation.state import State
from scenarios.advisor.conversation.tools import ARGUMENTS, tool_box
from scenarios.advisor.conversation.turning import remembered
from scenarios.advisor.conversation.understanding import understand
from tests.unit.scenario.advisor.conftest import TODAY

PARTS = (
    "C0012", "c9999", "P012", "P12", "S014", "赵示例", "王示例四", "青岚货币", "Songhe Index Fund",
    "能买吗", "换成", "不是", "那", "呢",

    "50万", "$3", "0元", "40%", "三成", "不超过", "权益", "近一年", "since 2023", "2026-02-30",
    "R2以下", "夏普", "什么是", "压力测试",
    "风险平价",
    "compare", "his account", "allocate", "go ahead", "美元",
    "{client}", "\x00", "第二个", "help", "😀", "R9", "%", "1e308",
)  # fmt: skip
turns = st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=12)), max_size=6).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(said=st.lists(turns, min_size=1, max_size=4))
def test_whatever_is_said_leads_to_known_arguments_or_to_one_question(sample, said):
    state = State()
    for text in said:
        got = understand(text, state, sample, today=TODAY)
        assert set(got.arguments) <= set(ARGUMENTS[got.tool].model_fields)
        assert got.arguments.get("client", "C0001") in sample.clients
        assert got.arguments.get("product", "P001") in sample.products
        if not got.missing:
            tool_box().arguments(got.tool, got.arguments)
        state = State.model_validate_json(remembered(state, got).model_dump_json())
