"""The command line (spec 5): every command, readable by people and by programs, with the promised exit codes and no secret in sight."""

import json
import subprocess
from decimal import Decimal

import pytest
from gateway import BINARY, TOKEN
from provider_process import until

OK, FAILED, USAGE, NOT_FOUND, NOT_REACHABLE = range(5)


def rows(printed):
    """A listing: an array, or an object with the array as `data`."""
    return printed["data"] if isinstance(printed, dict) else printed


def test_key_create_prints_the_documented_object_once(gateway):
    made = gateway.must("key", "create", "--label", "from the cli", "--env", "dev", "--rate-limit", "77")
    assert {"id", "key", "label", "env", "brand", "client"} <= set(made)
    assert made["label"] == "from the cli" and made["env"] == "dev" and made["brand"] == "default"
    assert TOKEN.fullmatch(made["key"]) and made["key"].startswith("sg_key_dev_")
    shown = gateway.must("key", "show", made["id"])
    assert shown["label"] == "from the cli" and shown["rpm"] == 77
    assert made["key"] not in json.dumps(shown) + gateway.cli("key", "list").out + gateway.cli("key", "show", made["id"]).out


def test_budgets_and_roles_are_taken_and_shown_exactly(gateway):
    made = gateway.must("key", "create", "--label", "thrifty", "--budget-daily", "0.10", "--budget-monthly", "12.5")
    shown = gateway.must("key", "show", made["id"])
    assert Decimal(str(shown["budget_daily_usd"])) == Decimal("0.1") and Decimal(str(shown["budget_monthly_usd"])) == Decimal("12.5")
    assert shown["budget_weekly_usd"] is None and shown["role"] == "member" and shown["spent_today_usd"] == 0


def test_a_brands_limits_are_changed_one_by_one(gateway):
    gateway.must("brand", "create", "limited", "--budget-monthly", "100", "--no-pool")
    changed = gateway.must("brand", "set", "limited", "--tpm", "7000", "--pool-access", "on")
    assert changed["budget_monthly_usd"] == 100 and changed["tpm"] == 7000 and changed["pool_access"] is True


def test_key_list_shows_labels_and_display_forms(gateway):
    made = gateway.must("key", "create", "--label", "listed")
    row = next(row for row in rows(gateway.must("key", "list")) if row["id"] == made["id"])
    assert row["label"] == "listed" and made["key"][:15] in json.dumps(row)
    assert "listed" in gateway.cli("key", "list").out


def test_clients_and_brands_are_made_and_listed(gateway):
    brand = gateway.must("brand", "create", "acme")
    client = gateway.must("client", "create", "robot", "--brand", "acme")
    assert brand["id"].startswith("brd_") and client["id"].startswith("cli_")
    assert {"default", "acme"} <= {row["name"] for row in rows(gateway.must("brand", "list"))}
    assert "robot" in {row["name"] for row in rows(gateway.must("client", "list"))}
    key = gateway.create_key("--brand", "acme")
    assert key["brand"] == "acme"


def test_provider_keys_are_added_listed_tested_and_removed(fresh, provider):
    gateway = fresh()
    added = gateway.add_provider_key("tp", "pk-cli-secret-77aa", "from-cli", "--daily-limit", "50")
    assert added["id"].startswith("int_") and "pk-cli-secret" not in json.dumps(added)
    listed = rows(gateway.must("provider", "list"))
    row = next(row for row in listed if row.get("key_label") == "from-cli")
    assert row["masked_key"].endswith("77aa") and row["daily_limit"] == 50 and row["provider_name"] == "tp"
    assert gateway.cli("provider", "test", "tp").code == OK
    assert "pk-cli-secret-77aa" in {request["key"] for request in provider.requests()}
    provider.script({"status": 401}, times=None)
    failed = gateway.cli("provider", "test", "tp")
    assert failed.code in (FAILED, NOT_REACHABLE) and "pk-cli-secret" not in failed.out + failed.err
    health = gateway.must("provider", "health")
    assert "pk-" not in json.dumps(health).replace("pk-***", "") and rows(health)
    assert gateway.cli("provider", "remove", added["id"]).code == OK
    assert added["id"] not in json.dumps(gateway.must("provider", "list"))


def test_a_provider_key_from_the_command_line_serves_within_a_second(fresh, provider):
    gateway = fresh(providers={"late": {"dialect": "openai", "base_url": provider.url("/late"), "auth": "bearer", "models": [{"name": "x"}]}})
    assert gateway.chat("late/x").status == 503
    gateway.add_provider_key("late", "pk-late", "late-a")
    until("the new provider key to be used", lambda: gateway.chat("late/x").status == 200, 1.2)


