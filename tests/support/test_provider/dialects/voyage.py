"""Voyage AI: OpenAI's embeddings and a rerank, with names of its own and strict about all others."""

from __future__ import annotations

import base64
import re
import struct

from ..answer import Answer, json_answer
from ..behaviour import Behaviour
from ..http_wire import Request
from .openai import vector
from .openai_chat import count_tokens

_ROUTE = re.compile(r"/voyage/v1/(embeddings|rerank)$")
_MEMBERS = {"embeddings": {"model", "input", "input_type", "truncation", "output_dimension", "output_dtype", "encoding_format"},
            "rerank": {"model", "query", "documents", "top_k", "return_documents", "truncation"}}


class Voyage:
    """Serves its paths under /voyage: they are OpenAI's too."""

    def __init__(self, models: list[str], say=None) -> None:
        del models, say

    def serves(self, request: Request) -> bool:
        return request.method == "POST" and _ROUTE.search(request.path) is not None

    def describe(self, request: Request) -> dict:
        body = request.json()
        return {"model": str(body.get("model", "")), "stream": False} if isinstance(body, dict) else {}

    def refusal(self, status: int) -> Answer:
        return refusal(status, f"The test provider was told to answer {status}")

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        del behaviour
        operation, body = _ROUTE.search(request.path)[1], request.json()
        if not isinstance(body, dict) or not body.get("model"):
            return refusal(400, "The request body is not valid JSON, or some arguments were not specified properly.")
        if unknown := set(body) - _MEMBERS[operation]:
            return refusal(400, f"Argument '{sorted(unknown)[0]}' is not supported by our API.")
        return _embeddings(body) if operation == "embeddings" else _rerank(body)


def refusal(status: int, message: str) -> Answer:
    return json_answer({"detail": message}, status)


def _embeddings(body: dict) -> Answer:
    if body.get("encoding_format") not in (None, "base64"):
        return refusal(400, "The value of encoding_format must be null or base64.")
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    data = []
    for index, text in enumerate(texts):
        numbers = vector(text, body.get("output_dimension") or 8)
        packed = base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
        data.append({"object": "embedding", "index": index, "embedding": packed if body.get("encoding_format") else numbers})
    return json_answer({"object": "list", "data": data, "model": body["model"], "usage": {"total_tokens": sum(map(count_tokens, texts))}})


def _rerank(body: dict) -> Answer:
    if not all(isinstance(document, str) for document in body["documents"]):
        return refusal(400, "The documents must be a list of strings.")
    words = set(body["query"].split())
    ranked = sorted(((len(words & set(text.split())) / 10, i) for i, text in enumerate(body["documents"])), reverse=True)
    shown = body.get("return_documents")
    data = [{"relevance_score": score, "index": i, **({"document": body["documents"][i]} if shown else {})} for score, i in ranked]
    usage = {"total_tokens": sum(map(count_tokens, body["documents"]))}
    return json_answer({"object": "list", "data": data[: body.get("top_k") or len(data)], "model": body["model"], "usage": usage})
