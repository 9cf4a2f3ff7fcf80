#pragma once
#include <spidergate/cli/context.hpp>

#include <cstdint>
#include <string>

namespace spidergate::cli {

/// `key create` and `token create`. Lists are as typed, separated by commas.
struct new_token_options {
  std::string kind;  ///< "key" or "pat"
  std::string label, brand, client, env = "prod";
  std::int64_t rpm = 0, rpd = 0, tpm = 0, max_parallel = 0;
  std::string models, blocked_models, cidrs, expires, scopes;
  std::string budget_daily, budget_monthly;
};

/// `key|token list|show|revoke|rotate`
struct token_options {
  std::string kind;
  std::string id, brand;
  std::string grace = "24h";
};

exit_code create_token(context& in, const new_token_options& asked);
exit_code list_tokens(context& in, const token_options& asked);
exit_code show_token(context& in, const token_options& asked);
exit_code revoke_token(context& in, const token_options& asked);
exit_code rotate_token(context& in, const token_options& asked);

}  // namespace spidergate::cli
