#pragma once
#include "limit_options.hpp"

#include <spidergate/cli/context.hpp>
#include <spidergate/store/records.hpp>

#include <string>

namespace spidergate::cli {

/// `key create` and `token create`. Lists are as typed, separated by commas.
struct new_token_options {
  std::string kind;  ///< "key" or "pat"
  std::string label, brand, client, env = "prod";
  limit_options limits;
  std::string models, blocked_models, cidrs, expires, role, scopes;
};

/// `key|token list|show|revoke|rotate`
struct token_options {
  std::string kind;  ///< "key", or "pat" for all that are no keys
  std::string id, brand;
  std::string grace = "24h";
};

exit_code create_token(context& in, const new_token_options& asked);
exit_code list_tokens(context& in, const token_options& asked);
exit_code show_token(context& in, const token_options& asked);
exit_code revoke_token(context& in, const token_options& asked);
exit_code rotate_token(context& in, const token_options& asked);

/// The role and the scopes that were typed, either of them empty where it was left out: the role then follows from the
/// scopes, the scopes from the role; with neither it is a member for inference. A command_error where they are unknown
/// or do not fit together.
void give_rights(store::token_record& to, const std::string& role, const std::string& scopes);

}  // namespace spidergate::cli
