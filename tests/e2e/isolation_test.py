"""Nothing crosses brands: every endpoint that the API describes is tried with tokens of one brand and ids of another."""

import itertools
import re
import sqlite3

import pytest
from asking import ask
from provider_process import until

MARK = "bravo"  # is in every name of brand B, so that it can be searched for
ROLES = ("owner", "admin", "member", "viewer")
# Providers of the config file, so their names are everybody's; only one brand has a key for each.
PROVIDER = {"alpha": "first-own", "bravo": "second-own"}
SECRET = {"alpha": "sk-alpha-abcdefghijkl-aaaa", "bravo": "sk-bravo-abcdefghijkl-bbbb"}

# What a POST, PUT or PATCH says: all of it is fine for one's own things. A route that is not here fails the test.
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def sound_form(model):
    parts = [f'name="model"\r\n\r\n{model}', 'name="file"; filename="a.wav"\r\n\r\nRIFF']
    return ("".join(f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--b--\r\n").encode()


BODIES = {
    "POST /v1/chat/completions": {"model": "tp/echo", "messages": [{"role": "user", "content": "hi"}]},
    "POST /v1/completions": {"model": "tp/echo", "prompt": "hi"},
    "POST /v1/embeddings": {"model": "tp/embed", "input": "hi"},
    "POST /v1/moderations": {"model": "tp/moderate", "input": "hi"},
    "POST /v1/images/generations": {"model": "tp/echo", "prompt": "hi"},
    "POST /v1/audio/speech": {"model": "tp/echo", "input": "hi", "voice": "alloy"},
    "POST /v1/audio/transcriptions": sound_form("tp/echo"),
    "POST /v1/audio/translations": sound_form("tp/echo"),
    "POST /v1/rerank": {"model": "tp/echo", "query": "hi", "documents": ["a"]},
    "POST /api/v1/brands": {"name": "one more"},
    "PATCH /api/v1/brands/{id}": {"preferences": {"fallback_enabled": False}},
    "POST /api/v1/clients": {"name": "one more"},
    "PATCH /api/v1/clients/{id}": {"rpm": 1},
    "POST /api/v1/clients/{id}/credentials": {},
    "POST /api/v1/clients/{id}/revoke": {},
    "POST /api/v1/keys": {"label": "one more"},
    "PATCH /api/v1/keys/{id}": {"rpm": 1},
    "POST /api/v1/keys/{id}/revoke": {},
    "POST /api/v1/keys/{id}/rotate": {"grace": "0s"},
    "POST /api/v1/tokens": {"label": "one more"},
    "PATCH /api/v1/tokens/{id}": {"rpm": 1},
    "POST /api/v1/tokens/{id}/revoke": {},
    "POST /api/v1/tokens/{id}/rotate": {"grace": "0s"},
    "POST /api/v1/aliases": {"name": "one/more", "chain": ["tp/echo"]},
    "PUT /api/v1/aliases/{id}": {"chain": ["tp/echo"]},
    "POST /api/v1/aliases/{id}": {"chain": ["tp/echo"]},
    "PUT /api/v1/rules": {"rules": [{"match": "alpha-*", "provider": "tp"}]},
    "PATCH /api/v1/preferences": {"fallback_enabled": False},
    "POST /api/v1/integrations": {"provider_name": "tp", "credentials": {"api_key": SECRET["alpha"]}, "key_label": "one more"},
    "PATCH /api/v1/integrations/{id}": {"daily_limit": 1},
    "POST /api/v1/integrations/{id}/test": {},
    "POST /api/v1/config/reload": {},
}
# An alias's name belongs to each brand by itself: writing one of that name makes one's own.
OWN_NAMES = {"PUT /api/v1/aliases/{id}", "POST /api/v1/aliases/{id}"}


class Brand:
    """A brand with one of everything, all of it named after the brand."""

    def __init__(self, gateway, name):
        self.gateway, self.name = gateway, name
        made = self._made(gateway.admin, "POST", "/brands", {"name": name})
        self.id, self.owner = made["id"], made["admin_token"]["token"]
        until("the brand's owner to be known", lambda: self.manage("GET", "/clients").status == 200, 3)
        self.client = self._own("/clients", {"name": f"{name}-client"})
        self.key = self._own("/keys", {"label": f"{name}-key", "client_id": self.client["id"]})
        self.tokens = {role: self._own("/tokens", {"label": f"{name}-{role}", "role": role}) for role in ROLES}
        self.triple = self._own(f"/clients/{self.client['id']}/credentials", {"label": f"{name}-triple"})
        self.integration = self._own("/integrations", {
            "provider_name": PROVIDER[name], "credentials": {"api_key": SECRET[name]}, "key_label": f"{name}-label"})
        self._own("/aliases", {"name": f"{name}/alias", "chain": [f"{PROVIDER[name]}/x"]})
        self._made(self.owner, "PUT", "/rules", {"rules": [{"match": f"{name}-*", "provider": PROVIDER[name]}]}, 200)
        self._made(self.owner, "PATCH", "/preferences", {"fallback_chain": [f"{PROVIDER[name]}/x"]}, 200)
        until("the brand's key to serve", lambda: gateway.chat(f"{name}/alias", key=self.key["key"]).status == 200, 3)
        self.request_id = gateway.chat(f"{name}/alias", key=self.key["key"]).request_id
        gateway.receipt(self.request_id, self.key["key"])

    def _made(self, token, method, path, body, status=201):
        reply = self.gateway.send(method, f"/api/v1{path}", body, key=token)
        assert reply.status == status, (path, reply.status, reply.body)
        return reply.json

    def _own(self, path, body):
        return self._made(self.owner, "POST", path, body)

    def manage(self, method, path, body=None, **more):
        return self.gateway.send(method, f"/api/v1{path}", body, key=self.owner, **more)

    @property
    def ids(self):
        return {"brand": self.id, "client": self.client["id"], "key": self.key["id"], "triple": self.triple["id"],
                "integration": self.integration["id"], "alias": f"{self.name}/alias", "request": self.request_id,
                **{role: token["id"] for role, token in self.tokens.items()}}

    @property
    def secrets(self):
        return [self.owner, self.key["key"], self.triple["api_secret"], SECRET[self.name], *(t["token"] for t in self.tokens.values())]

    def rows(self):
        """Everything of the brand in the store, but for what changes with each use."""
        database = sqlite3.connect(self.gateway.data_dir / "spidergate.db")
        database.row_factory = sqlite3.Row
        found = {}
        for table in ("clients", "tokens", "integrations", "aliases", "rules", "idempotency_keys"):
            found[table] = sorted(repr({k: v for k, v in dict(row).items() if k != "last_used_at"})
                                  for row in database.execute(f"SELECT * FROM {table} WHERE brand_id = ?", (self.id,)))
        found["brands"] = [tuple(row) for row in database.execute("SELECT * FROM brands WHERE id = ?", (self.id,))]
        database.close()
        return found


@pytest.fixture(scope="module")
def brands(make_gateway, running_provider, tmp_path_factory, plain_config):
    running_provider.reset()
    priced = {"name": "x", "input_per_mtok_usd": 1.0, "output_per_mtok_usd": 2.0}
    own = {name: {"dialect": "openai", "base_url": running_provider.url(f"/{name}"), "auth": "bearer", "models": [priced]}
           for name in PROVIDER.values()}
    gateway = make_gateway(tmp_path_factory.mktemp("isolation"), providers=own)
    gateway.start()
    yield Brand(gateway, "alpha"), Brand(gateway, "bravo")
    gateway.end()
    assert not any(secret in gateway.log() for secret in SECRET.values())


def send_described(gateway, method, path, wanted, token):
    """One request with the body of the table, `wanted` in place of the id."""
    body = BODIES.get(f"{method} {path}")
    return gateway.send(method, path.replace("{id}", wanted), body, key=token, headers=FORM if isinstance(body, bytes) else None)


def described(gateway):
    """[(method, path)] of inference and management, as the API describes itself."""
    paths = ask(gateway.admin_port, "GET", "/api/openapi.json").json["paths"]
    routes = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    return [(method, path) for method, path in routes if path.startswith(("/v1/", "/api/v1/"))]


def foreign_words(b, sent):
    """What of B must not be in an answer: all but what the request itself has said."""
    words = [MARK, *b.ids.values(), *b.secrets]
    return [word for word in words if not any(word in said for said in sent)]


def spilled(reply, b, sent):
    text = reply.body.decode(errors="replace")
    for said in sorted(sent, key=len, reverse=True):
        text = text.replace(said, "").replace(said.replace("/", "\\/"), "")
    return [word for word in foreign_words(b, sent) if word in text]


def test_the_list_of_bodies_is_complete(brands):
    writes = {f"{method} {path}" for method, path in described(brands[0].gateway) if method in ("POST", "PUT", "PATCH")}
    assert writes == set(BODIES)
    assert len(described(brands[0].gateway)) > 60


@pytest.mark.parametrize("role", (*ROLES, "key", "triple"))
def test_no_endpoint_lets_one_brand_reach_another(brands, role):
    a, b = brands
    token = a.key["key"] if role == "key" else a.triple["token"] if role == "triple" else a.tokens[role]["token"]
    gateway, before, tried = a.gateway, b.rows(), 0
    for method, path in described(gateway):
        for kind, foreign in (b.ids.items() if "{id}" in path else [("none", "")]):
            reply = send_described(gateway, method, path, foreign, token)
            tried += 1
            where = (role, method, path, kind, reply.status, reply.body[:300])
            assert reply.status < 500 or reply.error["code"] == "no_available_key", where
            assert not spilled(reply, b, [foreign] if foreign else []), where
            if f"{method} {path}" in OWN_NAMES:
                a.manage("DELETE", path.removeprefix("/api/v1").replace("{id}", foreign))
            elif "{id}" in path:
                assert reply.status in (403, 404), where
    assert tried > 200
    assert b.rows() == before, "rows of the other brand have changed"


def test_a_foreign_id_is_answered_exactly_like_an_unknown_one(brands):
    a, b = brands
    for method, path in described(a.gateway):
        if "{id}" not in path or f"{method} {path}" in OWN_NAMES:
            continue
        for foreign in b.ids.values():
            unknown = re.sub(r"[0-9A-Za-z]{6}$", "zzzzzz", foreign) if "_" in foreign else "nobody/nothing"
            answers = []
            for one in (foreign, unknown):
                reply = send_described(a.gateway, method, path, one, a.owner)
                if method != "HEAD" and path.startswith("/api/v1/"):
                    answers.append((reply.status, reply.body.decode().replace(reply.request_id, "").replace(one, "ID")))
                else:  # near misses of model names are suggested, from what the caller may see
                    answers.append(reply.status)
            assert answers[0] == answers[1], (method, path, foreign)


def test_bodies_cannot_name_what_is_foreign(brands):
    a, b = brands
    before = b.rows()
    tries = [("POST", "/keys", {"label": "x", "client_id": b.client["id"]}), ("POST", "/tokens", {"label": "x", "client_id": b.client["id"]}),
             ("POST", "/aliases", {"name": "steal", "chain": [f"{b.name}/alias"]}), ("PUT", "/aliases/steal", {"chain": [f"{b.name}/alias"]})]
    for method, path, body in tries:
        reply = a.manage(method, path, body)
        assert reply.status in (400, 404), (path, reply.body)
        assert not spilled(reply, b, [b.client["id"], f"{b.name}/alias", f"{b.name}-alias"]), reply.body
    unknown = a.manage("POST", "/keys", {"label": "x", "client_id": "cli_zzzzzzzzzzzzzzzz"})
    foreign = a.manage("POST", "/keys", {"label": "x", "client_id": b.client["id"]})
    assert (unknown.status, unknown.error["message"].replace("cli_zzzzzzzzzzzzzzzz", "")) == (foreign.status, foreign.error["message"].replace(b.client["id"], ""))
    assert b.rows() == before


def test_lists_filters_and_cursors_show_nothing_foreign(brands):
    a, b = brands
    lists = ["brands", "clients", "keys", "tokens", "aliases", "rules", "integrations", "requests", "integrations/health"]
    for path, (name, value) in itertools.product(lists, [
            ("", ""), ("client_id", b.client["id"]), ("token_id", b.key["id"]), ("provider_name", PROVIDER["bravo"]), ("provider", PROVIDER["bravo"]),
            ("include_revoked", "true"), ("brand_id", b.id), *(("cursor", one) for one in b.ids.values())]):
        reply = a.manage("GET", f"/{path}?limit=500&{name}={value}")
        assert reply.status in (200, 400), (path, name, reply.body)
        assert not spilled(reply, b, [value] if value else []), (path, name, value, reply.body)
    for group in ("model", "provider", "client", "token", "brand", "alias", "day"):
        for more in ("", f"&client_id={b.client['id']}", f"&token_id={b.key['id']}"):
            reply = a.manage("GET", f"/usage?group_by={group}{more}")
            assert reply.status == 200 and not spilled(reply, b, []), (group, reply.body)
    assert a.manage("GET", f"/usage?client_id={b.client['id']}").json["data"] in ([], [{**zero} for zero in a.manage("GET", "/usage?client_id=nobody").json["data"]])


def test_pool_keys_and_the_operators_brand_are_not_shown(brands):
    a, _ = brands
    assert [one["id"] for one in a.manage("GET", "/brands").json["data"]] == [a.id]
    assert {one["scope"] for one in a.manage("GET", "/integrations").json["data"]} == {"brand"}
    pool = [one for one in a.gateway.manage("GET", "/integrations").json["data"] if one["scope"] == "pool"]
    assert pool, "the operator sees the pool"
    for method in ("GET", "PATCH", "DELETE"):
        reply = a.manage(method, f"/integrations/{pool[0]['id']}", {"daily_limit": 1} if method == "PATCH" else None)
        assert reply.status == 404, reply.body
    assert a.manage("POST", f"/integrations/{pool[0]['id']}/test", {}).status == 404
    refused = a.manage("POST", "/integrations", {"provider_name": "tp", "credentials": {"api_key": "x" * 20}, "scope": "pool"})
    assert (refused.status, refused.error["code"]) == (403, "missing_scope")
    assert a.manage("POST", "/config/reload", {}).status == 403


def test_keys_and_models_of_one_brand_serve_no_other(brands, running_provider):
    a, b = brands
    running_provider.reset()
    served = a.gateway.chat(f"{PROVIDER['bravo']}/x", key=a.key["key"])
    assert served.headers["x-spidergate-provider"] == PROVIDER["alpha"], "the fallback chain of its own preferences"
    assert a.gateway.chat("bravo/alias", key=a.key["key"]).status == 404
    for model in ("bravo-anything", "tp/echo"):
        a.gateway.chat(model, key=a.key["key"])
    assert all(SECRET["bravo"] != request["key"] for request in running_provider.requests())
    listed = a.gateway.get("/v1/models", key=a.key["key"])
    assert f"{PROVIDER['alpha']}/x" in listed.body.decode() and f"{PROVIDER['bravo']}/x" not in listed.body.decode()
    assert not spilled(listed, b, [])
    assert a.gateway.get(f"/v1/receipts/{b.request_id}", key=a.key["key"]).status == 404
    assert a.gateway.get(f"/v1/receipts/{b.request_id}", key=a.owner).status == 404


def test_an_idempotency_key_is_the_tokens_own(brands):
    a, b = brands
    once = {"Idempotency-Key": "the-same-for-both"}
    theirs = b.manage("POST", "/keys", {"label": "bravo-once"}, headers=once)
    mine = a.manage("POST", "/keys", {"label": "bravo-once"}, headers=once)
    assert (theirs.status, mine.status) == (201, 201) and theirs.json["key"] != mine.json["key"]
    assert mine.json["brand_id"] == a.id and "idempotency-replayed" not in mine.headers
    mine = a.gateway.send("POST", "/api/v1/keys", {"label": "bravo-once"}, key=a.tokens["admin"]["token"], headers=once)
    assert mine.status == 201 and "idempotency-replayed" not in mine.headers, "not even another token of the same brand shares it"


def test_a_revoked_client_of_one_brand_leaves_the_other_alone(brands):
    a, b = brands
    gone = a.manage("POST", "/clients", {"name": "to go"}).json
    assert a.manage("DELETE", f"/clients/{gone['id']}").status == 200
    assert b.gateway.chat("bravo/alias", key=b.key["key"]).status == 200
