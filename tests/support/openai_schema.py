"""Holds answers to OpenAI's schema: the official SDK's own types, strictly, where the SDK itself takes whatever comes.

The SDK builds its objects without validation. Here every field is validated without coercion, values outside an enumeration and
members that are neither OpenAI's nor known extensions are complaints, and a stream has to keep the order that clients count on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from openai import DefaultHttpxClient, OpenAI
from openai.types import Completion, CreateEmbeddingResponse, ImagesResponse, ModerationCreateResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import BaseModel, ValidationError

# What providers that answer in OpenAI's shape say besides: it passes through (IBM's).
_OWN = {"model_id", "created_at", "model_version", "system"}
# What gateways and their clients have agreed on beyond OpenAI's schema, by the type that may have it.
EXTENSIONS = {
    "ChatCompletion": {"citations", "search_results", "provider", *_OWN},
    "ChatCompletionChunk": {"citations", "search_results", "provider", *_OWN},
    "Choice": {"native_finish_reason"},
    "ChatCompletionMessage": {"reasoning_content", "reasoning_details", "images"},
    "ChoiceDelta": {"reasoning_content", "reasoning_details", "annotations", "images", "audio"},
    "ChatCompletionMessageFunctionToolCall": {"extra_content"},
    "ChoiceDeltaToolCall": {"extra_content"},
    "CompletionUsage": {"estimated"},
    "CompletionTokensDetails": {"image_tokens"},
}
# Members that the SDK's types make optional and OpenAI's schema does not, and those that are absent rather than null.
REQUIRED = {
    "ChatCompletionMessage": {"content", "refusal", "role"},
    "ChatCompletion": {"usage"},
}
NEVER_NULL = {"tool_calls", "function_call", "annotations", "role", "system_fingerprint", "prompt_tokens_details", "completion_tokens_details"}

# By the end of the path, the longer first: an answer that does not say what it is has to be seen as well.
_BY_PATH = {"/chat/completions": ChatCompletion, "/completions": Completion, "/embeddings": CreateEmbeddingResponse,
            "/images/generations": ImagesResponse, "/moderations": ModerationCreateResponse}


def _strangers(value: object, where: str) -> Iterator[str]:
    """Complaints about members, all the way down a validated value."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strangers(item, f"{where}[{number}]")
    if not isinstance(value, BaseModel):
        return
    kind = type(value).__name__
    yield from (f"{where}.{name}: not a member of {kind}" for name in sorted(set(value.model_extra or ()) - EXTENSIONS.get(kind, set())))
    yield from (f"{where}.{name}: missing" for name in sorted(REQUIRED.get(kind, set()) - value.model_fields_set))
    for name in value.model_fields_set:
        member = getattr(value, name)
        if member is None and name in NEVER_NULL:
            yield f"{where}.{name}: null"
        yield from _strangers(member, f"{where}.{name}")


def complaints_about(value: object, kind: type[BaseModel]) -> list[str]:
    """All that is wrong with a parsed JSON answer, as a type of the SDK; empty where it is right."""
    try:
        made = kind.model_validate(value, strict=True)
    except ValidationError as wrong:
        return [f"{kind.__name__}.{'.'.join(map(str, e['loc']))}: {e['msg']} ({str(e['input'])[:80]})" for e in wrong.errors()]
    found = list(_strangers(made, kind.__name__))
    usage = getattr(made, "usage", None)
    if kind in (ChatCompletion, ChatCompletionChunk) and usage and usage.total_tokens != usage.prompt_tokens + usage.completion_tokens:
        found.append(f"{kind.__name__}.usage: the total is not the sum")
    if kind is ChatCompletion:
        found += _about_choices(made)
    return found


def _about_choices(made: ChatCompletion) -> Iterator[str]:
    if [choice.index for choice in made.choices] != list(range(len(made.choices))) or not made.choices:
        yield "ChatCompletion.choices: not numbered from 0"
    for choice in made.choices:
        calls = choice.message.tool_calls or []
        if (choice.finish_reason == "tool_calls") != bool(calls):
            yield f"ChatCompletion: finish_reason {choice.finish_reason} with {len(calls)} calls"
        if len({call.id for call in calls}) != len(calls) or not all(call.id and call.function.name for call in calls):
            yield "ChatCompletion.tool_calls: ids or names empty or repeated"
        yield from (f"ChatCompletion.tool_calls: not an object: {call.function.arguments}" for call in calls if not _is_object(call.function.arguments))


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def complaints_about_error(value: object) -> list[str]:
    """An error body has all four members that clients read, and a message."""
    error = value.get("error") if isinstance(value, dict) else None
    if not isinstance(error, dict):
        return [f"no error member: {str(value)[:80]}"]
    found = [f"error.{name}: missing" for name in ("message", "type", "param", "code") if name not in error]
    kinds = {"message": str, "type": str, "param": (str, type(None)), "code": (str, type(None))}
    found += [f"error.{name}: {error[name]!r}" for name, kind in kinds.items() if name in error and not isinstance(error[name], kind)]
    return found + ([] if error.get("message") else ["error.message: empty"])


