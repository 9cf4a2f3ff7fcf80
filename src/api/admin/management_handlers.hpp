#pragma once
#include "management_call.hpp"

/// One function per management resource; each answers exactly once, with `call.r.x.head().method` among the route's.
namespace spidergate::api {

using management_handler = awaitable<void> (*)(management_call& call);

/// Never null for a resource of the management section.
[[nodiscard]] management_handler handler_of(resource what) noexcept;

awaitable<void> serve_brands(management_call& call);
awaitable<void> serve_brand(management_call& call);
awaitable<void> serve_clients(management_call& call);
awaitable<void> serve_client(management_call& call);
awaitable<void> make_client_credentials(management_call& call);
awaitable<void> revoke_client(management_call& call);
awaitable<void> serve_tokens(management_call& call);  ///< keys too
awaitable<void> serve_token(management_call& call);
awaitable<void> revoke_token(management_call& call);
awaitable<void> rotate_token(management_call& call);
awaitable<void> serve_aliases(management_call& call);
awaitable<void> serve_alias(management_call& call);
awaitable<void> serve_rules(management_call& call);
awaitable<void> serve_preferences(management_call& call);
awaitable<void> serve_integrations(management_call& call);
awaitable<void> serve_integration(management_call& call);
awaitable<void> show_integration_health(management_call& call);
awaitable<void> test_integration(management_call& call);
awaitable<void> list_requests(management_call& call);
awaitable<void> show_usage(management_call& call);
awaitable<void> reload_config(management_call& call);

}  // namespace spidergate::api
