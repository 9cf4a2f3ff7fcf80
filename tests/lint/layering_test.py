"""Every #include points along an arrow of the table in CMakeLists.txt, which is the one of docs/architecture.md."""

import re
import unittest

import repository

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

# Libraries that stay behind the rooms made for them: whoever includes one names its target in its own DEPENDS.
FENCED = {
    "nlohmann/": "nlohmann_json::nlohmann_json",
    "simdjson.h": "simdjson::simdjson",
    "yaml-cpp/": "yaml-cpp",
    "spdlog/": "spdlog::spdlog",
    "sqlite3.h": "SQLite::SQLite3",
    "libpq-fe.h": "libpq",
    "hiredis/": "hiredis",
    "openssl/": "OpenSSL::",
    "CLI/": "CLI11::CLI11",
    "boost/asio": "boost_asio",
}
PRIVATE_ONLY = [prefix for prefix in FENCED if prefix != "boost/asio"]


def includes(file):
    return [(kind, target) for kind, target in INCLUDE.findall(repository.text(file))]


def sources():
    return [file for file in repository.cpp_files("include", "src") if file.parts[:2] != ("src", "boost")]


class layering(unittest.TestCase):
    def test_the_table_has_no_cycle(self):
        self.assertTrue(repository.rooms(), "no sg_room() was found in CMakeLists.txt")
        self.assertEqual([room for room in repository.rooms() if room in repository.reachable(room)], [])

    def test_every_folder_is_a_room_of_the_table(self):
        unknown = {room for file in sources() if (room := repository.room_of(file)) and room not in repository.rooms()}
        self.assertEqual(unknown, set())

    def test_a_room_includes_only_rooms_below_it(self):
        wrong = []
        for file in sources():
            room = repository.room_of(file)
            for _, target in includes(file):
                other = re.match(r"spidergate/(\w+)/", target)
                if other and other[1] != room and other[1] not in repository.reachable(room):
                    wrong.append(f"{file}: {room} may not include {target}")
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_a_private_header_is_included_by_its_own_room_only(self):
        wrong = []
        for file in sources():
            for kind, target in includes(file):
                if kind == '"' and not self._is_private_to(file, target):
                    wrong.append(f"{file}: \"{target}\" is not in src/{repository.room_of(file)}")
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def _is_private_to(self, file, target):
        room = repository.ROOT / "src" / repository.room_of(file)
        places = [(repository.ROOT / file).parent / target, room / target]
        return any(place.is_file() and place.resolve().is_relative_to(room.resolve()) for place in places)

    def test_a_fenced_library_is_included_where_the_table_says(self):
        wrong = []
        for file in sources():
            room = repository.room_of(file)
            declared = repository.rooms().get(room, [])
            for _, target in includes(file):
                fence = next((FENCED[prefix] for prefix in FENCED if target.startswith(prefix)), None)
                allowed = repository.reachable(room) if fence == "boost_asio" else declared
                if fence and not any(name.startswith(fence) for name in allowed):
                    wrong.append(f"{file}: {target}, but {room} does not depend on {fence}")
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_no_public_header_includes_a_heavy_library(self):
        wrong = [f"{file}: {target}" for file in repository.cpp_files("include") for _, target in includes(file)
                 if target.startswith(tuple(PRIVATE_ONLY))]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))


if __name__ == "__main__":
    unittest.main()
