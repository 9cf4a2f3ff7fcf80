#include <spidergate/api/routes.hpp>
#include <spidergate/http/query.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace spidergate::api {

namespace {

using enum auth::scope;
using enum right;

constexpr std::string_view reads = "GET, HEAD";

constexpr std::array inference_table{
    route_line{"chat/completions", "POST", resource::chat, inference, token, "chat completion"},
    route_line{"completions", "POST", resource::completions, inference, token, "legacy text completion"},
    route_line{"embeddings", "POST", resource::embeddings, inference, token, "embeddings"},
    route_line{"moderations", "POST", resource::moderations, inference, token, "moderation"},
    route_line{"images/generations", "POST", resource::images, inference, token, "images"},
    route_line{"audio/speech", "POST", resource::speech, inference, token, "speech: the sound itself, as it is made"},
    route_line{"audio/transcriptions", "POST", resource::transcriptions, inference, token,
               "transcription of a multipart form's file"},
    route_line{"audio/translations", "POST", resource::translations, inference, token,
               "transcription into English of a multipart form's file"},
    route_line{"rerank", "POST", resource::rerank, inference, token, "documents by their relevance to a query"},
    route_line{"models", reads, resource::model_list, std::nullopt, token, "models and aliases that the token may use"},
    route_line{"models/{id...}", reads, resource::model_item, std::nullopt, token,
               "one model; its id may hold slashes"},
    route_line{"receipts/{id}", reads, resource::receipt_item, std::nullopt, token, "the receipt of an own request"},
};

constexpr std::array management_table{
    route_line{"brands", "GET, HEAD, POST", resource::brands, admin, manage, "brands: all of them, or one's own"},
    route_line{"brands/{id}", "GET, HEAD, PATCH", resource::brand_item, admin, manage, "one brand"},
    route_line{"clients", "GET, HEAD, POST", resource::clients, admin, manage, "clients of the brand"},
    route_line{"clients/{id}", "GET, HEAD, PATCH, DELETE", resource::client_item, admin, manage, "one client"},
    route_line{"clients/{id}/credentials", "POST", resource::client_credentials, admin, manage,
               "makes a triple client_id:api_key:api_secret"},
    route_line{"clients/{id}/revoke", "POST", resource::client_revoke, admin, manage, "ends a client and its tokens"},
    route_line{"keys", "GET, HEAD, POST", resource::keys, admin, manage, "keys (sg_key_…) of the brand"},
    route_line{"keys/{id}", "GET, HEAD, PATCH, DELETE", resource::key_item, admin, manage, "one key"},
    route_line{"keys/{id}/revoke", "POST", resource::key_revoke, admin, manage, "ends a key"},
    route_line{"keys/{id}/rotate", "POST", resource::key_rotate, admin, manage, "replaces a key, with a grace"},
    route_line{"tokens", "GET, HEAD, POST", resource::tokens, admin, manage,
               "tokens (spideriq_pat_…) and triples of the brand"},
    route_line{"tokens/{id}", "GET, HEAD, PATCH, DELETE", resource::token_item, admin, manage, "one token"},
    route_line{"tokens/{id}/revoke", "POST", resource::token_revoke, admin, manage, "ends a token"},
    route_line{"tokens/{id}/rotate", "POST", resource::token_rotate, admin, manage, "replaces a token, with a grace"},
    route_line{"aliases", "GET, HEAD, POST", resource::aliases, admin, manage, "task aliases as the brand sees them"},
    route_line{"aliases/{id...}", "GET, HEAD, PUT, POST, DELETE", resource::alias_item, admin, manage,
               "one alias; its name may hold slashes"},
    route_line{"rules", "GET, HEAD, PUT", resource::rules, admin, manage, "the brand's rules, all at once"},
    route_line{"preferences", "GET, HEAD, PATCH", resource::preferences, admin, manage, "the brand's preferences"},
    route_line{"integrations", "GET, HEAD, POST", resource::integrations, vault, manage, "provider keys"},
    route_line{"integrations/health", reads, resource::integration_health, vault, manage, "how the keys are doing"},
    route_line{"integrations/{id}", "GET, HEAD, PATCH, DELETE", resource::integration_item, vault, manage,
               "one provider key"},
    route_line{"integrations/{id}/test", "POST", resource::integration_test, vault, manage,
               "tries a key with one small call"},
    route_line{"requests", reads, resource::requests, usage, token, "receipts of the brand, searched"},
    route_line{"usage", reads, resource::usage, usage, token, "sums of the brand's usage"},
    route_line{"config/reload", "POST", resource::config_reload, admin, installation, "reads the config file again"},
};

constexpr std::array operations_table{
    route_line{"", reads, resource::root, std::nullopt, anybody, "says what this is"},
    route_line{"healthz", reads, resource::alive, std::nullopt, anybody, "alive"},
    route_line{"readyz", reads, resource::ready, std::nullopt, anybody, "able to serve"},
};

constexpr std::array admin_operations_table{
    route_line{"metrics", reads, resource::metrics, std::nullopt, anybody, "Prometheus text"},
    route_line{"api/openapi.json", reads, resource::openapi, std::nullopt, anybody, "this description"},
};

/// Takes the next segment off a path; doubled slashes count as one. Empty at the end.
std::string_view next_segment(std::string_view& rest) noexcept {
  while (rest.starts_with('/')) rest.remove_prefix(1);
  const auto segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(segment.size());
  return segment;
}

std::string decoded(std::string_view text) {
  return http::decode_path(text).value_or(std::string(text));
}

/// All segments of `rest`, with single slashes between them.
std::string joined(std::string_view rest) {
  std::string text(next_segment(rest));
  for (auto more = next_segment(rest); !more.empty(); more = next_segment(rest)) text.append("/").append(more);
  return decoded(text);
}

/// Compares segment by segment, in place: most requests are told from most lines by their first one.
bool matches(std::string_view pattern, std::string_view path, std::string& id) {
  for (auto wanted = next_segment(pattern); !wanted.empty(); wanted = next_segment(pattern)) {
    const auto all_that_follow = path;
    const auto segment = next_segment(path);
    if (segment.empty()) return false;
    if (wanted == "{id...}") {
      id = joined(all_that_follow);
      return true;
    }
    if (wanted == "{id}") {
      id = decoded(segment);
    } else if (wanted != segment) {
      return false;
    }
  }
  return next_segment(path).empty();
}

route route_of(const route_line& line, std::string id) {
  return {
      .what = line.what, .id = std::move(id), .methods = line.methods, .needed = line.needed, .allowed = line.allowed};
}

route find_in(std::span<const route_line> table, std::string_view path) {
  std::string id;
  for (const auto& line : table) {
    if (matches(line.pattern, path, id)) return route_of(line, std::move(id));
    id.clear();
  }
  return {};
}

/// The line that reads as the path does, so that no segments are told apart for it. Null: look closer.
const route_line* find_literally(std::string_view path) noexcept {
  constexpr std::string_view usual_prefix = "/v1/";
  if (!path.starts_with(usual_prefix)) return nullptr;
  path.remove_prefix(usual_prefix.size());
  const auto found = std::find_if(inference_table.begin(), inference_table.end(),
                                  [path](const route_line& line) { return line.pattern == path; });
  return found == inference_table.end() || found->pattern.ends_with('}') ? nullptr : &*found;
}

/// What follows `prefix` where the path begins with those segments.
std::optional<std::string_view> behind(std::string_view prefix, std::string_view path) noexcept {
  for (auto wanted = next_segment(prefix); !wanted.empty(); wanted = next_segment(prefix))
    if (next_segment(path) != wanted) return std::nullopt;
  return path;
}

/// Clients disagree about who adds "/v1": the prefixes are taken off as often as they stand there.
std::string_view without_prefixes(std::string_view path) noexcept {
  path = behind("api/gate", path).value_or(path);
  for (auto rest = behind("v1", path); rest; rest = behind("v1", path)) path = *rest;
  return path;
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

std::span<const route_line> routes_of(section s) noexcept {
  switch (s) {
    case section::inference:
      return inference_table;
    case section::management:
      return management_table;
    case section::operations:
      return operations_table;
    case section::admin_operations:
      return admin_operations_table;
  }
  return {};
}

route find_route(std::string_view path, bool admin) {
  if (const auto* line = find_literally(path)) return route_of(*line, {});
  if (admin) {
    if (auto found = find_in(admin_operations_table, path); found.what != resource::nothing) return found;
  }
  if (const auto managed = behind("api/v1", path)) {
    auto found = find_in(management_table, *managed);
    found.managed = found.what != resource::nothing;
    return found;
  }
  if (auto found = find_in(operations_table, path); found.what != resource::nothing) return found;
  return find_in(inference_table, without_prefixes(path));
}

}  // namespace spidergate::api
