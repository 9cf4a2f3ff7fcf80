"""Sound and pictures: ElevenLabs, Deepgram, AssemblyAI, Replicate, fal, Stability AI; strict as the real ones are."""

from __future__ import annotations

import base64
import email
import email.policy
import re

from ..answer import Answer, json_answer
from ..behaviour import Behaviour
from ..http_wire import Request
from .openai_chat import count_tokens

SOUND = b"ID3\x04\x00" + bytes(range(256)) * 8
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
HEARD = "It works."

_WORDS = [("It", 0.1, 0.4), ("works.", 0.5, 1.25)]


def _form(request: Request) -> dict[str, bytes]:
    """The fields of a multipart form, by the standard library's own reading."""
    head = f"Content-Type: {request.header('content-type')}\r\n\r\n".encode()
    message = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
    parts = message.iter_parts() if message.is_multipart() else []
    return {part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in parts}


def _scheme(request: Request, word: str) -> str:
    scheme, _, key = request.header("authorization").partition(" ")
    return key if scheme == word else ""


class _Service:
    """Serves one route under any prefix."""

    ROUTE: re.Pattern[str]

    def __init__(self, models: list[str], say=None) -> None:
        del models, say

    def serves(self, request: Request) -> bool:
        return self.ROUTE.search(request.path) is not None

    def describe(self, request: Request) -> dict:
        return {"model": self.model(request), "stream": False}

    def model(self, request: Request) -> str:
        body = request.json()
        return str(body.get("model_id", "")) if isinstance(body, dict) else request.query.get("model", "")


class ElevenLabs(_Service):
    ROUTE = re.compile(r"/text-to-speech/(?P<voice>[^/]+)/stream$|/speech-to-text$")
    FORMATS = {"mp3_44100_128": "audio/mpeg", "opus_48000_128": "audio/ogg", "pcm_24000": "audio/pcm"}

    def refusal(self, status: int, kind: str = "", message: str = "") -> Answer:
        known = {401: "invalid_api_key", 404: "voice_not_found", 429: "too_many_concurrent_requests"}
        kind = kind or known.get(status, "internal_error")
        return json_answer({"detail": {"status": kind, "message": message or f"The test provider says {kind}."}}, status)

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        if not request.header("xi-api-key"):
            return self.refusal(401)
        found = self.ROUTE.search(request.path)
        if found["voice"] is None:
            return self._transcript(request, behaviour)
        body = request.json()
        if not isinstance(body, dict) or not isinstance(body.get("text"), str):
            return json_answer({"detail": [{"loc": ["body", "text"], "msg": "field required", "type": "missing"}]}, 422)
        kind = self.FORMATS.get(request.query.get("output_format", ""))
        if kind is None:
            return self.refusal(400, "output_format_not_allowed", "unknown output_format")
        return Answer(content_type=kind, body=SOUND)

    def _transcript(self, request: Request, behaviour: Behaviour) -> Answer:
        fields = _form(request)
        if not fields.get("file") or not fields.get("model_id"):
            return json_answer({"detail": [{"loc": ["body", "file"], "msg": "field required", "type": "missing"}]}, 422)
        words = [{"text": text, "start": start, "end": end, "type": "word", "logprob": -0.1} for text, start, end in _WORDS]
        words.insert(1, {"text": " ", "start": 0.4, "end": 0.5, "type": "spacing"})
        return json_answer({"language_code": "eng", "language_probability": 0.98, "text": behaviour.answer or HEARD, "words": words})


class Deepgram(_Service):
    ROUTE = re.compile(r"/(?P<verb>listen|speak)$")

    def refusal(self, status: int) -> Answer:
        code = {401: "INVALID_AUTH", 402: "ASR_PAYMENT_REQUIRED", 429: "TOO_MANY_REQUESTS"}.get(status, "INTERNAL_SERVER_ERROR")
        return json_answer({"err_code": code, "err_msg": f"The test provider says {code}.", "request_id": "r"}, status)

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        if not _scheme(request, "Token"):
            return self.refusal(401)
        if self.ROUTE.search(request.path)["verb"] == "speak":
            body = request.json()
            if not isinstance(body, dict) or set(body) != {"text"}:
                return json_answer({"category": "INVALID_JSON", "message": "Invalid JSON submitted.", "request_id": "r"}, 400)
            return Answer(content_type="audio/mpeg", body=SOUND)
        if not request.body or request.header("content-type").startswith("multipart/"):
            return json_answer({"err_code": "Bad Request", "err_msg": "Bad Request: failed to process audio", "request_id": "r"}, 400)
        words = [{"word": text.lower().strip("."), "punctuated_word": text, "start": start, "end": end, "confidence": 0.9}
                 for text, start, end in _WORDS]
        said = {"transcript": behaviour.answer or HEARD, "confidence": 0.9, "words": words}
        return json_answer({"metadata": {"request_id": "r", "duration": 1.5, "channels": 1},
                            "results": {"channels": [{"alternatives": [said], "detected_language": "en"}]}})


