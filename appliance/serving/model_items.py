"""What crosses between the gateway and a model's deployment: plain data, no engine classes.

An item is a server-sent event as text, `{"usage": …}` at the end of a stream, `{"result": …}` for a whole answer, or
`{"error": {"message", "type", "param", "code"}}`.
"""

from typing import Any, Literal

Operation = Literal["chat", "completions"]
Item = str | dict[str, Any]
