#pragma once
#include <spidergate/auth/rights.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace spidergate::api {

/// What a path leads to.
enum class resource : std::uint8_t {
  nothing,
  chat,
  completions,
  embeddings,
  moderations,
  images,
  speech,
  transcriptions,
  translations,
  rerank,  ///< inference
  model_list,
  model_item,
  receipt_item,
  alive,
  ready,
  root,
  metrics,
  openapi,  ///< operations
  brands,
  brand_item,
  clients,
  client_item,
  client_credentials,
  client_revoke,
  keys,
  key_item,
  key_revoke,
  key_rotate,
  tokens,
  token_item,
  token_revoke,
  token_rotate,
  aliases,
  alias_item,
  rules,
  preferences,
  integrations,
  integration_item,
  integration_health,
  integration_test,
  requests,
  usage,
  config_reload,  ///< management
};

/// What is asked for besides the scope.
enum class right : std::uint8_t {
  anybody,       ///< no token is needed
  token,         ///< a token; if a scope is named, one with that scope
  manage,        ///< the role too: GET: may_read_management; all else: may_write_management
  installation,  ///< manage, and of the operator brand: it concerns everybody
};

/// One line of the table of routes. A pattern is segments; "{id}" takes one segment, "{id...}" all that follow.
struct route_line {
  std::string_view pattern;
  std::string_view methods;  ///< "GET, POST" as Allow says it
  resource what = resource::nothing;
  std::optional<auth::scope> needed;
  right allowed = right::anybody;
  std::string_view about;  ///< one clause
};

/// Where routes stand: inference under /v1 (and more, see find_route), management under /api/v1, operations at the
/// root; of the last, what is on the admin listener alone is apart.
enum class section : std::uint8_t { inference, management, operations, admin_operations };

/// The table itself: everything that is served is here, so tests and the API's own description walk it.
[[nodiscard]] std::span<const route_line> routes_of(section s) noexcept;

/// Where a request goes.
struct route {
  resource what = resource::nothing;
  std::string id;            ///< of an item: decoded, may hold slashes for models and aliases
  std::string_view methods;  ///< "GET, POST" as Allow says it; empty with nothing
  std::optional<auth::scope> needed;
  right allowed = right::anybody;
  bool managed = false;  ///< of the section `management`
  [[nodiscard]] bool allows(std::string_view method) const noexcept;
};

/// Finds the resource of a path (spec 6): inference paths are served under /v1, /api/gate/v1, both or neither; doubled
/// and trailing slashes are forgiven; management stands under /api/v1. Never redirects. `admin` tells the listener:
/// metrics and the API's description are there alone.
[[nodiscard]] route find_route(std::string_view path, bool admin);

/// The OpenAPI 3.1 document of everything in the table.
[[nodiscard]] std::string openapi_document();

}  // namespace spidergate::api
