"""The OpenAI dialect: routes, refusals, and every operation but chat."""

from __future__ import annotations

import base64
import hashlib
import re
import struct
import time
from urllib.parse import unquote

from ..answer import Answer, Frame, error_answer, json_answer
from ..behaviour import Behaviour
from ..http_wire import Request
from . import openai_chat, openai_media, openai_stream
from .openai_chat import count_tokens

_ROUTE = re.compile(
    r"/(chat/completions|completions|embeddings|moderations|images/generations|audio/speech|audio/transcriptions"
    r"|audio/translations|rerank|models(?:/(?P<id>.+))?)$")

_REFUSALS = {
    400: ("Unsupported value: 'temperature' does not support 9 with this model.", "invalid_request_error", "unsupported_value"),
    401: ("Incorrect API key provided: sk-test***. You can find your API key in your account.", "invalid_request_error", "invalid_api_key"),
    403: ("You are not allowed to sample from this model", "invalid_request_error", None),
    404: ("The model does not exist or you do not have access to it.", "invalid_request_error", "model_not_found"),
    429: ("Rate limit reached for requests", "requests", "rate_limit_exceeded"),
    500: ("The server had an error while processing your request. Sorry about that!", "server_error", None),
    503: ("The engine is currently overloaded, please try again later", "server_error", "overloaded"),
    529: ("Overloaded", "overloaded_error", None),
}


class OpenAI:
    """Serves its paths under any prefix, so that one process can pose as several providers."""

    def __init__(self, models: list[str], say=None) -> None:
        self._models = models
        self._say = say or openai_chat.default_text

    def serves(self, request: Request) -> bool:
        return _ROUTE.search(request.path) is not None

    def describe(self, request: Request) -> dict:
        body = openai_media.fields_of(request)
        stream = body.get("stream") in (True, "true") or request.path.endswith("/audio/speech")
        return {"model": str(body.get("model", "")), "stream": stream} if body else {}

    def refusal(self, status: int) -> Answer:
        message, kind, code = _REFUSALS.get(status, (f"The test provider was told to answer {status}", "server_error", None))
        return error_answer(status, message, kind, code)

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        found = _ROUTE.search(request.path)
        operation = found[1].split("/")[1] if found[1].startswith("audio/") else found[1].split("/")[0]
        if operation == "models":
            return self._list_models() if found["id"] is None else self._one_model(unquote(found["id"]))  # SDKs escape the slashes of an id
        if request.method != "POST":
            return error_answer(405, f"Not allowed to {request.method} on {request.path}")
        body = openai_media.fields_of(request)
        if not isinstance(body.get("model"), str):
            return error_answer(400, "you must provide a model parameter")
        operations = {"chat": self._chat, "completions": self._completion, "embeddings": _embeddings, "moderations": _moderation,
                      "images": openai_media.images, "speech": openai_media.speech, "transcriptions": openai_media.transcript,
                      "translations": openai_media.transcript, "rerank": openai_media.rerank}
        answer = operations[operation](body, behaviour)
        return _merged(answer, behaviour)

    def _chat(self, body: dict, behaviour: Behaviour) -> Answer:
        if not isinstance(body.get("messages"), list) or not body["messages"]:
            return error_answer(400, "Missing required parameter: 'messages'.", code="missing_required_parameter")
        reply = openai_chat.reply_to(body, behaviour, self._say)
        if body.get("stream") is True:
            return openai_stream.stream(reply, body, behaviour)
        return openai_chat.whole(reply, body)

    def _completion(self, body: dict, behaviour: Behaviour) -> Answer:
        prompt = body.get("prompt", "")
        prompt = prompt if isinstance(prompt, str) else " ".join(map(str, prompt))
        text = behaviour.answer if behaviour.answer is not None else f"You said: {prompt}"
        usage = openai_chat.usage_of(behaviour, count_tokens(prompt), count_tokens(text) * body.get("n", 1))
        base = {"id": "cmpl-test", "object": "text_completion", "created": int(time.time()), "model": body["model"]}
        if body.get("stream") is True:
            return openai_stream.text_stream(base, text, usage, body, behaviour)
        choices = [{"index": i, "text": text, "logprobs": None, "finish_reason": "stop"} for i in range(body.get("n", 1))]
        return openai_chat.billed(json_answer({**base, "choices": choices, **usage}), usage)

    def _list_models(self) -> Answer:
        return json_answer({"object": "list", "data": [_model(name) for name in self._models]})

    def _one_model(self, name: str) -> Answer:
        return json_answer(_model(name)) if name in self._models else self.refusal(404)


def _model(name: str) -> dict:
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "test-provider"}


def vector(text: str, dimensions: int) -> list[float]:
    """A vector that depends on the text alone and is exact in 32-bit floats, so that base64 and floats agree."""
    digest = hashlib.shake_128(text.encode()).digest(dimensions)
    return [(byte - 128) / 128 for byte in digest]


def _embeddings(body: dict, behaviour: Behaviour) -> Answer:
    given = body.get("input", "")
    texts = [given] if isinstance(given, str) else given
    if texts and isinstance(texts[0], int):
        texts = [texts]
    as_base64 = body.get("encoding_format") == "base64" and behaviour.base64 and not body["model"].endswith("no-base64")
    data = []
    for index, text in enumerate(texts):
        numbers = vector(str(text), body.get("dimensions", 8))
        packed = base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
        data.append({"object": "embedding", "index": index, "embedding": packed if as_base64 else numbers})
    tokens = sum(count_tokens(str(text)) for text in texts)
    usage = {"usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
    return openai_chat.billed(json_answer({"object": "list", "data": data, "model": body["model"], **usage}), usage)


def _moderation(body: dict, behaviour: Behaviour) -> Answer:
    given = body.get("input", "")
    results = []
    for text in given if isinstance(given, list) else [given]:
        flagged = "violence" in str(text)
        results.append({"flagged": flagged, "categories": {"violence": flagged}, "category_scores": {"violence": 0.9 if flagged else 0.01}})
    return json_answer({"id": "modr-test", "model": body["model"], "results": results})


def _merged(answer: Answer, behaviour: Behaviour) -> Answer:
    """What replaces the answer as a whole: an `error` with status 200, or the events of a stream, verbatim."""
    if behaviour.error is not None and behaviour.error_at is None:
        return json_answer({"error": behaviour.error})
    if answer.frames is not None and behaviour.frames is not None:
        answer.frames = [Frame(text.encode(), is_content='"content"' in text) for text in behaviour.frames]
    return answer
