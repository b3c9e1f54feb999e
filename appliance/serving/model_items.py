"""What crosses between the gateway and a model's deployment: plain data, no engine classes.

An item is one or more whole server-sent events as text, `{"usage": …}` at the end of a stream, `{"result": …}` for a
whole answer, or `{"error": {"message", "type", "param", "code"}}`. A whole answer is announced by `BEGUN`.
"""

from typing import Any, Final, Literal

EVENT_END = "\n\n"
Operation = Literal["chat", "completions"]
Item = str | dict[str, Any]
BEGUN: Final[Item] = {"begun": True}
"""A replica works on a request for a whole answer: until then it may still be sent elsewhere."""
