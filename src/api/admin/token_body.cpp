#include "token_body.hpp"

#include <spidergate/auth/cidr.hpp>
#include <spidergate/auth/rights.hpp>

#include <algorithm>

namespace spidergate::api {

namespace {

constexpr std::chrono::hours longest_life{24 * 3660};

void read_expiry(body_reader& from, token_body& body, epoch_ms now) {
  std::optional<std::chrono::milliseconds> expires_in;
  from.moment("expires_at", body.expires_at).duration("expires_in", expires_in);
  if (body.expires_at && *body.expires_at != 0 && *body.expires_at <= now) from.refuse("expires_at", "in the future");
  if (!expires_in) return;
  if (body.expires_at) from.refuse("expires_in", "left out when 'expires_at' is there");
  if (*expires_in <= expires_in->zero() || *expires_in > longest_life)
    from.refuse("expires_in", "a time of at most ten years, such as \"90d\"");
  body.expires_at = now + expires_in->count();
}

void check_lists(body_reader& from, const token_body& body) {
  for (const auto& one : body.scopes.value_or(std::vector<std::string>()))
    if (!auth::scope_named(one)) from.refuse("scopes", "a list of inference, usage, vault and admin");
  for (const auto& one : body.allowed_cidrs.value_or(std::vector<std::string>()))
    if (!auth::cidr::parse(one))
      from.refuse("allowed_cidrs",
                  "a list of addresses or networks such as 10.0.0.0/8; '" + one.substr(0, 100) + "' is none");
}

}  // namespace

void token_body::apply_to(store::token_record& row) const {
  row.label = label.value_or(row.label);
  row.role = role.value_or(row.role);
  row.scopes = scopes.value_or(row.scopes);
  row.allowed_models = allowed_models.value_or(row.allowed_models);
  row.blocked_models = blocked_models.value_or(row.blocked_models);
  row.allowed_cidrs = allowed_cidrs.value_or(row.allowed_cidrs);
  row.expires_at = expires_at.value_or(row.expires_at);
  limits.apply_to(row.limits);
}

model::outcome<token_body> read_token_body(std::string_view json, epoch_ms now) {
  body_reader from(json);
  token_body body;
  from.line("label", body.label).line("client_id", body.client_id);
  from.word("env", body.env, {"prod", "dev"}).word("role", body.role, {"owner", "admin", "member", "viewer"});
  from.names("scopes", body.scopes, 4);
  from.names("allowed_models", body.allowed_models).names("blocked_models", body.blocked_models);
  from.names("allowed_cidrs", body.allowed_cidrs);
  body.limits.read(from);
  read_expiry(from, body, now);
  check_lists(from, body);
  if (auto found = from.finish("a key or token")) return std::move(*found);
  return body;
}

std::optional<model::api_error> beyond(const auth::principal& who, const store::token_record& row) {
  const auto mine = auth::role_named(who.role), its = auth::role_named(row.role);
  if (!mine || !its || *its > *mine)
    return model::make_error(model::api_errc::missing_scope,
                             "A token of the role '" + row.role + "' is for those of that role to make and change.",
                             "role");
  const unsigned its_scopes = auth::effective_scopes(row.role, row.scopes);
  if ((its_scopes & ~unsigned{who.scopes}) != 0)
    return model::make_error(model::api_errc::missing_scope,
                             "A token cannot have scopes that the one who makes or changes it lacks.", "scopes");
  return std::nullopt;
}

}  // namespace spidergate::api
