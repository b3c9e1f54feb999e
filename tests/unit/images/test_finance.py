"""The finance adapter as shipped, and the scripts that made and measured it, on text of our own."""

import json
import random
import sys
from pathlib import Path

# Programs of their own, not parts of the package: their modules are beside them.
sys.path.insert(0, str(Path(__file__).parents[3] / "images" / "models" / "finance"))
import pytest
import scoring
import tasks
import torch
from packing import NOT_LEARNED, Packer
from safetensors import safe_open

from appliance.packages.merge_adapter import changes_of
from appliance.packages.tuned_recipe import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    load_tuned_recipe,
    read_adapter_config,
    tuned_recipe_path,
)

HOME = Path(__file__).parents[3] / "images" / "models" / "finance"

LARGEST = 12_000_000
GRID = (
    ("", "2031", "", "2030", ""),
    ("(in millions)", "Amount", "%", "Amount", "%"),
    ("Loans granted", "$ 1,204", "38.6%", "$ 980", "40.0%"),
    ("Deposits:", "", "", "", ""),
    ("Sight deposits", "315", "22.8%", "(277)", "–"),
)


def test_the_recipe_holds_digests_data_and_figures():
    recipe = load_tuned_recipe(tuned_recipe_path("finance"))
    assert recipe.base.package == "base"
    assert {data.licence for data in recipe.data} == {"CC-BY-4.0", "MIT"}
    assert {figure.task for figure in recipe.measured} == {"intent", "table"}
    assert all(text and "TODO" not in text for text in (*recipe.weaknesses.values(), recipe.method))


def test_the_tuned_model_beats_its_base_by_the_same_prompts():
    """Also where the form of the answer does not count: a choice among the names, a cell anywhere in a sentence."""
    measured = load_tuned_recipe(tuned_recipe_path("finance")).measured
    assert {(one.task, one.score) for one in measured} == {("intent", "exact"), ("table", "exact"), ("table", "holds")}
    for figure in measured:
        assert figure.tuned >= figure.base + 0.3, figure


def test_the_adapter_is_small_and_nothing_but_tensors_of_every_projection():
    folder = HOME / "adapter"
    assert sum(path.stat().st_size for path in folder.iterdir()) <= LARGEST
    with safe_open(folder / WEIGHTS_FILE, "pt") as file:
        assert file.metadata() == {"format": "pt"}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    assert sum(tensor.numel() for tensor in tensors.values()) == 4_884_480
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())
    pairs = changes_of(tensors, read_adapter_config(folder))
    assert len(pairs) == 30 * 7
    assert all(up.abs().max() > 0 for _down, up in pairs.values())


def test_the_adapters_configuration_names_no_place():
    text = (HOME / "adapter" / CONFIG_FILE).read_text()
    assert json.loads(text)["base_model_name_or_path"] == "base"
    assert "/" not in text


