#pragma once
#include "limit_fields.hpp"
#include "management_call.hpp"

#include <spidergate/store/records.hpp>

namespace spidergate::api {

/// What a create or a merge patch of a key, a token or a triple says.
struct token_body {
  std::optional<std::string> label, client_id, env, role;
  std::optional<std::vector<std::string>> scopes, allowed_models, blocked_models, allowed_cidrs;
  limit_fields limits;
  std::optional<epoch_ms> expires_at;

  /// Everything but client and env, which are fixed when a token is made.
  void apply_to(store::token_record& row) const;
};

/// `now` is what expires_in counts from.
[[nodiscard]] model::outcome<token_body> read_token_body(std::string_view json, epoch_ms now);

/// Why a token of this role and these scopes is more than `who` may give or touch, or nothing: nobody makes, changes or
/// rotates what may do more than they may.
[[nodiscard]] std::optional<model::api_error> beyond(const auth::principal& who, const store::token_record& row);

/// POST of a token of that kind ("key", "pat", "triple"); its client is `client_id`, or the body's, or the caller's.
awaitable<void> make_token(management_call& call, std::string_view kind, std::string client_id = {});

[[nodiscard]] model::api_error no_such_client(std::string_view id);

}  // namespace spidergate::api
