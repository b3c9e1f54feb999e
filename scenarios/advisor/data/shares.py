"""Lists in one cell: `bank:0.25;energy:0.1` as shares by name, `7:0.015;30:0.005` as tiers of days."""


def parse_shares(text: str | None) -> dict[str, float]:
    """Return shares by name. Raises `ValueError`, also for shares below 0 or that sum to more than 1."""
    shares: dict[str, float] = {}
    for name, share in _pairs(text):
        if name in shares or not 0.0 <= share <= 1.0:
            raise ValueError(name)
        shares[name] = share
    if sum(shares.values()) > 1.0 + 1e-6:
        raise ValueError("they sum to more than 1")
    return shares


def parse_tiers(text: str | None) -> tuple[tuple[int, float], ...]:
    """Return (held less than days, share), days rising. Raises `ValueError`."""
    tiers = tuple(sorted((int(days), share) for days, share in _pairs(text)))
    if any(days <= 0 or not 0.0 <= share <= 1.0 for days, share in tiers):
        raise ValueError("days above 0 and shares from 0 to 1")
    return tiers


def _pairs(text: str | None) -> list[tuple[str, float]]:
    parts = [part for part in (text or "").replace("；", ";").replace("：", ":").split(";") if part.strip()]
    pairs = []
    for part in parts:
        name, colon, share = part.rpartition(":")
        if not colon or not name.strip():
            raise ValueError(part)
        pairs.append((name.strip(), float(share)))
    return pairs
