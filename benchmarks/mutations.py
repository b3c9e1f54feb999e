"""Requests that are wrong in one way or several, from valid ones. The same seed gives the same requests."""

import copy
import gzip
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hostile import BIG_VALUES, DEEP, DEEP_TEXT, HEADERS, NAMES, SCHEMAS, UNKNOWN_FIELDS, VALUES, WHOLE_BODIES
from valid_bodies import JSON_TYPE, MOST_TOKENS, NOBODY, Valid, all_valid

_GENERATING = ("/v1/chat/completions", "/v1/completions")
_LIMITS = ("max_tokens", "max_completion_tokens")
_MOST_TAKEN = 1_000_000  # what the gateway takes as max_tokens; beyond that it refuses
_MOST_BYTES = 500_000  # of a list that was multiplied
_BIG_SHARE = 0.02  # of values: a megabyte takes its time on both sides
_BYTES = (b"\x00", b"\t", b'"', b"\\", b"\x80", b"\xff")
_BOUNDARY = "fuzz-boundary"
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FuzzedRequest:
    """One request; `how` names what was done to it, `route` the route it was made for."""

    how: str
    method: str
    route: str
    path: str
    headers: Headers
    content: bytes

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data; the content as Latin-1, which loses nothing."""
        return {**vars(self), "headers": list(self.headers), "content": self.content.decode("latin-1")}


def tamed(route: str, body: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a body that generates at most 2 tokens where it would generate at all; what is refused stays."""
    if route not in _GENERATING or not isinstance(body, dict):
        return body
    body = dict(body)
    for name in _LIMITS:
        value = body.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_TAKEN:
            body[name] = MOST_TOKENS
    if body.get("max_tokens") is None:
        body["max_tokens"] = MOST_TOKENS
    return body


def dumped(body: Any, *, ascii_only: bool = True) -> bytes:  # noqa: ANN401 - JSON
    """Return JSON, also of what JSON has no words for: NaN, half characters, and nesting deeper than Python's."""
    text = json.dumps(body, ensure_ascii=ascii_only)
    return text.replace(f'"{DEEP}"', DEEP_TEXT).encode("utf-8", "surrogatepass")


def _places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Yield the way to each value below `node`."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield (*path, key)
        yield from _places(value, (*path, key))


def _holder(body: Any, path: tuple[Any, ...]) -> Any:  # noqa: ANN401 - JSON
    for key in path[:-1]:
        body = body[key]
    return body


