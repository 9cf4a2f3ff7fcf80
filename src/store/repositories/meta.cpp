#include "rows.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/store/errc.hpp>

namespace spidergate::store::meta {

namespace {

constexpr std::string_view select_one = "SELECT content FROM meta WHERE name = $1";
constexpr std::string_view upsert =
    "INSERT INTO meta (name, content) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET content = excluded.content";
constexpr std::string_view raise =
    "UPDATE meta SET content = CAST(CAST(content AS BIGINT) + 1 AS TEXT) WHERE name = 'config_version'";

}  // namespace

result<std::optional<std::string>> get(sql::connection& on, std::string_view name) {
  return first_of<std::string>(on.exec(select_one, {text(name)}),
                               [](const sql::row& r) { return result<std::string>(r.text(0)); });
}

result<void> put(sql::connection& on, std::string_view name, std::string_view value) {
  const auto done = on.exec(upsert, {text(name), text(value)});
  if (!done) return done.error();
  return {};
}

result<std::int64_t> config_version(sql::connection& on) {
  const auto found = get(on, "config_version");
  if (!found) return found.error();
  const auto version = *found ? parse_integer<std::int64_t>(**found) : std::nullopt;
  if (!version) return errc::corrupt;
  return *version;
}

result<void> raise_config_version(sql::connection& on) {
  const auto done = on.exec(raise);
  if (!done) return done.error();
  return on.announce_change();
}

}  // namespace spidergate::store::meta
