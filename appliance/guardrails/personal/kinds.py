"""The kinds of personal data, what their placeholders are called, and what is done about them by default."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from appliance.guardrails.verdict import Action

Kind = Literal[
    "cn_id",
    "bank_card",
    "iban",
    "phone",
    "uscc",
    "passport",
    "permit",
    "us_ssn",
    "email",
    "url_login",
    "ip_address",
    "account_name",
    "plate",
    "birth_date",
    "address",
    "person",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

# In Chinese and in English; a placeholder is the name, a number, and angle brackets around.
PLACEHOLDER_NAMES: Mapping[Kind, tuple[str, str]] = {
    "cn_id": ("身份证号", "ID_NUMBER"),
    "bank_card": ("银行卡号", "CARD"),
    "iban": ("国际账号", "IBAN"),
    "phone": ("手机号", "PHONE"),
    "uscc": ("信用代码", "COMPANY_CODE"),
    "passport": ("护照号", "PASSPORT"),
    "permit": ("证件号", "PERMIT"),
    "us_ssn": ("社保号", "SSN"),
    "email": ("邮箱", "EMAIL"),
    "url_login": ("登录链接", "LOGIN_URL"),
    "ip_address": ("网络地址", "IP"),
    "account_name": ("社交账号", "ACCOUNT"),
    "plate": ("车牌号", "PLATE"),
    "birth_date": ("出生日期", "BIRTH_DATE"),
    "address": ("地址", "ADDRESS"),
    "person": ("姓名", "NAME"),
}


@dataclass(frozen=True)
class Rule:
    """What is done about one kind."""

    action: Action
    least: float = 0.5
    """Spans with a lower score are let pass, 0..1."""


Policy = Mapping[Kind, Rule]

DEFAULT_POLICY: Policy = {
    kind: Rule("warn" if kind in ("uscc", "ip_address", "birth_date", "plate") else "mask") for kind in KINDS
}
