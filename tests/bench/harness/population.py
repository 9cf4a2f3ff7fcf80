"""Fills a gateway's database with tokens and integrations, and its configuration with providers and aliases."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import sqlite3
import zlib
from dataclasses import dataclass

from dialects import MODEL
from subjects import SpiderGate
from upstreams import PROVIDER_KEY

ALIASES_EACH = 10  # of a provider: so that the first ten ask one provider, however many there are
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Population:
    tokens: int
    providers: int
    keys_each: int
    aliases: int

    def sections(self, base_url: str) -> dict[str, dict]:
        price = {"input_per_mtok_usd": 0.15, "output_per_mtok_usd": 0.6}
        provider = {"dialect": "openai", "base_url": base_url, "auth": "bearer", "models": [{"name": MODEL, **price}]}
        return {"providers": {_provider(number): provider for number in range(self.providers)},
                "aliases": {alias(number): [f"{_provider(number // ALIASES_EACH)}/{MODEL}"] for number in range(self.aliases)}}

    def fill(self, gateway: SpiderGate) -> list[str]:
        """The gateway is running, and stopped and started on the way. Gives the tokens."""
        self._add_integrations(gateway)
        gateway.stop()
        tokens = _copy_token(gateway, self.tokens)
        gateway.start()
        return tokens

    def _add_integrations(self, gateway: SpiderGate) -> None:
        """Through the management API: only the gateway can seal a key."""
        admin = gateway.command("token", "create", "--label", "bench-admin", "--role", "owner")
        gateway.await_token(admin["token"])
        headers = {"Authorization": f"Bearer {admin['token']}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
        for provider in range(self.providers):
            for key in range(self.keys_each):
                body = {"provider_name": _provider(provider), "key_label": f"key-{key}", "credentials": {"api_key": PROVIDER_KEY},
                        "scope": "pool"}
                connection.request("POST", "/api/v1/integrations", json.dumps(body), headers)
                answer = connection.getresponse()
                said = answer.read()
                if answer.status != 201:
                    raise RuntimeError(f"an integration was answered {answer.status}: {said.decode()[:300]}")
        connection.close()


def alias(number: int) -> str:
    return f"bench/alias-{number:03}"


def _provider(number: int) -> str:
    return f"bench-{number:03}"


def _copy_token(gateway: SpiderGate, count: int) -> list[str]:
    """The first token's row, over and over with other secrets, straight into the database: as what many `key create` leave behind."""
    chance = random.Random(7)
    texts = [_fresh_token(chance) for _ in range(count - 1)]
    with sqlite3.connect(gateway.database) as database:
        database.row_factory = sqlite3.Row
        model = database.execute("SELECT * FROM tokens WHERE hash = ?", [_hash(gateway.token)]).fetchone()
        names = model.keys()
        rows = ({**model, "id": f"{model['id'][:4]}{number:022}", "hash": _hash(text), "display": f"{text[:16]}…{text[-4:]}"}
                for number, text in enumerate(texts))
        marks = ", ".join(f":{name}" for name in names)
        database.executemany(f"INSERT INTO tokens ({', '.join(names)}) VALUES ({marks})", rows)
    database.close()
    return [gateway.token, *texts]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _fresh_token(chance: random.Random) -> str:
    """As src/auth/token.cpp makes them."""
    text = "sg_key_prod_" + "".join(chance.choices(_BASE62, k=32))
    rest, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = _BASE62[digit] + digits
    return text + digits
