#include <spidergate/api/routes.hpp>
#include <spidergate/core/ascii.hpp>
#include <spidergate/http/query.hpp>

#include <array>
#include <optional>
#include <vector>

namespace spidergate::api {

namespace {

/// One line of the table. A pattern is segments; "{id}" takes one segment, "{id...}" all that follow.
struct entry {
  std::string_view pattern;
  std::string_view methods;
  resource what;
};

constexpr std::array inference_table{
    entry{"chat/completions", "POST", resource::chat},
    entry{"completions", "POST", resource::completions},
    entry{"embeddings", "POST", resource::embeddings},
    entry{"moderations", "POST", resource::moderations},
    entry{"models", "GET, HEAD", resource::model_list},
    entry{"models/{id...}", "GET, HEAD", resource::model_item},
    entry{"receipts/{id}", "GET, HEAD", resource::receipt_item},
};

constexpr std::array management_table{
    entry{"integrations", "GET, HEAD, POST", resource::integrations},
    entry{"integrations/health", "GET, HEAD", resource::integration_health},
    entry{"integrations/{id}", "GET, HEAD, PATCH, DELETE", resource::integration_item},
    entry{"integrations/{id}/test", "POST", resource::integration_test},
    entry{"requests", "GET, HEAD", resource::requests},
    entry{"usage", "GET, HEAD", resource::usage},
    entry{"config/reload", "POST", resource::config_reload},
};

constexpr std::array operations_table{
    entry{"", "GET, HEAD", resource::root},
    entry{"healthz", "GET, HEAD", resource::alive},
    entry{"readyz", "GET, HEAD", resource::ready},
};

using segments = std::vector<std::string_view>;

segments segments_of(std::string_view path) {
  segments parts;
  for (const auto part : split(path, '/')) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

std::string joined(const segments& parts, std::size_t from) {
  std::string text;
  for (auto i = from; i < parts.size(); ++i) text.append(i == from ? "" : "/").append(parts[i]);
  return http::decode_path(text).value_or(text);
}

std::optional<route> match(const entry& line, const segments& parts) {
  const auto wanted = segments_of(line.pattern);
  route found{.what = line.what, .id = {}, .methods = line.methods};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i >= parts.size()) return std::nullopt;
    if (wanted[i] == "{id...}") {
      found.id = joined(parts, i);
      return found;
    }
    if (wanted[i] == "{id}") {
      found.id = http::decode_path(parts[i]).value_or(std::string(parts[i]));
    } else if (wanted[i] != parts[i]) {
      return std::nullopt;
    }
  }
  return parts.size() == wanted.size() ? std::optional(std::move(found)) : std::nullopt;
}

template <class Table>
route find_in(const Table& table, const segments& parts) {
  for (const auto& line : table) {
    if (auto found = match(line, parts)) return std::move(*found);
  }
  return {};
}

/// Clients disagree about who adds "/v1": the prefixes are taken off as often as they stand there.
segments without_prefixes(segments parts) {
  std::size_t at = 0;
  if (parts.size() >= 2 && parts[0] == "api" && parts[1] == "gate") at = 2;
  while (at < parts.size() && parts[at] == "v1") ++at;
  parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(at));
  return parts;
}

}  // namespace

bool route::allows(std::string_view method) const noexcept {
  auto rest = methods;
  while (!rest.empty()) {
    const auto comma = rest.find(", ");
    if (rest.substr(0, comma) == method) return true;
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 2);
  }
  return false;
}

route find_route(std::string_view path, bool admin) {
  auto parts = segments_of(path);
  if (admin && parts.size() == 1 && parts[0] == "metrics")
    return {.what = resource::metrics, .id = {}, .methods = "GET, HEAD"};
  if (parts.size() >= 2 && parts[0] == "api" && parts[1] == "v1") {
    parts.erase(parts.begin(), parts.begin() + 2);
    return find_in(management_table, parts);
  }
  if (auto found = find_in(operations_table, parts); found.what != resource::nothing) return found;
  return find_in(inference_table, without_prefixes(std::move(parts)));
}

}  // namespace spidergate::api
