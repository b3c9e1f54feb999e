"""A signed package as its maker gives it away."""

import pytest

from appliance.operations.packages import build, make_key
from appliance.packages.signed.building import Wish

LEXICON = 'version: "1"\ngroups:\n  - {category: own, tier: block, words: [一号项目]}\n'


@pytest.fixture
def lexicon(tmp_path):
    """Return a signed package of a lexicon, and the public key it is signed with."""
    folder = tmp_path / "words"
    folder.mkdir()
    (folder / "lexicon.yaml").write_text(LEXICON, encoding="utf-8")
    stick = tmp_path / "stick"
    stick.mkdir()
    make_key(stick / "vendor", None)
    target = stick / "own.lmab"
    wish = Wish(kind="lexicon", name="own", version="1.0", release_counter=1, licence="MIT", source="test")
    list(build(wish, folder, stick / "vendor.key", None, target))
    return target, stick / "vendor.pub"