class StreamSchema:
    """What is wrong with the chunks of one stream so far, each and in their order."""

    def __init__(self, with_usage: bool | None = None) -> None:
        self.complaints: list[str] = []
        self.done = False
        self.failed = False
        self._with_usage = with_usage  # None: not known whether it was asked for
        self._head: tuple | None = None
        self._begun: set[int] = set()
        self._finished: dict[int, str] = {}
        self._arguments: dict[tuple[int, int], str] = {}
        self._usages = 0

    def read(self, data: str) -> None:
        """The data of one event."""
        if self.done:
            self.complaints.append(f"after [DONE]: {data[:80]}")
        elif data == "[DONE]":
            self.done = True
            self._at_end()
        else:
            self._chunk(json.loads(data))

    def _chunk(self, value: dict) -> None:
        if "error" in value:
            self.failed = True
            self.complaints += complaints_about_error(value)
            return
        found = complaints_about(value, ChatCompletionChunk)
        self.complaints += found
        if found:
            return
        head = (value["id"], value["created"], value["model"])
        self._head = self._head or head
        if head != self._head:
            self.complaints.append(f"id, created or model change within the stream: {self._head}, {head}")
        if not value["choices"] or value.get("usage"):
            self._usages += 1
            if not value.get("usage") or self._with_usage is False or self._usages > 1:
                self.complaints.append(f"a chunk that nobody asked for: {str(value)[:120]}")
        elif self._usages:
            self.complaints.append("content after the usage")
        for choice in value["choices"]:
            self._choice(choice)

    def _choice(self, choice: dict) -> None:
        index, delta = choice["index"], choice["delta"]
        if "finish_reason" not in choice:
            self.complaints.append("Choice.finish_reason: missing")
        if (index in self._begun) == ("role" in delta):
            self.complaints.append(f"the role belongs into the first chunk of a choice, and only there: {delta}")
        self._begun.add(index)
        if index in self._finished and (delta or choice.get("finish_reason")):
            self.complaints.append(f"after its finish reason: {choice}")
        if choice.get("finish_reason"):
            self._finished[index] = choice["finish_reason"]
        for call in delta.get("tool_calls", []):
            self._call(index, call)

    def _call(self, choice: int, call: dict) -> None:
        key, function = (choice, call["index"]), call.get("function") or {}
        if key in self._arguments:
            if "id" in call or "name" in function:
                self.complaints.append(f"id and name are said once: {call}")
        elif not (call.get("id") and function.get("name") and call.get("type") == "function"):
            self.complaints.append(f"a call begins with its id, type and name: {call}")
        elif call["index"] != sum(c == choice for c, _ in self._arguments):
            self.complaints.append(f"calls are not numbered from 0: {call}")
        self._arguments[key] = self._arguments.get(key, "") + (function.get("arguments") or "")

    def _at_end(self) -> None:
        if self.failed:
            self.complaints.append("[DONE] after an error")
            return
        if not self._begun or set(self._finished) != self._begun:
            self.complaints.append(f"choices {sorted(self._begun)} began, {sorted(self._finished)} finished")
        for (choice, _), text in self._arguments.items():
            if not _is_object(text) or self._finished.get(choice) != "tool_calls":
                self.complaints.append(f"call with {text!r} in a choice that finished with {self._finished.get(choice)}")
        if self._with_usage and not self._usages:
            self.complaints.append("usage was asked for and did not come")


class _CheckedStream(httpx2.SyncByteStream):
    """Passes a stream's bytes on and reads along."""

    def __init__(self, inner: httpx2.SyncByteStream, schema: StreamSchema, complaints: list[str]) -> None:
        self._inner, self._schema, self._complaints = inner, schema, complaints

    def __iter__(self) -> Iterator[bytes]:
        held = b""
        for piece in self._inner:
            *whole, held = (held + piece).split(b"\n\n")
            for event in whole:
                for line in event.decode().split("\n"):
                    if line.startswith("data:"):
                        self._schema.read(line[5:].strip())
            self._complaints += self._schema.complaints
            self._schema.complaints = []
            yield piece
        if not (self._schema.done or self._schema.failed):
            self._complaints.append("the stream ended with neither [DONE] nor an error")

    def close(self) -> None:
        self._inner.close()


class SchemaWatch:
    """Reads along on an HTTP client; `complaints` has what was wrong."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def client(self, **options: object) -> httpx2.Client:
        return DefaultHttpxClient(event_hooks={"response": [self._look]}, **options)

    def _look(self, response: httpx2.Response) -> None:
        kind = response.headers.get("content-type", "").partition(";")[0]
        if kind == "text/event-stream":
            if response.request.url.path.endswith("/chat/completions"):
                asked = json.loads(response.request.content)
                wanted = bool((asked.get("stream_options") or {}).get("include_usage"))
                response.stream = _CheckedStream(response.stream, StreamSchema(wanted), self.complaints)
        elif kind == "application/json":
            response.read()
            self._answer(response)

    def _answer(self, response: httpx2.Response) -> None:
        value = response.json()
        if response.status_code >= 400:
            self.complaints += complaints_about_error(value)
            return
        if kind := next((known for ending, known in _BY_PATH.items() if response.request.url.path.endswith(ending)), None):
            self.complaints += complaints_about(_unpacked(value) if kind is CreateEmbeddingResponse else value, kind)


def _unpacked(value: dict) -> dict:
    """The SDK asks for base64 by itself and unpacks it; its type knows lists only."""
    return {**value, "data": [{**d, "embedding": []} if isinstance(d.get("embedding"), str) else d for d in value.get("data", [])]}


@contextmanager
def checked_openai(gateway, **options: object) -> Iterator[OpenAI]:
    """The official client on a gateway of the e2e tests; at the end, every answer and chunk that came has to fit the schema."""
    watch = SchemaWatch()
    with watch.client() as http, OpenAI(base_url=gateway.url(), api_key=gateway.key, max_retries=0, http_client=http, **options) as made:
        yield made
    assert not watch.complaints, "\n".join(watch.complaints)
