#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace spidergate::api {

/// What a path leads to.
enum class resource : std::uint8_t {
  nothing,
  chat,
  completions,
  embeddings,
  moderations,  ///< inference
  model_list,
  model_item,
  receipt_item,
  alive,
  ready,
  root,
  metrics,  ///< operations
  integrations,
  integration_item,
  integration_health,
  integration_test,
  requests,
  usage,
  config_reload,  ///< management
};

/// Where a request goes.
struct route {
  resource what = resource::nothing;
  std::string id;            ///< of an item: decoded, may hold slashes for models
  std::string_view methods;  ///< "GET, POST" as Allow says it; empty with nothing
  [[nodiscard]] bool allows(std::string_view method) const noexcept;
};

/// Finds the resource of a path (spec 6): inference paths are served under /v1, /api/gate/v1, both or neither; doubled
/// and trailing slashes are forgiven; management stands under /api/v1. Never redirects. `admin` tells the listener:
/// metrics are there alone.
[[nodiscard]] route find_route(std::string_view path, bool admin);

}  // namespace spidergate::api
