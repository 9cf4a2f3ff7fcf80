"""docker/compose.yaml parses, names only what exists, and sets only what the gateway knows. No engine is needed."""

import csv
import os
import re
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

import repository
import yaml

COMPOSE = Path("docker/compose.yaml")
DOCKERFILE = Path("docker/Dockerfile")
SERVICE_KEYS = {"build", "image", "restart", "depends_on", "ports", "environment", "secrets", "volumes", "user", "read_only", "tmpfs", "cap_drop",
                "security_opt", "stop_grace_period", "shm_size", "healthcheck", "command"}


class strict_loader(yaml.SafeLoader):
    """A key that is given twice is an error, as Compose has it."""


def _mapping(loader, node, deep=False):
    keys = [loader.construct_object(key, deep=deep) for key, _ in node.value]
    if len(keys) != len(set(keys)):
        raise yaml.constructor.ConstructorError(None, None, f"a key is given twice among {keys}", node.start_mark)
    return yaml.SafeLoader.construct_mapping(loader, node, deep)


strict_loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def compose():
    return yaml.load(repository.text(COMPOSE), Loader=strict_loader)


def known_variables():
    """What src/config reads, and the catalogue's variables for provider keys."""
    names = set()
    for file in repository.cpp_files("src"):
        if file.parts[1] != "config":
            continue
        text = repository.text(file)
        names |= {"SPIDERGATE_" + key.upper().replace(".", "_") for key in re.findall(r'\.key = "([\w.]+)"', text)}
        for listed in re.findall(r"\.envs = \{(.*)\}", text):
            names |= set(re.findall(r'"([A-Z_]+)"', listed))
    names |= {"SPIDERGATE_DATA_DIR", "SPIDERGATE_CONFIG"}
    providers = list(csv.DictReader(repository.text(Path("config/catalogue/providers.csv")).splitlines()))
    for row in providers:
        names |= {name for name in re.split(r"[ ;|,]+", f"{row.get('key_env', '')} {row.get('key_env_aliases', '')}") if name}
    return names | {name + "_FILE" for name in names}


def dockerfile():
    """Instructions with their continuation lines joined."""
    joined = re.sub(r"\\\n", " ", repository.text(DOCKERFILE))
    return [line.split(None, 1) for line in joined.splitlines() if line.strip() and not line.startswith("#")]


class compose_file(unittest.TestCase):
    def test_services_have_only_keys_that_are_meant(self):
        self.assertEqual(set(compose()), {"name", "services", "volumes", "secrets"})
        for name, service in compose()["services"].items():
            self.assertEqual(set(service) - SERVICE_KEYS, set(), name)

    def test_what_services_name_exists_and_is_used(self):
        whole = compose()
        volumes, secrets = set(), set()
        for name, service in whole["services"].items():
            self.assertLessEqual(set(service.get("depends_on", {})), set(whole["services"]) - {name})
            for awaited in service.get("depends_on", {}):
                self.assertIn("healthcheck", whole["services"][awaited], f"{name} waits for the health of {awaited}")
            volumes |= {mount.split(":")[0] for mount in service.get("volumes", [])}
            secrets |= set(service.get("secrets", []))
        self.assertEqual(volumes, set(whole["volumes"]))
        self.assertEqual(secrets, set(whole["secrets"]))

    def test_files_of_secrets_are_given_to_their_service(self):
        for name, service in compose()["services"].items():
            named = [str(value) for value in (service.get("environment") or {}).values()] + [str(word) for word in service.get("command", [])]
            for path in (value for value in named if value.startswith("/run/secrets/")):
                self.assertIn(path.removeprefix("/run/secrets/"), service.get("secrets", []), name)

    def test_the_gateway_is_given_only_variables_that_it_knows(self):
        known = known_variables()
        self.assertIn("DATABASE_URL_FILE", known)
        given = set(compose()["services"]["gateway"]["environment"])
        given |= {word.split("=")[0] for instruction, rest in dockerfile() if instruction == "ENV" for word in rest.split()}
        self.assertEqual(given - known, set())

    def test_no_secret_stands_in_the_file(self):
        for service in compose()["services"].values():
            for variable, value in (service.get("environment") or {}).items():
                if re.search(r"PASSWORD|SECRET|KEY|URL|TOKEN", variable):
                    self.assertTrue(value is None or str(value).startswith("/run/secrets/"), variable)

    def test_services_run_without_rights_that_they_do_not_need(self):
        for name, service in compose()["services"].items():
            with self.subTest(name):
                self.assertNotIn(service["user"], ("root", "0", 0))
                self.assertIs(service["read_only"], True)
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertIn("no-new-privileges:true", service["security_opt"])

    def test_ports_are_published_on_loopback_only(self):
        ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]
        self.assertTrue(ports)
        self.assertEqual([port for port in ports if not port.startswith("127.0.0.1:")], [])


class image(unittest.TestCase):
    def test_copies_only_what_the_repository_or_an_earlier_stage_has(self):
        stages = {rest.split()[-1] for instruction, rest in dockerfile() if instruction == "FROM" and " AS " in rest}
        for instruction, rest in dockerfile():
            if instruction != "COPY":
                continue
            words = rest.split()
            if words[0].startswith("--from="):
                self.assertIn(words[0].removeprefix("--from="), stages)
            else:
                for source in words[:-1]:
                    self.assertTrue((repository.ROOT / source).exists(), source)

    def test_ends_as_a_user_without_rights(self):
        users = [rest.strip() for instruction, rest in dockerfile() if instruction == "USER"]
        self.assertEqual(users, ["spidergate"])
        self.assertEqual(users[-1], compose()["services"]["gateway"]["user"])


class secrets_script(unittest.TestCase):
    def test_makes_every_secret_of_the_compose_file_once(self):
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "make-secrets"
            script.write_text(repository.text(Path("docker/make-secrets")))
            run = lambda: subprocess.run(["bash", str(script)], check=True, capture_output=True)  # noqa: E731
            run()
            made = {path.name: path.read_text() for path in (Path(folder) / "secrets").iterdir()}
            self.assertEqual({f"secrets/{name}" for name in made}, {secret["file"] for secret in compose()["secrets"].values()})
            self.assertEqual(stat.S_IMODE(os.stat(Path(folder) / "secrets").st_mode), 0o700)
            self.assertRegex(made["encryption_key"], r"^[0-9a-f]{64}\n$")
            self.assertIn(made["database_password"].strip(), made["database_url"])
            run()
            self.assertEqual(made, {path.name: path.read_text() for path in (Path(folder) / "secrets").iterdir()})


if __name__ == "__main__":
    unittest.main()