def test_aliases_are_listed_shown_with_their_ranking_and_set(fresh):
    gateway = fresh()
    names = {row["name"] for row in rows(gateway.must("alias", "list"))}
    assert {"spideriq/coding", "agent/chat", "test/chain"} <= names
    assert sum(name.startswith("spideriq/") for name in names) == 18 and sum(name.startswith("agent/") for name in names) == 8
    shown = gateway.must("alias", "show", "test/chain")
    assert [entry["candidate"] for entry in shown["chain"]] == ["tp/echo", "tq/backup"]
    assert all(entry["standing"] in ("usable", "probing", "down") and entry["reason"] for entry in shown["chain"])
    gateway.must("alias", "set", "test/own", "tq/backup", "tp/echo")
    until("the alias to be served", lambda: (reply := gateway.chat("test/own")).status == 200 and reply.headers["x-spidergate-provider"] == "tq", 1.2)


def test_models_prints_the_catalogue_by_provider(gateway):
    everything = rows(gateway.must("models"))
    ours = rows(gateway.must("models", "--provider", "tp"))
    assert len(everything) > 5000 and {row["model"] for row in ours} >= {"echo", "org/slashed"}
    assert all(row["provider"] == "tp" for row in ours)


def test_receipt_logs_and_usage_tell_of_a_request(fresh):
    gateway = fresh()
    request_id = gateway.chat(text="one two three").request_id
    gateway.receipt(request_id)
    receipt = gateway.must("receipt", request_id)
    assert receipt["request_id"] == request_id and Decimal(str(receipt["cost"]["total_usd"])) == Decimal("0.000013")
    printed = gateway.cli("logs", "--json").out
    assert request_id in printed and all(json.loads(line) for line in printed.splitlines()) or request_id in json.dumps(json.loads(printed))
    assert request_id in gateway.cli("logs").out
    usage = rows(gateway.must("usage"))
    assert usage[0]["requests"] == 1 and Decimal(str(usage[0]["cost_usd"])) == Decimal("0.000013")
    assert gateway.cli("usage", "--by", "model", "--since", "7d").code == OK


def test_migrate_doctor_and_version_succeed_on_a_good_installation(gateway):
    assert gateway.cli("migrate").code == OK
    version = subprocess.run([BINARY, "version", "--json"], capture_output=True, text=True, check=True)
    assert json.loads(version.stdout)["version"]
    doctor = gateway.must("doctor")
    assert {"config", "database"} <= {check["name"] for check in rows(doctor)} and all(check["ok"] or check["mend"] for check in rows(doctor))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_know_the_commands(gateway, shell):
    script = gateway.cli("completion", shell)
    assert script.code == OK and all(command in script.out for command in ("serve", "provider", "receipt"))
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=script.out, text=True, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(("arguments", "code"), [
    (["key", "show", "tok_nothing"], NOT_FOUND), (["key", "revoke", "tok_nothing"], NOT_FOUND), (["receipt", "req_nothing"], NOT_FOUND),
    (["alias", "show", "no/alias"], NOT_FOUND), (["provider", "remove", "int_nothing"], NOT_FOUND), (["provider", "test", "no-such-provider"], NOT_FOUND),
    (["fly"], USAGE), (["key"], USAGE), (["key", "create", "--no-such-option"], USAGE), (["key", "create", "--label", "x", "--rate-limit", "many"], USAGE),
    (["completion", "tcsh"], USAGE), (["key", "create", "--label", "x", "--budget-daily", "lots"], USAGE), (["client", "revoke", "cli_nothing"], NOT_FOUND), (["key", "create", "--label", "x", "--brand", "no-such-brand"], NOT_FOUND)])
def test_failures_have_their_exit_code_and_one_sentence_on_stderr(gateway, arguments, code):
    ran = gateway.cli(*arguments)
    assert ran.code == code, (ran.out, ran.err)
    assert ran.err.strip() and ran.out == "" and "terminate called" not in ran.err


def test_every_command_has_help():
    for command in ([], ["serve"], ["key"], ["key", "create"], ["client"], ["brand"], ["provider"], ["provider", "add"], ["alias"], ["models"],
                    ["receipt"], ["logs"], ["usage"], ["migrate"], ["doctor"], ["version"], ["completion"], ["config", "check"]):
        ran = subprocess.run([BINARY, *command, "--help"], capture_output=True, text=True, check=False)
        assert ran.returncode == OK and ran.stdout.strip(), command


def test_a_secret_cannot_be_given_where_ps_shows_it(gateway):
    ran = gateway.cli("provider", "add", "tp", "--label", "x", "--api-key", "pk-visible")
    assert ran.code == USAGE and "stdin" in ran.err and "pk-visible" not in ran.out
    assert gateway.cli("provider", "add", "tp", "--label", "x", "--api-key-stdin", stdin="").code in (FAILED, USAGE)


def test_output_for_pipes_has_no_colour(gateway):
    assert all("\x1b" not in gateway.cli(*command).out for command in (["key", "list"], ["alias", "list"], ["provider", "list"], ["doctor"]))
