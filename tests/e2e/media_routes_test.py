"""Images, speech, transcriptions, translations and rerank: the routes, forms and sound, with a provider of the test's own."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from openai import BadRequestError, OpenAI

SOUND = b"ID3" + bytes(range(256)) * 400


def form_of(headers, body: bytes) -> dict[str, bytes]:
    """The fields of a multipart form, read in the simplest way that is right for what clients send."""
    boundary = re.search(r'boundary="?([^";]+)', headers["Content-Type"])[1].encode()
    fields = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part[2:].partition(b"\r\n\r\n")
        fields[re.search(rb'[; ]name="([^"]*)"', head)[1].decode()] = content.removesuffix(b"\r\n")
    return fields


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        seen = {"path": self.path, "authorization": self.headers["Authorization"], "type": self.headers["Content-Type"]}
        is_form = seen["type"].startswith("multipart/form-data")
        seen["asked"] = form_of(self.headers, body) if is_form else json.loads(body)
        self.server.seen.append(seen)
        model = seen["asked"]["model"]
        model = model.decode() if is_form else model
        if model.startswith("down"):
            return self.say(503, {"error": {"message": "overloaded", "type": "server_error"}})
        return getattr(self, "answer_" + self.path.rsplit("/", 1)[1])(seen["asked"], model)

    def say(self, status, body, content_type="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer_generations(self, asked, _model):
        usage = {"input_tokens": 7, "output_tokens": 100, "total_tokens": 107}
        self.say(200, {"created": 1, "data": [{"b64_json": "aGk="}] * asked.get("n", 1), "usage": usage})

    def answer_speech(self, _asked, model):
        self.send_response(200)
        self.send_header("Content-Type", "audio/mpeg")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        pieces = [SOUND[at:at + 10_000] for at in range(0, len(SOUND), 10_000)]
        for piece in pieces[:2] if model == "torn" else pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if model == "torn":
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def answer_transcriptions(self, asked, _model):
        if asked.get("response_format") == b"srt":
            return self.say(200, b"1\n00:00:00,000 --> 00:00:01,000\nHello.\n", "text/plain; charset=utf-8")
        return self.say(200, {"text": f"{len(asked['file'])} bytes", "usage": {"type": "duration", "seconds": 3}})

    answer_translations = answer_transcriptions

    def answer_rerank(self, asked, _model):
        ranked = [{"index": i, "relevance_score": 1 / (i + 1)} for i in range(len(asked["documents"]))]
        self.say(200, {"id": "r", "results": ranked[:asked.get("top_n", 99)]})


@pytest.fixture(scope="module")
def media():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def _model(name, mode, **more):
    return {"name": name, "mode": mode, **more}


@pytest.fixture
def gateway(fresh, media):
    media.seen.clear()
    models = [_model("image", "image", image_usd=0.04), _model("voice", "audio_speech"), _model("torn", "audio_speech"),
              _model("down-voice", "audio_speech"), _model("ear", "audio_transcription"), _model("down-ear", "audio_transcription"),
              _model("rank", "rerank", per_request_usd=0.002)]
    provider = {"dialect": "openai", "base_url": f"http://127.0.0.1:{media.server_port}/v1", "auth": "none", "models": models}
    return fresh(providers={"mp": provider})


@pytest.fixture
def client(gateway):
    with OpenAI(base_url=gateway.url("/v1"), api_key=gateway.key, max_retries=0) as made:
        yield made


def test_images_are_made_and_charged(client, gateway, media):
    reply = client.images.with_raw_response.generate(model="mp/image", prompt="a spider", n=2, extra_body={"spidergate_options": {"tags": ["x"]}})
    assert [image.b64_json for image in reply.parse().data] == ["aGk=", "aGk="]
    assert float(reply.headers["x-spidergate-cost-usd"]) == 0.08
    assert media.seen[0]["asked"] == {"model": "image", "prompt": "a spider", "n": 2}
    receipt = gateway.receipt(reply.headers["x-request-id"])
    assert receipt["execution"]["model"] == "image" and receipt["status"] == "ok"


def test_speech_is_the_sound_itself(client, media):
    with client.audio.speech.with_streaming_response.create(model="mp/voice", input="Hello!", voice="alloy") as reply:
        assert reply.headers["content-type"] == "audio/mpeg"
        assert reply.headers["x-spidergate-model"] == "voice"
        assert b"".join(reply.iter_bytes()) == SOUND, "no comment, no [DONE], no error frame"
    assert "stream" not in media.seen[0]["asked"]


def test_speech_fails_over_before_its_first_byte(client):
    chain = {"x-fallback-chain": ["mp/down-voice", "mp/voice"]}
    reply = client.audio.speech.create(model="mp/down-voice", input="Hello!", voice="alloy", extra_body=chain)
    assert reply.content == SOUND


def test_speech_that_breaks_off_is_not_taken_for_whole(gateway):
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    body = json.dumps({"model": "mp/torn", "input": "Hello!", "voice": "alloy"})
    connection.request("POST", "/v1/audio/speech", body, {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status == 200
    with pytest.raises(http.client.IncompleteRead) as cut:
        answer.read()
    assert SOUND.startswith(cut.value.partial) and b"error" not in cut.value.partial
    receipt = gateway.receipt(answer.getheader("x-request-id"))
    assert receipt["status"] == "stream_failed"


@pytest.mark.parametrize("operation", ["transcriptions", "translations"])
def test_forms_reach_the_provider_without_what_is_ours(client, media, operation):
    made = getattr(client.audio, operation).create(
        model="mp/ear", file=("a.mp3", SOUND, "audio/mpeg"), prompt="Größe",
        extra_body={"spidergate_options": '{"tags":["t"]}', "strict_params": "false"})
    assert made.text == f"{len(SOUND)} bytes"
    asked = media.seen[0]["asked"]
    assert asked["model"] == b"ear" and asked["file"] == SOUND and asked["prompt"].decode() == "Größe"
    assert not {"spidergate_options", "strict_params"} & set(asked)


def test_transcripts_may_be_text(client):
    made = client.audio.transcriptions.create(model="mp/ear", file=("a.wav", b"RIFF", "audio/wav"), response_format="srt")
    assert made.startswith("1\n00:00:00,000")


def test_a_form_fails_over_like_any_request(gateway, client):
    reply = client.audio.transcriptions.with_raw_response.create(
        model="mp/down-ear", file=("a.wav", b"RIFF", "audio/wav"), extra_body={"x-fallback-chain": '["mp/down-ear","mp/ear"]'})
    assert reply.parse().text == "4 bytes"
    assert reply.headers["x-spidergate-fallback-from"] == "mp/down-ear"


def test_a_broken_form_says_what_is_wrong(gateway):
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    torn = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nmp/ear'
    reply = gateway.send("POST", "/v1/audio/transcriptions", torn, headers=headers)
    assert reply.status == 400 and "form" in reply.error["message"]
    lacking = torn + b"\r\n--b--\r\n"
    reply = gateway.send("POST", "/v1/audio/transcriptions", lacking, headers=headers)
    assert (reply.status, reply.error["param"], reply.error["code"]) == (400, "file", "missing_field")
    assert gateway.post("/v1/audio/transcriptions", {"model": "mp/ear"}).status == 415
    assert gateway.send("POST", "/v1/images/generations", torn, headers=headers).status == 415


def test_documents_are_ranked(gateway):
    asked = {"model": "mp/rank", "query": "q", "documents": ["a", {"text": "b"}], "top_n": 1}
    reply = gateway.post("/v1/rerank?include_receipt=true", asked)
    assert reply.status == 200, reply.body
    assert [one["index"] for one in reply.json["results"]] == [0]
    assert reply.json["object"] == "list" and reply.json["x-llm-gateway"]["request_id"]
    assert gateway.post("/api/gate/v1/rerank", {**asked, "documents": []}).error["param"] == "documents"


def test_a_model_is_only_asked_for_what_it_does(client):
    with pytest.raises(BadRequestError) as raised:
        client.images.generate(model="mp/voice", prompt="x")
    assert raised.value.code == "unsupported_by_model"


def test_the_model_list_tells_prices_of_every_kind(gateway):
    listed = {model["id"]: model for model in gateway.get("/v1/models").json["data"]}
    assert {"mp/image", "mp/voice", "mp/ear", "mp/rank"} <= set(listed)
    assert float(listed["mp/image"]["pricing"]["image"]) == 0.04
    assert float(listed["mp/rank"]["pricing"]["request"]) == 0.002


def test_usage_is_told_apart_by_endpoint(gateway):
    gateway.post("/v1/rerank", {"model": "mp/rank", "query": "q", "documents": ["a"]})
    reply = gateway.post("/v1/images/generations", {"model": "mp/image", "prompt": "x"})
    gateway.receipt(reply.request_id)
    logged = {json.loads(line)["endpoint"] for line in gateway.cli("logs", "--json").out.splitlines()}
    assert {"rerank", "images"} <= logged
