#include "connection.hpp"

#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace spidergate::store {

namespace postgresql {

namespace {

struct options_closer {
  decltype(&PQconninfoFree) free = nullptr;
  void operator()(PQconninfoOption* all) const noexcept { free(all); }
};
using parsed_url = std::unique_ptr<PQconninfoOption, options_closer>;

/// libpq's own words about a malformed URL quote parts of it, which may be parts of the password.
constexpr std::string_view malformed =
    "The database URL is not one of PostgreSQL's: postgresql://user:password@host:port/database, where special "
    "characters of the password are written as %41 and the like.";

bool is_port_list(std::string_view text) {
  while (true) {
    const auto comma = text.find(',');
    const auto one = text.substr(0, comma);
    const auto port = parse_integer<int>(one);
    if (!one.empty() && (!port || *port < 1 || *port > 65'535)) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

void append(std::string& to, std::string_view key, std::string_view value) {
  to.append(key).append(" = '");
  for (const char c : value) {
    if (c == '\'' || c == '\\') to += '\\';
    to += c;
  }
  to += "' ";
}

}  // namespace

boost::system::result<address, std::string> address_of(const libpq& pq, const postgresql_options& options) {
  const std::string url(options.url.reveal());
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://")) return std::string(malformed);
  const parsed_url parsed(pq.conninfo_parse(url.c_str(), nullptr), {pq.conninfo_free});
  if (!parsed) return std::string(malformed);
  const auto whole_seconds = std::chrono::ceil<std::chrono::seconds>(options.connect_timeout).count();
  const std::array<std::pair<std::string_view, std::string>, 3> ours = {
      {{"connect_timeout", std::to_string(whole_seconds)},
       {"client_encoding", "UTF8"},
       {"application_name", "spidergate"}}};
  address made;
  std::string text;
  for (const auto* one = parsed.get(); one->keyword; ++one) {
    const std::string_view key = one->keyword;
    if (!one->val || std::any_of(ours.begin(), ours.end(), [&](const auto& set) { return set.first == key; })) continue;
    if (key == "port" && !is_port_list(one->val)) return std::string(malformed);
    if (key == "password") made.password = secret_string(one->val);
    append(text, key, one->val);
  }
  for (const auto& [key, value] : ours) append(text, key, value);
  made.connect_string = secret_string(text);
  return made;
}

}  // namespace postgresql

boost::system::result<std::unique_ptr<sql::connection>, std::string> open_postgresql(
    const postgresql_options& options) {
  const auto pq = postgresql::libpq::load();
  if (!pq) return pq.error();
  auto where = postgresql::address_of(**pq, options);
  if (!where) return where.error();
  return std::unique_ptr<sql::connection>(
      std::make_unique<postgresql::connection>(**pq, std::move(*where), options.statement_timeout));
}

}  // namespace spidergate::store
