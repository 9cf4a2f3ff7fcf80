#include "management_handlers.hpp"

#include <spidergate/api/routes.hpp>

#include <algorithm>
#include <array>

namespace spidergate::api {

namespace {

struct served_by {
  resource what;
  management_handler handler;
};

constexpr std::array handlers{
    served_by{resource::brands, serve_brands},
    served_by{resource::brand_item, serve_brand},
    served_by{resource::clients, serve_clients},
    served_by{resource::client_item, serve_client},
    served_by{resource::client_credentials, make_client_credentials},
    served_by{resource::client_revoke, revoke_client},
    served_by{resource::keys, serve_tokens},
    served_by{resource::key_item, serve_token},
    served_by{resource::key_revoke, revoke_token},
    served_by{resource::key_rotate, rotate_token},
    served_by{resource::tokens, serve_tokens},
    served_by{resource::token_item, serve_token},
    served_by{resource::token_revoke, revoke_token},
    served_by{resource::token_rotate, rotate_token},
    served_by{resource::aliases, serve_aliases},
    served_by{resource::alias_item, serve_alias},
    served_by{resource::rules, serve_rules},
    served_by{resource::preferences, serve_preferences},
    served_by{resource::integrations, serve_integrations},
    served_by{resource::integration_item, serve_integration},
    served_by{resource::integration_health, show_integration_health},
    served_by{resource::integration_test, test_integration},
    served_by{resource::requests, list_requests},
    served_by{resource::usage, show_usage},
    served_by{resource::config_reload, reload_config},
};

/// In the order of the enumeration, without a gap from its first management resource to its last.
constexpr bool is_complete() {
  for (std::size_t i = 0; i < handlers.size(); ++i)
    if (static_cast<std::size_t>(handlers[i].what) != static_cast<std::size_t>(resource::brands) + i) return false;
  return handlers.back().what == resource::config_reload;
}
static_assert(is_complete());

}  // namespace

management_handler handler_of(resource what) noexcept {
  return handlers[static_cast<std::size_t>(what) - static_cast<std::size_t>(resource::brands)].handler;
}

}  // namespace spidergate::api
