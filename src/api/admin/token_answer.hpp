#pragma once
#include <spidergate/auth/issue.hpp>
#include <spidergate/core/json_text.hpp>

namespace spidergate::api {

/// Everything of a token but its secret.
void write_token_members(json_writer& out, const store::token_record& row, epoch_ms now);
/// The one place of the API that writes a token's secret: "key" of a key, "token" of all others (what a client sends as
/// its bearer token), and of a triple "api_key" and "api_secret" besides.
void write_secret(json_writer& out, const auth::issued& made);

}  // namespace spidergate::api
