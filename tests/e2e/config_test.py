"""Configuration (spec 4): where values come from, and that a mistake is named to the line instead of being lived with."""

import json
import re
import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from asking import ask
from free_ports import free_port
from gateway import Gateway
from provider_process import until


def checked(tmp_path, text, environment=None):
    gateway = Gateway(tmp_path, {}, environment)
    gateway.config_file.write_text(text)
    return gateway, gateway.cli("config", "check")


@pytest.mark.parametrize(("text", "line", "words"), [
    ("server:\n  listen: 127.0.0.1:4080\n  lisen: 127.0.0.1:4081\n", 3, ["server.lisen", "server.listen"]),
    ("servr:\n  listen: 127.0.0.1:4080\n", 1, ["servr", "server"]),
    ("engine:\n  retry_count: many\n", 2, ["engine.retry_count"]),
    ("engine:\n  timeout: 5 parsecs\n", 2, ["engine.timeout"]),
    ("\nlimits:\n  default_rpm: -3\n", 3, ["limits.default_rpm"]),
    ("server:\n  listen: nowhere\n", 2, ["server.listen"]),
    ("server:\n  trusted_proxies: [300.0.0.0/8]\n", 2, ["server.trusted_proxies"]),
    ("providers:\n  mine: { dialect: opanai, base_url: 'http://localhost:1' }\n", 2, ["dialect", "openai"]),
    ("providers:\n  mine: { dialect: openai }\n", 2, ["base_url"]),
    ("aliases:\n  my/a: [my/b]\n  my/b: [my/a]\n", "[23]", ["my/a", "my/b"]),
    ("server: [\n", r"\d+", ["YAML"]),
])
def test_a_mistake_is_named_by_file_line_key_and_what_is_allowed(tmp_path, text, line, words):
    gateway, ran = checked(tmp_path, text)
    assert ran.code == 1, ran.out
    said = ran.err
    assert re.search(rf"{re.escape(gateway.config_file.name)}:{line}\b", said), said
    assert all(word in said for word in words), said
    served = gateway.cli("serve")
    assert served.code == 1 and all(word in served.err for word in words), "nothing starts half-configured"


def test_all_mistakes_are_named_at_once(tmp_path):
    _, ran = checked(tmp_path, "servr: {}\nengine:\n  retry_count: many\n")
    assert "servr" in ran.err and "retry_count" in ran.err


def test_check_prints_the_effective_values_their_origin_and_no_secret(tmp_path):
    secret = "ab" * 32
    gateway, ran = checked(tmp_path, f"engine:\n  retry_count: 3\nvault:\n  encryption_key: {secret}\n", {"SPIDERGATE_ENGINE_MAX_ATTEMPTS": "5"})
    assert ran.code == 0, ran.err
    assert secret not in ran.out + ran.err
    section = ran.out.split("\nengine:\n", 1)[1]
    engine = dict(re.findall(r"^  (\w+): +(.*)", re.split(r"^\S", section, maxsplit=1, flags=re.M)[0], re.M))
    assert re.fullmatch(rf"3 +# .*{re.escape(gateway.config_file.name)}\b.*", engine["retry_count"])
    assert re.fullmatch(r"5 +# .*SPIDERGATE_ENGINE_MAX_ATTEMPTS", engine["max_attempts"])
    assert re.fullmatch(r"5s +# default", engine["connect_timeout"])


def test_a_secret_can_come_from_a_file_and_the_environment_wins_over_the_file(tmp_path, provider):
    key_file = tmp_path / "vault.key"
    key_file.write_text("cd" * 32 + "\n")
    environment = {"GATEWAY_ENCRYPTION_KEY_FILE": str(key_file), "SPIDERGATE_LIMITS_DEFAULT_RPM": "4321"}
    gateway = Gateway(tmp_path / "gateway", {"limits": {"default_rpm": 7}}, environment)
    ran = gateway.cli("config", "check", "--json")
    assert ran.code == 0 and "cdcd" not in ran.out
    assert ran.json["limits.default_rpm"] == {"value": "4321", "origin": "environment SPIDERGATE_LIMITS_DEFAULT_RPM"}
    gateway.start()
    assert not (gateway.data_dir / "master.key").exists(), "a key was given: none is made"
    gateway.stop()


def test_the_gateway_names_of_the_environment_are_accepted(tmp_path):
    port, admin_port = free_port(), free_port()
    gateway = Gateway(tmp_path, {}, {"GATEWAY_PORT": str(port), "GATEWAY_ADMIN_PORT": str(admin_port)})
    gateway.config_file.write_text("{}\n")
    gateway.port, gateway.admin_port = port, admin_port
    gateway.start()
    assert ask(admin_port, "GET", "/metrics").status == 200
    gateway.stop()


def test_a_listener_address_that_is_taken_is_said_in_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        second = Gateway(tmp_path, {"server": {"listen": f"127.0.0.1:{taken.getsockname()[1]}"}})
        ran = second.cli("serve")
    assert ran.code == 1 and "in use" in ran.err.lower()


@pytest.mark.parametrize("how", ["signal", "api"])
def test_a_reload_takes_effect_without_a_restart(fresh, how):
    gateway = fresh()
    assert gateway.chat("test/new").status == 404
    gateway.configure({**gateway.config, "aliases": {**gateway.config["aliases"], "test/new": ["tq/backup"]}})
    if how == "signal":
        gateway.process.send_signal(signal.SIGHUP)
    else:
        assert gateway.manage("POST", "/config/reload").status == 200
    until("the new alias to be served", lambda: gateway.chat("test/new").status == 200, 3)


def test_a_bad_reload_keeps_the_old_configuration_and_says_so(fresh):
    gateway = fresh()
    gateway.config_file.write_text(json.dumps({**gateway.config, "nonsense": 1}))
    gateway.process.send_signal(signal.SIGHUP)
    until("the refused reload in the log", lambda: "nonsense" in gateway.log(), 3)
    assert gateway.chat("test/chain").status == 200


def test_a_reload_drops_no_request(fresh, provider):
    gateway = fresh()
    provider.script({"event_pause_ms": 60}, times=None)
    with ThreadPoolExecutor(8) as crowd:
        running = [crowd.submit(gateway.chat, "test/chain", "a b c d e f", stream=True) for _ in range(8)]
        provider.wait_for_requests(8)
        for _ in range(3):
            gateway.configure(gateway.config)
            gateway.process.send_signal(signal.SIGHUP)
        assert all(reply.result().events[-1] == "[DONE]" for reply in running)

