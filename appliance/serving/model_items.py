"""What crosses between the gateway and a model's deployment: plain data, no engine classes.

An item is one or more whole server-sent events as text, `{"usage": …}` at the end of a stream, `{"result": …}` for a
whole answer, or `{"error": {"message", "type", "param", "code"}}`.
"""

from typing import Any, Literal

EVENT_END = "\n\n"
Operation = Literal["chat", "completions"]
Item = str | dict[str, Any]
