from statistics import median

import pytest

from appliance.core.errors import ConfigError
from appliance.core.messages import speaking
from scenarios.reports.analysis import peers
from scenarios.reports.analysis.analysing import analyse

from .made import BALANCED, dossier, items, of_company

AT = "2025-12-31"
HEAD = "company,period,total_current_assets,total_current_liabilities,gross_margin\n"
ROWS = (
    f"甲（虚构）,{AT},200,100,0.35\n乙（虚构）,{AT},150,100,0.25\n丙（虚构）,{AT},110,100,\n丁（虚构）,{AT},300,0,0.2\n"
)


def compared(folder, text, language="en", found=None):
    (folder / "peers.csv").write_text(text, encoding="utf-8")
    return analyse(dossier(found or items(BALANCED), language), folder)


def test_medians_and_ranks_come_from_the_peers_of_the_same_year(tmp_path):
    analysis = compared(tmp_path, HEAD + ROWS + "戊（虚构）,2024-12-31,900,1,0.9\n")
    middle = analysis.figure(f"peer_median.current_ratio@{AT}")
    assert middle.value == pytest.approx(1.5)
    assert [one.value for one in middle.inputs] == [2.0, 1.5, 1.1]
    assert {one.place.name for one in middle.inputs} == {"peers.csv"}
    rank = analysis.figure(f"peer_rank.current_ratio@{AT}")
    assert (rank.value, rank.shown) == (2.0, "2")
    assert analysis.figure(f"peer_rank.gross_margin@{AT}").value == 2.0
    assert analysis.figure(f"peer_count@{AT}").value == 4.0
    assert analysis.figure("peer_count@2024-12-31").value == 1.0


def test_lower_is_better_where_the_formula_says_so(tmp_path):
    head = "company,period,debt_to_assets\n"
    analysis = compared(tmp_path, head + "".join(f"p{at},{AT},{value}\n" for at, value in enumerate((0.3, 0.4, 0.6))))
    assert analysis.figure(f"peer_rank.debt_to_assets@{AT}").value == 3.0


def test_of_too_few_peers_there_is_no_median(tmp_path):
    figure = compared(tmp_path, HEAD + f"a,{AT},200,100,0.3\nb,{AT},150,100,0.2\n").figure(
        f"peer_median.current_ratio@{AT}"
    )
    assert figure.value is None
    assert "too few" in figure.note


def test_without_a_list_there_is_a_gap_and_no_figure():
    analysis = analyse(dossier(items(BALANCED)), None)
    assert [one.about for one in analysis.gaps] == ["kind:peers"]
    assert not [one for one in analysis.figures if one.name.startswith("peer_")]


def test_the_company_is_no_peer_of_itself(tmp_path):
    rows = HEAD + ROWS + f"Yunxi Example Co.,{AT},900,1,0.9\n"
    assert compared(tmp_path, rows).figure(f"peer_count@{AT}").value == 4.0


def test_the_sample_says_that_its_peers_are_made_up():
    analysis = analyse(of_company(0), None, peers.SAMPLE)
    figure = analysis.figure(f"peer_median.roe@{AT}")
    assert figure.value == pytest.approx(median(one.value for one in figure.inputs))
    assert "虚构" in figure.note
    assert all("虚构" in one.symbol for one in figure.inputs)
    assert analysis.gaps == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("company,cash\na,1\n", ("1", "company and period")),
        ("", ("company and period",)),
        (f"company,period,csh\na,{AT},1\n", ("1: csh", "cash")),
        (f"company,period,cash,cash\na,{AT},1,1\n", ("given twice",)),
        (f"company,period,cash\na,{AT},much\n", ("2: cash", "much")),
        (f"company,period,cash\na,{AT},nan\n", ("2: cash",)),
        (f"company,period,cash\na,{AT},1e400\n", ("2: cash",)),
        ("company,period,cash\na,2025,1\n", ("2: period", "2025-12-31")),
        (f"company,period,cash\n,{AT},1\n", ("2: company",)),
        (f"company,period,cash\na,{AT}\n", ("2 cells",)),
        (f"company,period,cash\na,{AT},1\na,{AT},2\n", ("two lines",)),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_used_is_refused_with_line_and_column(tmp_path, text, said):
    with pytest.raises(ConfigError) as raised, speaking("en"):
        compared(tmp_path, text)
    with speaking("en"):
        message = f"{raised.value} {raised.value.hint}"
    assert "peers.csv" in message
    for part in said:
        assert part in message
