"""Bank cards and international account numbers."""

import re

from appliance.guardrails.personal import checksums
from appliance.guardrails.personal.recogniser import Recogniser, bare
from appliance.guardrails.personal.word_sets import words

# Issuer ranges (ISO/IEC 7812) by brand: first and last prefix, lengths, and how sure the range alone makes it.
_BRANDS: tuple[tuple[str, str, frozenset[int], float], ...] = tuple(
    (first, last, frozenset(lengths), score)
    for first, last, lengths, score in (
        ("62", "62", range(16, 20), 0.8),  # UnionPay
        ("81", "81", range(16, 20), 0.6),
        ("9558", "9558", range(16, 20), 0.75),  # Chinese issuers from before 62
        ("60138", "60138", (16, 19), 0.7),
        ("940", "940", (16, 19), 0.55),
        ("10306", "10306", (19,), 0.6),
        ("4", "4", (16,), 0.7),  # Visa
        ("4", "4", (19,), 0.55),
        ("4", "4", (13,), 0.35),
        ("51", "55", (16,), 0.75),  # Mastercard
        ("2221", "2720", (16,), 0.65),
        ("34", "34", (15,), 0.75),  # American Express
        ("37", "37", (15,), 0.75),
        ("300", "305", range(14, 20), 0.55),  # Diners Club
        ("3095", "3095", range(14, 20), 0.55),
        ("36", "36", range(14, 20), 0.55),
        ("38", "39", range(14, 20), 0.55),
        ("6011", "6011", range(16, 20), 0.75),  # Discover
        ("644", "649", range(16, 20), 0.7),
        ("65", "65", range(16, 20), 0.7),
        ("3528", "3589", range(16, 20), 0.75),  # JCB
        ("2131", "2131", (15,), 0.6),
        ("1800", "1800", (15,), 0.6),
        ("2200", "2204", range(16, 20), 0.6),  # Mir
        ("50", "50", range(12, 20), 0.35),  # Maestro and its national relatives
        ("56", "58", range(12, 20), 0.35),
        ("6304", "6304", range(12, 20), 0.35),
        ("6759", "6763", range(12, 20), 0.35),
        ("60", "60", (16,), 0.5),  # RuPay
    )
)
_GROUPED = re.compile(r"\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5}")
_IBAN_LENGTHS = words(
    "AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 DE:22 DK:18 DO:28"
    " EE:20 EG:29 ES:24 FI:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HR:21 HU:28 IE:22 IL:23 IQ:23 IS:26"
    " IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 LY:25 MC:27 MD:24 ME:22 MK:19 MR:27 MT:31 MU:30"
    " NL:18 NO:15 PK:24 PL:28 PS:29 PT:25 QA:29 RO:24 RS:22 SA:24 SC:31 SE:24 SI:19 SK:24 SM:27 ST:25 SV:28 TL:23"
    " TN:24 TR:26 UA:29 VA:22 VG:24 XK:20"
)


def _card(value: str) -> float:
    """Score a number whose Luhn digit is right and whose first digits are an issuer's; 0 otherwise."""
    digits = bare(value)
    scores = [
        score
        for first, last, lengths, score in _BRANDS
        if len(digits) in lengths and first <= digits[: len(first)] <= last
    ]
    if not scores or len(set(digits)) == 1 or not checksums.luhn(digits):
        return 0
    return max(scores) + (0.15 if _GROUPED.fullmatch(value) else 0)


def _iban(value: str) -> float:
    number = bare(value)
    if f"{number[:2]}:{len(number)}" not in _IBAN_LENGTHS:
        return 0
    return 0.95 if checksums.iban(number) else 0.3


_WORDS = re.compile(
    r"卡号|银行卡|信用卡|借记卡|储蓄卡|贷记卡|工资卡|银联|卡片|尾号|账号|帐号|账户|收款|转账|汇款|打款|付款"
    r"|\bcards?\b|\bcredit\b|\bdebit\b|\bvisa\b|mastercard|\bamex\b|\bcc\b|\bpan\b|\baccount\b",
    re.IGNORECASE,
)
_START, _END = r"(?<![0-9A-Za-z_])(?<!\d[.,])", r"(?![0-9A-Za-z_]|[.,]\d)"
# In one piece, in the groups printed on cards, or in any groups where no other digits stand beside.
_FORMS = (
    re.compile(rf"{_START}\d{{12,19}}{_END}"),
    re.compile(rf"{_START}(?:{_GROUPED.pattern}){_END}"),
    re.compile(rf"{_START}(?<!\d[ -])\d(?:[ -]?\d){{11,18}}{_END}(?![ -]\d)"),
)

CARDS = (
    *(Recogniser("bank_card", pattern, _card, _WORDS) for pattern in _FORMS),
    Recogniser(
        "iban",
        re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{2}\d{2}(?: ?[0-9A-Za-z]{4}){2,7}(?: ?[0-9A-Za-z]{1,4})?(?![0-9A-Za-z])"),
        _iban,
        re.compile(r"\bIBAN\b|国际账号", re.IGNORECASE),
    ),
)