class Mutator:
    """Makes requests from `chance`; each method changes a body in place, or returns another one."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.changes: tuple[Callable[[Any], Any], ...] = (
            self.replaced, self.replaced, self.replaced, self.unknown_field, self.unknown_field, self.removed,
            self.wrapped, self.multiplied, self.misnamed, self.hostile_schema, self.whole_body,
        )  # fmt: skip

    def replaced(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        """A value of another type, too large, too deep, or no JSON."""
        value = self._chance.choice(BIG_VALUES if self._chance.random() < _BIG_SHARE else VALUES)()
        places = list(_places(body))
        if not places:
            return value
        path = self._chance.choice(places)
        _holder(body, path)[path[-1]] = value
        return body

    def unknown_field(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        """A field that the engine has and callers have not, or that nobody has."""
        places = [(), *(path for path in _places(body))]
        path = () if self._chance.random() < 0.7 else self._chance.choice(places)
        target = _holder(body, (*path, None))
        if isinstance(target, dict):
            name, value = self._chance.choice(UNKNOWN_FIELDS)
            target[name] = copy.deepcopy(value)
        return body

    def removed(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        """A value that is not there."""
        places = list(_places(body))
        if places:
            path = self._chance.choice(places)
            del _holder(body, path)[path[-1]]
        return body

    def wrapped(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        """A value one level deeper: in a list, in an object, or as text."""
        places = list(_places(body))
        if places:
            path = self._chance.choice(places)
            holder = _holder(body, path)
            value = holder[path[-1]]
            holder[path[-1]] = self._chance.choice(([value], {"x": value}, json.dumps(value)))
        return body

    def multiplied(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        """A list with hundreds or ten thousand of its entries."""
        lists = [path for path in _places(body) if isinstance(_holder(body, (*path, None)), list)]
        if lists:
            path = self._chance.choice(lists)
            holder = _holder(body, path)
            times = self._chance.choice((17, 300, 10_000))
            holder[path[-1]] *= min(times, 1 + _MOST_BYTES // len(dumped(holder[path[-1]])))
        elif isinstance(body, dict):
            body["stop"] = ["x"] * 10_000
        return body

    def misnamed(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        """A field whose name is not one."""
        objects = [path for path in _places(body) if isinstance(_holder(body, (*path, None)), dict)]
        target = _holder(body, (*self._chance.choice([(), *objects]), None))
        if isinstance(target, dict) and target:
            target[self._chance.choice(NAMES)] = target.pop(self._chance.choice(list(target)))
        return body

    def hostile_schema(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        """A schema that is expensive to compile, refers elsewhere or is none."""
        schema = copy.deepcopy(self._chance.choice(SCHEMAS))
        if isinstance(body, dict):
            if self._chance.random() < 0.5:
                named = {"name": "x", "schema": schema}
                body["response_format"] = {"type": "json_schema", "json_schema": named}
            else:
                body["tools"] = [{"type": "function", "function": {"name": "x", "parameters": schema}}]
                body["tool_choice"] = self._chance.choice(("required", "auto"))
        return body

    def whole_body(self, _body: Any) -> Any:  # noqa: ANN401 - JSON
        """Something else altogether."""
        return copy.deepcopy(self._chance.choice(WHOLE_BODIES))

    def rewritten(self, content: bytes) -> tuple[str, bytes]:
        """Return what was done to the bytes of a body, and the bytes."""
        at = self._chance.randrange(len(content) + 1)
        text = content.decode("utf-8", "surrogatepass")
        twice = content[:-1] + b', "model": "x", "model": "general"}' if content.endswith(b"}") else content * 2
        ways: dict[str, Callable[[], bytes]] = {
            "truncated": lambda: content[:at],
            "byte order mark": lambda: b"\xef\xbb\xbf" + content,
            "utf-16": lambda: text.encode("utf-16", "surrogatepass"),
            "utf-32": lambda: text.encode("utf-32", "surrogatepass"),
            "byte changed": lambda: content[:at] + bytes([self._chance.randrange(256)]) + content[at + 1 :],
            "byte added": lambda: content[:at] + self._chance.choice(_BYTES) + content[at:],
            "trailing": lambda: content + self._chance.choice((b"{}", b"\x00", b",", b"//", b"]" * 1000)),
            "duplicate keys": lambda: twice,
            "single quotes": lambda: content.replace(b'"', b"'"),
            "white space": lambda: b" " * 200_000 + content,
            "squeezed": lambda: gzip.compress(content, mtime=0),
            "empty": lambda: b"",
            "noise": lambda: self._chance.randbytes(self._chance.randrange(1, 400)),
            "brackets": lambda: self._chance.choice((b"[", b'{"a":', b"[[[]]", b"{")) * 50_000,
        }  # fmt: skip
        how = self._chance.choice(list(ways))
        return how, ways[how]()

    def headers(self, own: Headers) -> Headers:
        """Return headers of which one is wrong, twice there or absent."""
        if self._chance.random() < 0.2:
            return tuple(pair for pair in own if pair[0] != "content-type")
        name, value = self._chance.choice(HEADERS)
        kept = own if self._chance.random() < 0.3 else tuple(pair for pair in own if pair[0] != name)
        return (*kept, (name, value))

    def address(self, path: str) -> str:
        """Return an address with one of its names replaced, or with a query."""
        if self._chance.random() < 0.3:
            return path + self._chance.choice(("?wait=maybe", "?a=1&a=2", "?%00=%ff", "?" + "q=1&" * 500, "?[]=%F0%9F"))
        parts = path.split("/")
        number = self._chance.randrange(2, len(parts)) if len(parts) > 2 else 1
        odd = ("%00", "..%2f..%2fetc", "%2e%2e", "x" * 2000, "%ED%A0%80", "%E4%B8%AD", "%0d%0aX-A:%201", "*", NOBODY)
        parts[number] = self._chance.choice(odd)
        return "/".join(parts)


def form(fields: Mapping[str, Any], chance: random.Random) -> tuple[bytes, str]:
    """Return a multipart body and its content type: whole, or broken somewhere."""
    lines = []
    for name, value in fields.items():
        text = value if isinstance(value, str) else dumped(value).decode("utf-8", "replace")
        lines.append(f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n')
    disposition = chance.choice(
        (
            'name="file"; filename="a.txt"', 'name="file"; filename="../../a.txt"', 'name="file"; filename=""',
            'name="file"', 'name="other"; filename="a.txt"', "", 'name="file"; filename="' + "a" * 5000 + '"',
        )
    )  # fmt: skip
    lines.append(f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\nFees: none.\r\n")
    content = ("".join(lines) + f"--{_BOUNDARY}--\r\n").encode("utf-8", "replace")
    kind = f"multipart/form-data; boundary={_BOUNDARY}"
    match chance.randrange(8):
        case 0:
            content = content[: chance.randrange(len(content))]
        case 1:
            content = content.replace(b"\r\n", b"\n")
        case 2:
            begun = "multipart/form-data"
            kind = chance.choice((begun, f"{begun}; boundary=", kind + "x", "multipart/mixed"))
        case 3:
            content = content * 50
        case 4:
            content = chance.randbytes(300)
    return content, kind


def mutated(valid: Valid, chance: random.Random) -> FuzzedRequest:
    """Return one request made from a valid one."""
    mutator = Mutator(chance)
    body, names = copy.deepcopy(valid.body), []
    for _turn in range(chance.choice((0, 1, 1, 1, 1, 2, 3))):
        change = chance.choice(mutator.changes)
        names.append(change.__name__)
        body = change(body)
    headers = valid.headers or (JSON_TYPE,)
    if valid.form or chance.random() < 0.02:
        content, kind = form(body if isinstance(body, dict) else {"x": body}, chance)
        names.append("form")
        headers = (("content-type", kind),)
    else:
        content = dumped(tamed(valid.route, body), ascii_only=chance.random() < 0.8)
        if chance.random() < 0.15:
            how, content = mutator.rewritten(content)
            names.append(how)
    path = valid.path
    if chance.random() < 0.08:
        headers, names = mutator.headers(headers), [*names, "headers"]
    if chance.random() < 0.05:
        path, names = mutator.address(path), [*names, "address"]
    method = valid.method
    if chance.random() < 0.02:
        method, names = chance.choice(("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")), [*names, "method"]
    return FuzzedRequest("+".join(names) or "valid", method, valid.route, path, headers, content)


def mutations(seed: int, count: int, document: Mapping[str, Any] | None = None) -> Iterator[FuzzedRequest]:
    """Yield `count` requests, every route in its turn; `document` (OpenAPI) adds routes that the list lacks."""
    starts = all_valid(document)
    for number in range(count):
        yield mutated(starts[number % len(starts)], random.Random(f"{seed}/{number}"))
