"""The OpenAI dialect's images, speech, transcripts and rerank."""

from __future__ import annotations

import base64
import json
import re
import time

from ..answer import Answer, Frame, error_answer, json_answer
from ..behaviour import Behaviour
from ..http_wire import Request
from .openai_chat import count_tokens

SOUND = b"ID3\x04\x00" + bytes(range(256)) * 64
_PIECE = 4096
_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "flac": "audio/flac", "opus": "audio/opus", "aac": "audio/aac", "pcm": "audio/pcm"}


def fields_of(request: Request) -> dict:
    """A JSON object, or a form's fields: text as str, files as bytes."""
    kind = request.header("content-type")
    if not kind.startswith("multipart/form-data"):
        body = request.json()
        return body if isinstance(body, dict) else {}
    boundary = re.search(r'boundary="?([^";]+)', kind)
    fields = {}
    for part in request.body.split(b"--" + boundary[1].encode())[1:-1] if boundary else []:
        head, _, content = part[2:].partition(b"\r\n\r\n")
        name = re.search(rb'[; ]name="([^"]*)"', head)
        content = content.removesuffix(b"\r\n")
        if name:
            fields[name[1].decode()] = content if b"filename=" in head else content.decode("utf-8", "replace")
    return fields


def images(body: dict, behaviour: Behaviour) -> Answer:
    prompt = body.get("prompt")
    if not isinstance(prompt, str):
        return error_answer(400, "Missing required parameter: 'prompt'.", code="missing_required_parameter")
    picture = {"b64_json": base64.b64encode(prompt.encode()).decode()}
    if body.get("response_format") == "url":
        picture = {"url": "https://images.example/1.png", "revised_prompt": prompt}
    usage = {"input_tokens": count_tokens(prompt), "output_tokens": 272, "total_tokens": count_tokens(prompt) + 272}
    told = {"quality": body.get("quality", "low"), "size": body.get("size", "1024x1024"), "usage": usage}
    if body.get("stream") is True:
        events = [{"type": "image_generation.partial_image", "partial_image_index": 0, **picture},
                  {"type": "image_generation.completed", **picture, **told}]
        return _events(events, behaviour)
    return json_answer({"created": int(time.time()), "data": [picture] * body.get("n", 1), **told})


def speech(body: dict, behaviour: Behaviour) -> Answer:
    if not isinstance(body.get("input"), str) or not body.get("voice"):
        return error_answer(400, "Missing required parameter: 'voice'.", code="missing_required_parameter")
    if body.get("stream_format") == "sse":
        events = [{"type": "speech.audio.delta", "audio": base64.b64encode(SOUND[at:at + _PIECE]).decode()} for at in range(0, len(SOUND), _PIECE)]
        usage = {"input_tokens": count_tokens(body["input"]), "output_tokens": 42, "total_tokens": count_tokens(body["input"]) + 42}
        return _events([*events, {"type": "speech.audio.done", "usage": usage}], behaviour)
    frames = [Frame(SOUND[at:at + _PIECE], is_content=True) for at in range(0, len(SOUND), _PIECE)]
    return Answer(content_type=_TYPES.get(body.get("response_format", "mp3"), "audio/mpeg"), frames=frames)


def transcript(fields: dict, behaviour: Behaviour) -> Answer:
    """Says how long the sound was, in bytes; one byte is a hundredth of a second."""
    sound = fields.get("file")
    if not isinstance(sound, bytes):
        return error_answer(400, "Missing required parameter: 'file'.", code="missing_required_parameter")
    text = behaviour.answer if behaviour.answer is not None else f"heard {len(sound)} bytes"
    form = fields.get("response_format", "json")
    if fields.get("stream") == "true":
        usage = {"type": "tokens", "input_tokens": 14, "output_tokens": count_tokens(text), "total_tokens": 14 + count_tokens(text)}
        deltas = [{"type": "transcript.text.delta", "delta": word} for word in re.findall(r"\S+\s*", text)]
        return _events([*deltas, {"type": "transcript.text.done", "text": text, "usage": usage}], behaviour)
    if form == "text":
        return Answer(content_type="text/plain; charset=utf-8", body=f"{text}\n".encode())
    if form == "srt":
        return Answer(content_type="text/plain; charset=utf-8", body=f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n".encode())
    if form == "vtt":
        return Answer(content_type="text/vtt", body=f"WEBVTT\n\n00:00.000 --> 00:01.000\n{text}\n".encode())
    seconds = len(sound) / 100
    if form == "verbose_json":
        return json_answer({"task": "transcribe", "language": "english", "duration": seconds, "text": text, "segments": []})
    return json_answer({"text": text, "usage": {"type": "duration", "seconds": seconds}})


def rerank(body: dict, _behaviour: Behaviour) -> Answer:
    """By how many of the query's words a document has."""
    documents = body.get("documents")
    if not isinstance(documents, list) or not isinstance(body.get("query"), str):
        return error_answer(400, "Missing required parameter: 'documents'.", code="missing_required_parameter")
    texts = [document if isinstance(document, str) else document.get("text", "") for document in documents]
    words = set(body["query"].lower().split())
    ranked = [{"index": i, "relevance_score": len(words & set(text.lower().split())) / max(1, len(words))} for i, text in enumerate(texts)]
    ranked.sort(key=lambda entry: -entry["relevance_score"])
    tokens = sum(count_tokens(text) for text in texts)
    return json_answer({"model": body["model"], "results": ranked[:body.get("top_n", len(ranked))], "usage": {"total_tokens": tokens}})


def _events(events: list[dict], behaviour: Behaviour) -> Answer:
    frames = []
    for at, event in enumerate(events):
        if behaviour.error is not None and behaviour.error_at == at:
            frames.append(Frame(_event({"type": "error", "error": behaviour.error})))
            break
        frames.append(Frame(_event(event), is_content="done" not in event["type"]))
    return Answer(content_type="text/event-stream", frames=frames)


def _event(value: dict) -> bytes:
    return f"event: {value['type']}\ndata: {json.dumps(value)}\n\n".encode()
