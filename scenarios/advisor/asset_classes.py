"""What each class of assets is called, everywhere in this pack."""

from collections.abc import Mapping
from typing import Final

from appliance.scenario.words import Words

from .models import AssetClass

CLASSES: Final[Mapping[AssetClass, Words]] = {
    "cash": Words(en="cash", zh="现金类"),
    "bond": Words(en="bonds", zh="债券类"),
    "equity": Words(en="equities", zh="权益类"),
    "alternative": Words(en="alternatives", zh="另类投资"),
    "commodity": Words(en="commodities", zh="商品类"),
    "insurance": Words(en="insurance", zh="保险类"),
}
