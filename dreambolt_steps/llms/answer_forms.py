"""The forms in which servers and models write an answer, made one: for live calls, batches and
litellm alike."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dreambolt_steps.llms.outcome import Completion, Trouble

_THOUGHTS = re.compile(
    r"<(think|thinking|thought|reasoning)\b[^>]*>.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_END_OF_THOUGHTS = re.compile(r"</(?:think|thinking|thought|reasoning)\s*>", re.IGNORECASE)
_STATUSES = (
    (("auth", "api_key", "unauthorized"), 401),
    (("rate_limit", "too_many", "resource_exhausted", "throttl"), 429),
    (("overload", "unavailable", "capacity"), 503),
    (("timeout",), 504),
    (("not_found",), 404),
    (("invalid", "bad_request", "unsupported"), 400),
)
_FILTERED = ("content_filter", "safety", "recitation", "prohibited_content", "blocklist", "spii")


def clean_text(text: str) -> str:
    """A text without lone surrogates, which no file and no database takes: halves that belong
    together are joined, others become U+FFFD.

    >>> clean_text("a\\ud83d\\ude00b\\ud83d")
    'a😀b�'
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clean_value(value: Any) -> Any:
    """A value of JSON whose texts are all `clean_text`."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean_value(one) for one in value]
    if isinstance(value, dict):
        return {clean_text(name): clean_value(one) for name, one in value.items()}
    return value


def strip_thoughts(text: str) -> str:
    """A text without what the model thought aloud; thoughts that do not end are all there is.

    >>> strip_thoughts("<think>[1, 2]?</think>[3]")
    '[3]'
    """
    return _END_OF_THOUGHTS.split(_THOUGHTS.sub("", text))[-1].strip()


def read_body(content: bytes) -> Any:
    """The body of an answer: what its JSON holds, a stream put together, or else its text."""
    text = content.decode("utf-8", "replace").strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    pieces = list(_iterate_stream(text))
    return _join_stream(pieces) if pieces else text


def find_error(answer: Any) -> tuple[int, Any] | None:
    """An error that came as if it were an answer, with the status of HTTP that it should have had.

    Args:
        answer: body of an answer with a status below 300.
    """
    first = answer[0] if isinstance(answer, list) and answer else answer
    if not isinstance(first, Mapping):
        return None
    error = first.get("error")
    choices = first.get("choices")
    if not error and isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
        error = choices[0].get("error")
    if not error:
        return None
    return _guess_status(error), {"error": error}


def read_completion(data: Any) -> Completion | Trouble:
    """A chat completion from the body of its answer.

    An answer that was paid and holds nothing to use is a Completion with a `failure`.
    """
    data = data[0] if isinstance(data, list) and len(data) == 1 else data
    choice = _find_choice(data)
    if choice is None:
        shown = (data if isinstance(data, str) else json.dumps(data, default=str))[:80]
        return Trouble(f"the server's answer is no chat completion: {shown!r}", transient=True)
    message = choice.get("message")
    message = message if isinstance(message, Mapping) else {"content": choice.get("text")}
    finish = choice.get("finish_reason") or data.get("done_reason")
    text = clean_text(_read_content(message.get("content")))
    usage = data.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    return Completion(
        text=text,
        finish=str(finish) if finish else None,
        tokens_in=_read_count(usage, data, "prompt_tokens", "input_tokens", "prompt_eval_count"),
        tokens_out=_read_count(usage, data, "completion_tokens", "output_tokens", "eval_count"),
        call_id=str(data["id"]) if data.get("id") else None,
        failure=_find_failure(message, str(finish or ""), text),
    )


def _find_choice(data: Any) -> Mapping[str, Any] | None:
    if not isinstance(data, Mapping):
        return None
    choices = data.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
        choice: Mapping[str, Any] = choices[0]
        return choice if "message" in choice or "text" in choice else None
    return data if isinstance(data.get("message"), Mapping) else None  # as Ollama's own API has it


def _read_content(content: Any) -> str:
    """The text of a message: as it is, in parts, or as JSON that was not written as text."""
    if isinstance(content, list):
        return "".join(_read_part(part) for part in content)
    if isinstance(content, Mapping):
        return _read_part(content) or json.dumps(content, ensure_ascii=False)
    return content if isinstance(content, str) else ""


def _read_part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping) or part.get("type") not in (None, "text", "output_text"):
        return ""  # thoughts, calls of tools, pictures
    text = part.get("text")
    text = text.get("value") if isinstance(text, Mapping) else text
    return text if isinstance(text, str) else ""


def _find_failure(message: Mapping[str, Any], finish: str, text: str) -> str | None:
    """Why an answer holds nothing to use; None if it does."""
    if refusal := message.get("refusal"):
        return f"the model refused: {clean_text(str(refusal))}"
    if finish.lower() in _FILTERED:
        return f"the server's content filter held the answer back (finish_reason {finish})"
    if text.strip():
        return None
    if finish in ("length", "max_tokens", "MAX_TOKENS"):
        return (
            "the model used up its tokens before it wrote an answer (finish_reason length); "
            "raise max_new_tokens"
        )
    if calls := message.get("tool_calls") or message.get("function_call"):
        return f"the model called {_name_tool(calls)} instead of answering"
    if "content" in message and message["content"] is None:
        told = f"finish_reason {finish}" if finish else "and no finish_reason"
        return f"the answer has no content ({told})"
    return None


def _name_tool(calls: Any) -> str:
    first = calls[0] if isinstance(calls, list) and calls else calls
    inner = first.get("function", first) if isinstance(first, Mapping) else {}
    name = inner.get("name") if isinstance(inner, Mapping) else None
    return f"the tool {name}" if name else "a tool"


def _read_count(usage: Mapping[str, Any], data: Mapping[str, Any], *names: str) -> int:
    for name in names:
        found = usage.get(name, data.get(name))
        if isinstance(found, int | float):
            return max(0, int(found))
    return 0


def _guess_status(error: Any) -> int:
    fields = error if isinstance(error, Mapping) else {}
    for name in ("status_code", "code", "status"):
        found = str(fields.get(name, ""))
        if found.isdecimal() and 400 <= int(found) <= 599:
            return int(found)
    told = " ".join(str(fields.get(name, "")) for name in ("code", "type", "status")).lower()
    return next((status for words, status in _STATUSES if any(w in told for w in words)), 500)


def _iterate_stream(text: str) -> Iterator[Mapping[str, Any]]:
    """The pieces of a server-sent stream, or of one JSON object a line; none for another text."""
    for line in text.split("\n"):
        line = line.strip()
        if not line or line.startswith((":", "event:", "id:", "retry:")):
            continue
        line = line.removeprefix("data:").strip()
        if line == "[DONE]":
            continue
        try:
            piece = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(piece, Mapping):
            return
        yield piece


def _join_stream(pieces: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the pieces of a stream would have been in one."""
    text, refusal = [], []
    whole: dict[str, Any] = {}
    choice: dict[str, Any] = {}
    for piece in pieces:
        whole |= {name: value for name, value in piece.items() if value and name != "choices"}
        choices = piece.get("choices")
        found = _find_choice(piece) or (choices[0] if isinstance(choices, list) and choices else {})
        choice |= {name: value for name, value in found.items() if value}
        delta = found.get("delta") or found.get("message") or {}
        text.append(_read_content(delta.get("content")) or str(found.get("text") or ""))
        refusal.append(str(delta.get("refusal") or ""))
    message = {"content": "".join(text), "refusal": "".join(refusal)}
    whole.pop("message", None)
    return {**whole, "choices": [{**choice, "message": message}]}
