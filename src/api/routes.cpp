#include <spidergate/api/routes.hpp>
#include <spidergate/core/ascii.hpp>
#include <spidergate/http/query.hpp>

#include <array>
#include <optional>
#include <utility>
#include <vector>

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

std::optional<route> match(const route_line& line, const segments& parts) {
  const auto wanted = segments_of(line.pattern);
  route found{.what = line.what, .id = {}, .methods = line.methods, .needed = line.needed, .allowed = line.allowed};
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

route find_in(std::span<const route_line> table, const segments& parts) {
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
  auto parts = segments_of(path);
  if (admin) {
    if (auto found = find_in(admin_operations_table, parts); found.what != resource::nothing) return found;
  }
  if (parts.size() >= 2 && parts[0] == "api" && parts[1] == "v1") {
    parts.erase(parts.begin(), parts.begin() + 2);
    auto found = find_in(management_table, parts);
    found.managed = found.what != resource::nothing;
    return found;
  }
  if (auto found = find_in(operations_table, parts); found.what != resource::nothing) return found;
  return find_in(inference_table, without_prefixes(std::move(parts)));
}

}  // namespace spidergate::api
