"""tests/bench/peers takes too long for every run and needs a network: these are its parts that need neither."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench/harness"))

import bodies  # noqa: E402
import peer_packages  # noqa: E402
import peers  # noqa: E402
from peer_rounds import upstream_sockets  # noqa: E402
from table import PEERS  # noqa: E402


class packages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.cache = Path(folder.name)

    def test_every_peer_is_pinned_and_has_a_goal(self):
        self.assertEqual([package.name for package in peer_packages.ALL], [goal.reference for goal in PEERS.goals])
        for package in peer_packages.ALL:
            self.assertRegex(package.version, r"^v?\d+\.\d+\.\d+$")

    def test_what_was_installed_is_not_installed_again(self):
        runs = []

        def install(folder):
            runs.append(folder)
            (folder / "program").touch()

        package = peer_packages.Package("Some", "1.0.0", install, "program", "runtime3")
        for _ in range(2):
            self.assertEqual(package.installed(self.cache), self.cache / "some-1.0.0-runtime3/program")
        self.assertEqual(len(runs), 1)

    def test_a_package_without_its_program_is_not_installed(self):
        with self.assertRaisesRegex(peer_packages.NotInstalled, "no program"):
            peer_packages.Package("Some", "1.0.0", lambda folder: None, "program").installed(self.cache)

    def test_the_last_words_of_a_package_manager_are_the_reason(self):
        with self.assertRaisesRegex(peer_packages.NotInstalled, "^no such module$"):
            peer_packages.run(["sh", "-c", "echo no such module >&2; exit 1"])
        with self.assertRaisesRegex(peer_packages.NotInstalled, "^a-program-that-is-not-there: No such file"):
            peer_packages.run(["a-program-that-is-not-there"])
        self.assertEqual(peer_packages.last_words("one\n\ntwo\nthree\nfour\n"), "two / three / four")
        self.assertEqual(peer_packages.last_words("a" * 200 + "b" * 200, length=4), "aa … bb")

    def test_the_registry_that_somebody_uses_is_not_told(self):
        self.assertEqual(peer_packages.last_words("reading https://user:word@registry.example/some/module: 404"), "reading /some/module: 404")


class configurations(unittest.TestCase):
    def test_no_configuration_holds_a_secret(self):
        for settings in (peers.LiteLLM.settings("http://h:1"), peers.Bifrost.settings("http://h:1", Path("/x"))):
            self.assertNotRegex(json.dumps(settings), "sk-")

    def test_each_leads_to_the_upstream(self):
        self.assertIn("http://h:1/v1", json.dumps(peers.LiteLLM.settings("http://h:1")))
        self.assertEqual(peers.Bifrost.settings("http://h:1", Path("/x"))["providers"]["openai"]["network_config"]["base_url"], "http://h:1")

    def test_portkey_is_told_its_provider_by_headers(self):
        subject = peers.Portkey.__new__(peers.Portkey)
        subject._upstream = "http://h:1"
        head, _, body = subject.request(bodies.chat(subject.model, 500)).partition(b"\r\n\r\n")
        self.assertEqual(head.split(b"\r\n")[0], b"POST /v1/chat/completions HTTP/1.1")
        self.assertIn(b"\r\nx-portkey-provider: openai\r\nx-portkey-custom-host: http://h:1/v1\r\n", head)
        self.assertEqual(json.loads(body)["model"], subject.model)


class upstream_connections(unittest.TestCase):
    TABLE = """  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:26B7 00000000:0000 0A 0
   1: 0100007F:8208 0100007F:26B7 01 0
   2: 0100007F:26B7 0100007F:8208 01 0
   3: 0100007F:26B7 0100007F:8209 06 0
   4: 0100007F:1111 0100007F:2222 01 0
"""

    def test_both_ends_of_a_connection_are_one_and_closed_ones_count(self):
        self.assertEqual(upstream_sockets(0x26B7, self.TABLE), {0x8208, 0x8209})


if __name__ == "__main__":
    unittest.main()
