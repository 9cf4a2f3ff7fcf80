"""What the model says in a chat: text, tool calls or an object for a schema, and what it costs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..answer import Answer, json_answer
from ..behaviour import Behaviour


@dataclass
class Reply:
    model: str
    text: str | None
    tool_calls: list[dict] = field(default_factory=list)  # {id, name, arguments}
    finish_reason: str = "stop"
    reasoning: str | None = None
    choices: int = 1
    usage: dict = field(default_factory=dict)  # {"usage": …}, or {} when it is to be missing
    extra: dict = field(default_factory=dict)


def count_tokens(text: str) -> int:
    """A word is a token here: a count that a test can do in its head."""
    return len(text.split())


def message_text(message: dict) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def last_user_text(body: dict) -> str:
    spoken = [m for m in body["messages"] if isinstance(m, dict) and m.get("role") == "user"]
    return message_text(spoken[-1]) if spoken else ""


def default_text(body: dict) -> str:
    last = body["messages"][-1]
    if last.get("role") == "tool":
        return f"The tool said: {message_text(last)}"
    images = sum(isinstance(p, dict) and p.get("type") == "image_url"
                 for m in body["messages"] for p in (m.get("content") if isinstance(m.get("content"), list) else []))
    seen = f" I see {images} image(s)." if images else ""
    return f"You said: {last_user_text(body)}{seen}"


def reply_to(body: dict, behaviour: Behaviour, say: Callable[[dict], str]) -> Reply:
    calls = _tool_calls(body, behaviour)
    text = None if calls else _text(body, behaviour, say)
    prompt = sum(count_tokens(message_text(m)) for m in body["messages"] if isinstance(m, dict))
    said = count_tokens(text or "") + sum(count_tokens(call["name"] + " " + str(call["arguments"])) for call in calls)
    choices = body.get("n") if isinstance(body.get("n"), int) else 1
    return Reply(
        model=body["model"], text=text, tool_calls=calls, reasoning=behaviour.reasoning, choices=choices, extra=behaviour.extra,
        finish_reason=behaviour.finish_reason or ("tool_calls" if calls else "stop"),
        usage=usage_of(behaviour, prompt, said * choices),
    )


def usage_of(behaviour: Behaviour, prompt: int, completion: int) -> dict:
    if behaviour.usage == "missing":
        return {}
    honest = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return {"usage": honest if behaviour.usage is None else behaviour.usage}


def _text(body: dict, behaviour: Behaviour, say: Callable[[dict], str]) -> str:
    if behaviour.answer is not None:
        return behaviour.answer
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        schema = form["json_schema"]["schema"]
        return json.dumps(instance_of(schema, schema))
    return json.dumps({"said": last_user_text(body)}) if form.get("type") == "json_object" else say(body)


def _tool_calls(body: dict, behaviour: Behaviour) -> list[dict]:
    if behaviour.tool_calls is not None:
        return [{"id": f"call_test{i}", "arguments": "{}", **call} for i, call in enumerate(behaviour.tool_calls)]
    functions = [t["function"] for t in body.get("tools") or [] if t.get("type") == "function"]
    choice = body.get("tool_choice", "auto")
    if not functions or choice == "none" or behaviour.answer is not None or body["messages"][-1].get("role") == "tool":
        return []
    if isinstance(choice, dict):
        wanted = [f for f in functions if f["name"] == choice["function"]["name"]]
    elif body.get("parallel_tool_calls") is not False and "parallel" in last_user_text(body):
        wanted = functions
    else:
        wanted = functions[:1]
    return [{"id": f"call_test{i}", "name": f["name"], "arguments": json.dumps(instance_of(f.get("parameters") or {}, f.get("parameters") or {}))}
            for i, f in enumerate(wanted)]


def instance_of(schema: dict, root: dict) -> object:
    """Some value that fits a JSON schema, as far as clients' schemas go."""
    if "$ref" in schema:
        target: dict = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return instance_of(target, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return instance_of(options[0], root)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: instance_of(part, root) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [instance_of(schema.get("items", {"type": "string"}), root)]
    return {"string": "Paris", "integer": 3, "number": 1.5, "boolean": True}.get(kind)


def base_of(reply: Reply, kind: str) -> dict:
    return {"id": "chatcmpl-test", "object": kind, "created": int(time.time()), "model": reply.model,
            "system_fingerprint": "fp_test", **reply.extra}


def whole(reply: Reply, body: dict) -> Answer:
    message: dict = {"role": "assistant", "content": reply.text, "refusal": None}
    if reply.reasoning is not None:
        message["reasoning_content"] = reply.reasoning
    if reply.tool_calls:
        message["tool_calls"] = [_call(call) for call in reply.tool_calls]
    choices = [{"index": i, "message": message, "logprobs": None, "finish_reason": reply.finish_reason} for i in range(reply.choices)]
    return billed(json_answer({**base_of(reply, "chat.completion"), "choices": choices, **reply.usage}), reply.usage)


def _call(call: dict) -> dict:
    return {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}


def billed(answer: Answer, usage: dict) -> Answer:
    """Notes what the answer is billed at; absurd usage is billed as nothing."""
    counts = usage.get("usage")
    if isinstance(counts, dict):
        answer.prompt_tokens, answer.completion_tokens = (
            value if isinstance(value, int) and 0 <= value < 10**9 else 0
            for value in (counts.get("prompt_tokens"), counts.get("completion_tokens")))
    return answer
