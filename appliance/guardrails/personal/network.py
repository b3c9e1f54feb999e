"""Addresses and names in networks: mail, IP, links with a password, WeChat and QQ."""

import ipaddress
import re

from appliance.guardrails.personal.recogniser import Recogniser


def _ip_address(value: str) -> float:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return 0
    if address.is_loopback or address.is_unspecified or address.is_multicast or value.startswith(("255.", "0.")):
        return 0
    # 3.1.2.1 may well be the number of a section.
    return 0.3 if len(value) == len("3.1.2.1") and "." in value else 0.75


_IP_WORDS = re.compile(r"\bIP\b|\baddress\b|\bhost\b|\bserver\b|地址|服务器|登录", re.IGNORECASE)

NETWORK = (
    Recogniser(
        "email",
        re.compile(
            r"(?<![0-9A-Za-z._%+\-])[0-9A-Za-z][0-9A-Za-z._%+\-]{0,63}@(?:[0-9A-Za-z](?:[0-9A-Za-z\-]{0,61}[0-9A-Za-z])?\.){1,8}[A-Za-z]{2,24}"
            r"(?![0-9A-Za-z])"
        ),
        lambda _value: 0.95,
        needs=("@",),
    ),
    Recogniser(
        "url_login",
        re.compile(
            r"[a-z][a-z0-9+.\-]{1,15}://[^\s/:@<>\"']{1,64}:[^\s/@<>\"']{1,64}@[^\s<>\"'，。；、）)]+", re.IGNORECASE
        ),
        lambda _value: 0.97,
        needs=("://",),
    ),
    Recogniser(
        "ip_address",
        re.compile(r"(?<![0-9A-Za-z.\-])\d{1,3}(?:\.\d{1,3}){3}(?![0-9A-Za-z\-]|\.\d)"),
        _ip_address,
        _IP_WORDS,
    ),
    Recogniser(
        "ip_address",
        re.compile(r"(?<![0-9A-Za-z:])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,30}(?![0-9A-Za-z:])"),
        lambda value: _ip_address(value) if value.count(":") == 7 or "::" in value else 0,
        _IP_WORDS,
        needs=(":",),
    ),
    Recogniser(
        "account_name",
        re.compile(
            r"(?:微信|wechat|weixin|\b[vw]x)(?: ?(?:号|账号|帐号|ID|id|account))?(?: ?(?:是|为|is|[:=])){1,2} ?"
            r"(?P<value>[A-Za-z][A-Za-z0-9_\-]{5,19})(?![A-Za-z0-9_\-])",
            re.IGNORECASE,
        ),
        lambda _value: 0.9,
        needs=("微信", "wechat", "weixin", "vx", "wx"),
    ),
    Recogniser(
        "account_name",
        re.compile(
            r"(?<![A-Za-z])QQ(?: ?(?:号码?|账号|number|no\.?))?(?: ?(?:是|为|is|[:=])){0,2} ?"
            r"(?P<value>[1-9]\d{4,10})(?![0-9A-Za-z@])",
            re.IGNORECASE,
        ),
        lambda _value: 0.9,
        needs=("qq",),
    ),
)
