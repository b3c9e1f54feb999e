from appliance.knowledge.asking.questions import analyse
from appliance.knowledge.language.glossary import read_entries
from tests.unit.knowledge.principals import PLATFORM

GLOSSARY = "青云盾, 小蓝条 | BlueStick, azure fob\n\n"
QUESTION = "小蓝条多少钱？"


def test_entries_of_a_bank_are_read_with_their_spellings():
    (entry,) = read_entries(GLOSSARY.splitlines())
    assert entry.chinese == ("青云盾", "小蓝条")
    assert entry.english == (("bluestick",), ("azur", "fob"))


def test_a_banks_own_term_is_one_concept_with_spellings_in_both_languages():
    assert not any("bluestick" in phrase for concept in analyse(QUESTION).concepts for phrase in concept.english)
    asked = analyse(QUESTION, GLOSSARY)
    assert any(("bluestick",) in concept.english for concept in asked.concepts)
    assert {"bluestick", "青云", "云盾"} <= set(asked.search_terms())


def test_a_term_only_the_banks_glossary_knows_finds_a_document_in_the_other_language(quick):
    quick.ensure_base(PLATFORM, "rules", "Rules")
    for name, text in (
        ("equipment.md", "# Equipment\n\nA damaged screen costs 80 yuan. An azure fob costs 45 yuan.\n"),
        ("cards.md", "# Cards\n\nThe small blue strip costs 15 yuan.\n"),
    ):
        quick.add_document(PLATFORM, "rules", name, text.encode())
    for _news in quick.index_pending("rules"):
        pass

    def first():
        return quick.ranked(PLATFORM, "rules", QUESTION)[0].quote

    assert first() != "An azure fob costs 45 yuan."
    quick.set_glossary(PLATFORM, "rules", GLOSSARY)
    assert first() == "An azure fob costs 45 yuan."