class AssemblyAI(_Service):
    """Each transcript is queued, then being made, then done: it counts how often it was asked for."""

    ROUTE = re.compile(r"/v2/(?P<verb>upload|transcript)(?:/(?P<id>[^/]+))?$")

    def __init__(self, models: list[str], say=None) -> None:
        super().__init__(models, say)
        self._asked: dict[str, int] = {}

    def refusal(self, status: int) -> Answer:
        return json_answer({"error": f"The test provider was told to answer {status}."}, status)

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        found = self.ROUTE.search(request.path)
        if not request.header("authorization") or " " in request.header("authorization"):
            return json_answer({"error": "Authentication error, API token missing/invalid"}, 401)
        if found["verb"] == "upload":
            return json_answer({"upload_url": f"https://cdn.example/upload/{len(request.body)}"})
        if found["id"] is None:
            body = request.json()
            if not isinstance(body, dict) or "audio_url" not in body or not (body.get("speech_models") or body.get("speech_model")):
                return json_answer({"error": "audio_url and speech_models are required"}, 400)
            name = f"t-{len(self._asked)}"
            self._asked[name] = 0
            return json_answer({"id": name, "status": "queued"})
        asked = self._asked[found["id"]] = self._asked.get(found["id"], 0) + 1
        if behaviour.error is not None:
            return json_answer({"id": found["id"], "status": "error", "error": behaviour.error})
        if asked == 1:
            return json_answer({"id": found["id"], "status": "processing"})
        words = [{"text": text, "start": int(start * 1000), "end": int(end * 1000), "confidence": 0.9} for text, start, end in _WORDS]
        return json_answer({"id": found["id"], "status": "completed", "text": behaviour.answer or HEARD, "words": words,
                            "audio_duration": 2, "language_code": "en"})


class Replicate(_Service):
    """A prediction is starting when it is created, and done when it is asked for."""

    ROUTE = re.compile(r"(?:/models/(?P<model>[^/]+/[^/]+))?/predictions(?:/(?P<id>[^/]+))?$")

    def __init__(self, models: list[str], say=None) -> None:
        super().__init__(models, say)
        self._made: dict[str, tuple[str, dict]] = {}

    def model(self, request: Request) -> str:
        return self.ROUTE.search(request.path)["model"] or ""

    def refusal(self, status: int, detail: str = "") -> Answer:
        return json_answer({"title": "Refused", "detail": detail or f"The test provider was told to answer {status}.", "status": status}, status)

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        found = self.ROUTE.search(request.path)
        if not _scheme(request, "Bearer"):
            return self.refusal(401, "You did not pass an authentication token")
        if found["id"] is not None:
            made = self._made.get(found["id"])
            return self._done(found["id"], *made, behaviour) if made else self.refusal(404)
        body = request.json()
        given = body.get("input") if isinstance(body, dict) else None
        if not isinstance(given, dict) or not ("prompt" in given or "messages" in given):
            return self.refusal(422, "- input: prompt is required")
        name = f"p{len(self._made)}"
        self._made[name] = (found["model"] or body.get("version", ""), given)
        return json_answer({"id": name, "status": "starting", "output": None, "error": None,
                            "urls": {"get": f"https://api.replicate.example/v1/predictions/{name}"}}, 201)

    def _done(self, name: str, model: str, given: dict, behaviour: Behaviour) -> Answer:
        if behaviour.error is not None:
            return json_answer({"id": name, "status": "failed", "output": None, "error": behaviour.error})
        if "painter" in model:
            links = [f"https://replicate.delivery/{name}/{i}.png" for i in range(given.get("num_outputs", 1))]
            return json_answer({"id": name, "status": "succeeded", "output": links, "error": None})
        prompt = given.get("prompt") or given["messages"][-1]["content"]
        text = behaviour.answer or f"You said: {prompt}"
        pieces = re.findall(r"\S+\s*", text)
        metrics = {"input_token_count": count_tokens(prompt), "output_token_count": count_tokens(text)}
        return json_answer({"id": name, "status": "succeeded", "output": pieces, "error": None, "metrics": metrics})


class Fal(_Service):
    ROUTE = re.compile(r"/(?P<model>fal-ai/.+)$")

    def model(self, request: Request) -> str:
        return self.ROUTE.search(request.path)["model"]

    def refusal(self, status: int) -> Answer:
        return json_answer({"detail": f"The test provider was told to answer {status}."}, status)

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        if not _scheme(request, "Key"):
            return json_answer({"detail": "Authentication is required to access this application."}, 401)
        body = request.json()
        if not isinstance(body, dict) or not isinstance(body.get("prompt"), str):
            return json_answer({"detail": [{"loc": ["body", "prompt"], "msg": "field required", "type": "missing"}]}, 422)
        size = body.get("image_size", {"width": 1024, "height": 768})
        link = f"data:image/png;base64,{PNG}" if body.get("sync_mode") else "https://v3.fal.media/files/x/{}.png"
        images = [{"url": link.format(i), "content_type": "image/png", **size} for i in range(body.get("num_images", 1))]
        return json_answer({"images": images, "seed": 7, "has_nsfw_concepts": [False] * len(images), "prompt": body["prompt"]})


class Stability(_Service):
    ROUTE = re.compile(r"/v2beta/stable-image/generate/(?P<service>core|ultra|sd3)$")

    def model(self, request: Request) -> str:
        return self.ROUTE.search(request.path)["service"]

    def refusal(self, status: int, name: str = "internal_error") -> Answer:
        return json_answer({"id": "i", "name": name, "errors": [f"The test provider says {name}."]}, status)

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        if not _scheme(request, "Bearer"):
            return self.refusal(401, "unauthorized")
        if not _form(request).get("prompt") or request.header("accept") != "application/json":
            return self.refusal(400, "bad_request")
        reason = behaviour.finish_reason or "SUCCESS"
        return json_answer({"image": base64.b64encode(base64.b64decode(PNG)).decode(), "finish_reason": reason, "seed": 7})


SERVICES = {"assemblyai": AssemblyAI, "deepgram": Deepgram, "elevenlabs": ElevenLabs, "fal": Fal, "replicate": Replicate, "stability": Stability}
