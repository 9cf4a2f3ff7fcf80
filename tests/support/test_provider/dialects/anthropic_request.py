"""What Anthropic refuses of a request, in its words."""

from __future__ import annotations

_BLOCKS = {"user": {"text", "image", "document", "tool_result", "search_result"},
           "assistant": {"text", "thinking", "redacted_thinking", "tool_use", "server_tool_use", "web_search_tool_result"}}
_KNOWN = {"model", "anthropic_version", "max_tokens", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "temperature",
          "top_p", "top_k", "stop_sequences", "metadata", "service_tier", "stream", "cache_control"}


def texts_of(content: object) -> str:
    """The words of a content, whichever form it has."""
    if isinstance(content, str):
        return content
    return " ".join(block["text"] for block in content if block.get("type") == "text")


def complaint_about(body: dict, headers: dict[str, str], on_vertex: bool) -> str | None:
    """The first thing that is wrong, or None."""
    if on_vertex and ("model" in body or body.get("anthropic_version") != "vertex-2023-10-16"):
        return "anthropic_version: Field required; model: Extra inputs are not permitted"
    if not on_vertex and headers.get("anthropic-version") != "2023-06-01":
        return "anthropic-version: header is required"
    for name in ("messages", "max_tokens", *([] if on_vertex else ["model"])):
        if name not in body:
            return f"{name}: Field required"
    if unknown := set(body) - _KNOWN:
        return f"{sorted(unknown)[0]}: Extra inputs are not permitted"
    return _about_messages(body["messages"]) or _about_options(body)


def _about_messages(messages: list) -> str | None:
    if not messages or messages[0]["role"] != "user":
        return "messages: first message must use the \"user\" role"
    open_calls: list[str] = []
    for number, message in enumerate(messages):
        place = f"messages.{number}"
        if message["role"] not in _BLOCKS:
            return f"{place}: Unexpected role \"{message['role']}\""
        if number and messages[number - 1]["role"] == message["role"]:
            return "messages: roles must alternate between \"user\" and \"assistant\""
        blocks = [{"type": "text", "text": message["content"]}] if isinstance(message["content"], str) else message["content"]
        if complaint := _about_blocks(blocks, message["role"], place):
            return complaint
        answered = [b["tool_use_id"] for b in blocks if b["type"] == "tool_result"]
        if set(answered) != set(open_calls) or blocks[: len(answered)] != [b for b in blocks if b["type"] == "tool_result"]:
            return f"{place}: `tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(open_calls)}"
        open_calls = [b["id"] for b in blocks if b["type"] == "tool_use"]
    return None


def _about_blocks(blocks: list, role: str, place: str) -> str | None:
    if not blocks:
        return f"{place}: content must not be empty"
    for block in blocks:
        if block["type"] not in _BLOCKS[role]:
            return f"{place}: unexpected `{block['type']}` block"
        if block["type"] == "text" and not block["text"].strip():
            return f"{place}: text content blocks must contain non-whitespace text"
        if block["type"] == "thinking" and not block.get("signature"):
            return f"{place}: thinking.signature: Field required"
        if block["type"] == "tool_use" and not isinstance(block["input"], dict):
            return f"{place}: tool_use.input: Input should be a valid dictionary"
    return None


def _about_options(body: dict) -> str | None:
    thinking = body.get("thinking", {"type": "disabled"})
    thinks = thinking["type"] != "disabled"
    if thinking["type"] == "enabled" and not 1024 <= thinking["budget_tokens"] < body["max_tokens"]:
        return "`max_tokens` must be greater than `thinking.budget_tokens`"
    if thinks and body.get("temperature", 1) != 1:
        return "`temperature` may only be set to 1 when thinking is enabled"
    if thinks and body.get("tool_choice", {}).get("type") in ("any", "tool"):
        return "Thinking may not be enabled when tool_choice forces tool use."
    if not 0 <= body.get("temperature", 0) <= 1:
        return "temperature: range: 0..1"
    for tool in body.get("tools", []):
        if "type" not in tool and tool.get("input_schema", {}).get("type") != "object":
            return "tools.0.custom.input_schema.type: Field required"
    if "tool_choice" in body and not body.get("tools"):
        return "tool_choice: may only be specified while providing tools"
    return None
