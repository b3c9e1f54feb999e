import pytest


@pytest.fixture
def site_file(home):
    file = home / "site.yaml"
    file.write_text("models:\n  general:\n    package: base\n")
    return file


def test_a_number_is_written_and_told(run, site_file):
    shown = run("model", "scale", "general", "--replicas", 2, "--yes")
    assert shown.code == 0
    assert "general  replicas  1" in shown.out
    assert "counts from the next start" in shown.err
    assert site_file.read_text().endswith("    replicas: 2\n")
    again = run("model", "scale", "general", "--replicas", 2, "--yes")
    assert "says that already" in again.err


def test_limits_are_written_and_told_as_json(run, site_file):
    shown = run("model", "scale", "general", "--min", 1, "--max", 3, "--yes", "--json")
    assert shown.json["changed"] == [
        {"alias": "general", "setting": "scaling.min_replicas", "before": None, "after": 1},
        {"alias": "general", "setting": "scaling.max_replicas", "before": None, "after": 3},
    ]
    assert "max_replicas: 3" in site_file.read_text()


def test_nothing_is_written_without_an_answer(run, site_file):
    before = site_file.read_text()
    shown = run("model", "scale", "general", "--replicas", 2)
    assert shown.code == 7
    assert "nobody is here to answer" in shown.err
    assert run("model", "scale", "general", "--yes").code == 7
    assert site_file.read_text() == before
