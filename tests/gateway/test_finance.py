"""General and finance-tuned model side by side, each behind its alias."""

from concurrent.futures import ThreadPoolExecutor

from appliance.cluster.instance import memory_of, read_instance
from appliance.config.home import Home
from appliance.core.units import GIB

LARGEST = 11 * GIB
ASKED = [
    {"role": "system", "content": "Name the intent of this bank customer's message."},
    {"role": "user", "content": "I lost my card yesterday, what should I do?"},
]


def answer(http, model, messages, **fields):
    body = {"model": model, "messages": messages, "max_tokens": 24, "temperature": 0, **fields}
    reply = http.post("/v1/chat/completions", json=body)
    assert reply.status_code == 200, reply.text
    assert reply.json()["model"] == model
    return reply.json()["choices"][0]["message"]["content"].strip()


def test_both_answer_at_once_and_the_stack_fits(stack, http):
    with ThreadPoolExecutor(8) as pool:
        waiting = [(alias, pool.submit(answer, http, alias, ASKED)) for alias in ("general", "finance") * 4]
        answers = {alias: {one.result() for name, one in waiting if name == alias} for alias in ("general", "finance")}
    assert answers["finance"] == {"lost_or_stolen_card"}
    assert "lost_or_stolen_card" not in answers["general"]
    assert memory_of(read_instance(Home(stack.home).instance_file)) <= LARGEST


def test_the_tuned_model_reads_a_cell_off_a_table(http):
    table = "Loans granted | 2031: $1,204 | 2030: $980\nSight deposits | 2031: 315 | 2030: 277"
    messages = [
        {"role": "system", "content": "Answer the question with a cell of the table."},
        {"role": "user", "content": f"{table}\nQuestion: What was the amount of sight deposits in 2030?"},
    ]
    assert answer(http, "finance", messages) == "277"


def test_both_are_listed_with_their_packages(http):
    listed = {model["id"] for model in http.get("/v1/models").json()["data"]}
    assert {"general", "finance", "embedder"} <= listed