def test_no_text_of_a_data_set_is_here():
    kinds = {path.suffix for path in HOME.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert kinds <= {".py", ".yaml", ".md", ".json", ".safetensors"}
    assert {path.name for path in HOME.rglob("*.json")} == {CONFIG_FILE}


@pytest.mark.parametrize(
    ("answer", "wanted", "exact", "holds"),
    [
        ("$1,496.5", "1,496.5", True, True),
        ("$ 1,496.5 million", "$1,496.5", False, True),
        ("The total was 1,496.5.", "$1,496.5", False, True),
        ("(9.4%)", "-9.4", True, True),
        ("9.4", "(9.4)", False, False),
        ("The South Korean Won", "South Korean Won", True, True),
        ("14,965", "1,496", False, False),
        ("", "2019", False, False),
    ],
)
def test_answers_from_tables_are_compared_as_figures(answer, wanted, exact, holds):
    assert scoring.exact(answer, wanted) is exact
    assert scoring.holds(answer, wanted) is holds


def test_f1_counts_words_once():
    assert scoring.f1("net sales", "Net Sales") == 1
    assert scoring.f1("sales sales", "net sales") == pytest.approx(0.5)
    assert scoring.f1("cost", "net sales") == 0
    assert scoring.f1("", "net sales") == 0


@pytest.mark.parametrize(
    ("answer", "same", "holds"),
    [
        ("card_lost", True, True),
        ("Card lost", True, True),
        ("card_lost\nMessage: and so on", True, True),
        ("The intent is card_lost.", False, True),
        ("discard_lost", False, False),
        ("", False, False),
    ],
)
def test_an_intent_counts_by_its_name(answer, same, holds):
    assert scoring.same_intent(answer, "card_lost") is same
    assert scoring.holds_intent(answer, "card_lost") is holds


def test_a_table_is_written_with_the_columns_name_before_every_value():
    assert tasks.render(GRID, "rows").split("\n") == [
        "Loans granted | 2031 Amount: $ 1,204 | 2031 %: 38.6% | 2030 Amount: $ 980 | 2030 %: 40.0%",
        "Deposits:",
        "Sight deposits | 2031 Amount: 315 | 2031 %: 22.8% | 2030 Amount: (277) | 2030 %: –",
    ]
    assert tasks.render(GRID, "grid").split("\n")[2] == "Loans granted | $ 1,204 | 38.6% | $ 980 | 40.0%"


def test_made_questions_are_answered_by_their_cell():
    made = tasks.made_questions(GRID, 50, random.Random(1))
    assert len(made) == 7
    assert all(any(answer in row for row in GRID) for _question, answer in made)
    assert all("oans granted" in question or "ight deposits" in question for question, _answer in made)


def test_other_figures_keep_the_form_and_the_names():
    other = tasks.other_figures(GRID, random.Random(1))
    assert other != GRID
    assert other[:2] == GRID[:2]
    assert [row[0] for row in other] == [row[0] for row in GRID]
    assert [[len(cell) for cell in row] for row in other] == [[len(cell) for cell in row] for row in GRID]


def test_cutting_keeps_the_header_and_the_rows_with_the_answers():
    assert tasks.cut(GRID, 1, ["315"], random.Random(1)) == (*GRID[:2], GRID[4])


def test_tables_are_held_out_by_their_key_and_about_half_of_them():
    tables = [tasks.TableQuestions(f"table-{number}", GRID, ()) for number in range(400)]
    assert 150 < sum(map(tasks.held_out, tables)) < 250


def test_a_balanced_choice_has_every_intent_equally_often():
    pairs = [(f"message {number}", f"intent-{number % 3}") for number in range(30)]
    chosen = tasks.balanced(pairs, 4, 7)
    assert chosen == tasks.balanced(pairs, 4, 7) != tasks.balanced(pairs, 4, 8)
    assert sorted(name for _text, name in chosen) == ["intent-0"] * 4 + ["intent-1"] * 4 + ["intent-2"] * 4


class Letters:
    """A tokenizer of characters: special tokens are spelled out, the template is plain."""

    def __call__(self, text, **_options):
        return {"input_ids": [ord(letter) % 97 for letter in text]}

    def apply_chat_template(self, messages, **_options):
        return "".join(f"[{turn['role'][0]}]{turn['content']}" for turn in messages) + "[a]"


def test_packed_rows_see_themselves_and_what_they_share_alone():
    """The packed sequence against each row by itself, through a real model: the same predictions."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            vocab_size=97,
        )
    ).eval()
    groups = [
        [tasks.table_row(GRID, "rows", question, answer) for question, answer in (("How much?", "315"), ("Who?", "a"))],
        [tasks.intent_row("I lost it", "card_lost")],
    ]
    packer = Packer(Letters(), "", 10_000)
    (packed,) = packer.pack(groups)
    inputs = packed.tensors()
    targets = inputs.pop("targets")
    together = model(**inputs).logits[0][targets != NOT_LEARNED]
    alone, due = [], []
    for row in (row for group in groups for row in group):
        prompt, answer = packer.ids(packer.prompt(row)), packer.ids(f"{row.answer}<|im_end|>")
        logits = model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0]
        alone.append(logits[len(prompt) - 1 : -1])
        due += answer
    assert targets[targets != NOT_LEARNED].tolist() == due
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-4)


def test_a_long_group_is_cut_where_what_it_shares_is_short():
    rows = [tasks.intent_row(f"message number {number}", "card_lost") for number in range(40)]
    sequences = list(Packer(Letters(), "", 400).pack([rows]))
    assert len(sequences) > 1
    assert sum(max(one.owner) - min(owner for owner in one.owner if owner) + 1 for one in sequences) == 40
    assert all(len(one.tokens) < 500 for one in sequences)


def test_rows_of_one_group_must_share_their_beginning():
    rows = [tasks.intent_row("a", "b"), tasks.table_row(GRID, "rows", "c", "d")]
    with pytest.raises(ValueError, match="must share"):
        list(Packer(Letters(), "", 400).pack([rows]))
