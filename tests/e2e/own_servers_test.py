"""Servers of one's own: on a private address, without a key, asked for their models, priced by the hour of their machine."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from provider_process import until


class Server:
    """As vLLM answers, as far as the gateway asks: a list of models and chat."""

    def __init__(self, *models, key=None):
        self.models, self.key, self.lists, self.seconds = list(models), key, 0, 0.0
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body):
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def allowed(self):
                return server.key is None or self.headers.get("authorization") == f"Bearer {server.key}"

            def do_GET(self):
                if not self.allowed():
                    return self.answer(401, {"error": {"message": "no"}})
                server.lists += 1
                data = [{"id": name, "object": "model", "max_model_len": 4096} for name in server.models]
                self.answer(200 if self.path == "/v1/models" else 404, {"object": "list", "data": data})

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                time.sleep(server.seconds)
                self.answer(200, {
                    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": asked["model"],
                    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
                    "usage": {"prompt_tokens": 400, "completion_tokens": 100, "total_tokens": 500}})

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.http.server_port}/v1"

    def close(self):
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server():
    made = []

    def make(*models, **more):
        made.append(Server(*models, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def listed(gateway):
    return {m["id"]: m for m in gateway.get("/v1/models").json["data"]}


def beside(plain_config, **providers):
    return {**plain_config["providers"], **providers}


def test_models_of_a_server_that_names_none_are_discovered_and_served(fresh, plain_config, server):
    own = server("Qwen/Qwen3-8B", "tiny")
    gateway = fresh(providers=beside(plain_config, **{"my-vllm": {"dialect": "openai", "base_url": own.url, "auth": "none"}}))
    until("the models to be listed", lambda: "my-vllm/Qwen/Qwen3-8B" in listed(gateway))
    assert listed(gateway)["my-vllm/tiny"]["context_length"] == 4096
    for name in ("tiny", "my-vllm/tiny", "Qwen/Qwen3-8B"):
        answer = gateway.chat(name)
        assert answer.status == 200, answer.body
        assert answer.headers["x-spidergate-provider"] == "my-vllm"


def test_a_server_with_models_of_the_configuration_is_not_asked(fresh, plain_config, server):
    quiet, asked = server("hidden"), server("shown")
    named = {"dialect": "openai", "base_url": quiet.url, "auth": "none", "models": [{"name": "mine"}]}
    off = {"dialect": "openai", "base_url": quiet.url, "auth": "none", "discover": False}
    on = {"dialect": "openai", "base_url": asked.url, "auth": "none", "models": [{"name": "mine"}], "discover": True}
    gateway = fresh(providers=beside(plain_config, one=named, two=off, three=on))
    until("the third to be listed", lambda: "three/shown" in listed(gateway))
    assert quiet.lists == 0
    assert "three/mine" in listed(gateway)


def test_a_server_that_wants_a_key_is_asked_with_the_one_for_all_brands(fresh, plain_config, server):
    own = server("guarded", key="sk-own-0001")
    gateway = fresh(providers=beside(plain_config, own={"dialect": "openai", "base_url": own.url, "auth": "bearer", "key_env": "OWN_KEY"}),
                    environment={"OWN_KEY": "sk-own-0001"})
    until("the model to be listed", lambda: "own/guarded" in listed(gateway))
    assert "sk-own-0001" not in gateway.log()


def test_a_machine_with_a_price_by_the_hour_is_charged_by_its_speed(fresh, plain_config, server):
    own = server("tiny")
    own.seconds = 1.1
    # 3.60 dollars an hour are 0.001 a second; 500 tokens in about 1.1 seconds cost about 0.0022 a thousand.
    gateway = fresh(providers=beside(plain_config, own={
        "dialect": "openai", "base_url": own.url, "auth": "none", "gpu_hour_usd": "3.6"}))
    first = gateway.receipt(gateway.chat("own/tiny").headers["x-request-id"])
    assert first["cost"]["provider_cost_usd"] is None
    second = gateway.receipt(gateway.chat("own/tiny").headers["x-request-id"])
    assert second["cost"]["estimated_price"] is True
    assert 0.0010 < second["cost"]["provider_cost_usd"] < 0.0016, second["cost"]
