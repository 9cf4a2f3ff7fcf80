#include "tokens.hpp"

#include "output.hpp"
#include "tenants.hpp"

#include <spidergate/auth/cidr.hpp>
#include <spidergate/auth/token.hpp>
#include <spidergate/core/ascii.hpp>
#include <spidergate/store/repositories.hpp>

#include <algorithm>
#include <array>

namespace spidergate::cli {

namespace {

using store::token_record;

constexpr std::array<std::string_view, 4> known_scopes{"inference", "usage", "vault", "admin"};

[[noreturn]] void refuse(std::string message) {
  throw command_error{exit_code::usage, std::move(message)};
}

/// "key" and "token", as the commands are called.
std::string command_of(std::string_view kind) {
  return kind == "key" ? "key" : "token";
}

std::vector<std::string> parts_of(std::string_view option, std::string_view text) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  for (const auto part : split(text, ',')) {
    const auto name = trim(part);
    const bool sound = !name.empty() && name.find_first_of(" \t\r\n") == std::string_view::npos;
    if (!sound) refuse(std::string(option) + " takes names separated by commas, such as a,b.");
    parts.emplace_back(name);
  }
  return parts;
}

std::vector<std::string> networks_of(std::string_view text) {
  auto networks = parts_of("--ip", text);
  for (const auto& one : networks)
    if (!auth::cidr::parse(one))
      refuse("--ip: '" + printable(one) + "' is no address or network; give e.g. 10.0.0.0/8,192.168.1.7.");
  return networks;
}

std::vector<std::string> scopes_of(std::string_view text) {
  auto scopes = parts_of("--scopes", text);
  for (const auto& scope : scopes)
    if (std::find(known_scopes.begin(), known_scopes.end(), scope) == known_scopes.end())
      refuse("--scopes: there is no scope '" + printable(scope) + "'; there are inference, usage, vault and admin.");
  if (scopes.empty()) scopes.emplace_back("inference");
  return scopes;
}

void check_numbers(const new_token_options& asked) {
  for (const auto& [option, value] : {std::pair{"--rate-limit", asked.rpm}, std::pair{"--rpd", asked.rpd},
                                      std::pair{"--tpm", asked.tpm}, std::pair{"--max-parallel", asked.max_parallel}})
    if (value < -1) refuse(std::string(option) + " takes a positive number, 0 for the default or -1 for no limit.");
}

void check(const new_token_options& asked) {
  if (!asked.budget_daily.empty() || !asked.budget_monthly.empty())
    refuse(
        "Budgets are not served by this version, and a budget that does not hold is worse than none: leave "
        "--budget-daily and --budget-monthly out.");
  check_name("label", asked.label);
  if (asked.env != "prod" && asked.env != "dev") refuse("--env is prod or dev.");
  check_numbers(asked);
}

epoch_ms expiry_of(context& in, const std::string& text) {
  if (text.empty()) return 0;
  const auto from_now = parse_duration(text);
  if (!from_now || from_now->count() <= 0) refuse("--expires takes a time from now such as 12h or 90d.");
  return in.now() + from_now->count();
}

token_record row_of(context& in, const new_token_options& asked) {
  token_record t;
  t.kind = asked.kind;
  t.label = asked.label;
  t.env = asked.kind == "key" ? asked.env : std::string();
  t.limits.rpm = asked.rpm;
  t.limits.rpd = asked.rpd;
  t.limits.tpm = asked.tpm;
  t.limits.max_parallel = asked.max_parallel;
  t.allowed_models = parts_of("--models", asked.models);
  t.blocked_models = parts_of("--block-models", asked.blocked_models);
  t.allowed_cidrs = networks_of(asked.cidrs);
  t.scopes = scopes_of(asked.scopes);
  t.expires_at = expiry_of(in, asked.expires);
  return t;
}

/// Gives the row a new id and secret; the secret is returned and nowhere else.
secret_string fill_secret(context& in, token_record& t) {
  auto made = t.kind == "key" ? auth::make_key(in.random(), t.env) : auth::make_pat(in.random());
  t.id = new_id(in, "tok_");
  t.display = std::move(made.display);
  t.hash.assign(made.hash.begin(), made.hash.end());
  t.created_at = in.now();
  t.created_by = "cli";
  t.revoked_at = t.last_used_at = 0;
  t.rotated_to.clear();
  return std::move(made.text);
}

std::string state_of(const token_record& t, epoch_ms now) {
  if (t.revoked_at > 0) return "revoked";
  if (t.expires_at > 0 && t.expires_at <= now) return "expired";
  return t.rotated_to.empty() ? "active" : "rotated";
}

record shown(context& in, const token_record& t, std::string_view brand) {
  record r;
  r.text("id", t.id).text("label", t.label).text("state", state_of(t, in.now())).text("display", t.display);
  r.text_or_null("env", t.env).text("brand", brand).text("client", t.client_id).list("scopes", t.scopes);
  r.number("rpm", t.limits.rpm)
      .number("rpd", t.limits.rpd)
      .number("tpm", t.limits.tpm)
      .number("max_parallel", t.limits.max_parallel);
  r.list("models", t.allowed_models).list("blocked_models", t.blocked_models).list("ip", t.allowed_cidrs);
  r.time("expires_at", t.expires_at).time("revoked_at", t.revoked_at).time("last_used_at", t.last_used_at);
  r.time("created_at", t.created_at).text("created_by", t.created_by).text_or_null("rotated_to", t.rotated_to);
  return r;
}

std::string brand_of(context& in, const token_record& t) {
  const auto names = brand_names(in);
  const auto found = names.find(t.brand_id);
  return found == names.end() ? t.brand_id : found->second;
}

/// The one place that prints a secret.
void print_secret(context& in, const token_record& t, const secret_string& secret, const std::string& brand) {
  record r;
  r.text("id", t.id).text(command_of(t.kind), secret.reveal()).text("label", t.label).text_or_null("env", t.env);
  r.text("brand", brand).text("client", t.client_id).list("scopes", t.scopes).time("expires_at", t.expires_at);
  print_one(in, r);
  if (!in.options().json) in.out() << "\nThe secret is shown this once and never again: keep it now.\n";
}

token_record found_token(context& in, const token_options& asked) {
  auto found = need(in, store::tokens::find(in.database(), asked.id), "The tokens cannot be read");
  const auto command = command_of(asked.kind);
  if (!found || found->kind != asked.kind)
    throw command_error{exit_code::not_found, "There is no " + command + " '" + printable(asked.id) +
                                                  "': see `spidergate " + command + " list`."};
  return std::move(*found);
}

}  // namespace

exit_code create_token(context& in, const new_token_options& asked) {
  check(asked);
  auto row = row_of(in, asked);
  const auto brand = brand_named(in, asked.brand);
  const auto client = client_of(in, brand, asked.client);
  row.brand_id = brand.id;
  row.client_id = client.id;
  const auto secret = fill_secret(in, row);
  need(in, store::tokens::insert(in.database(), row), "The " + command_of(row.kind) + " cannot be stored");
  print_secret(in, row, secret, brand.name);
  return exit_code::ok;
}

exit_code list_tokens(context& in, const token_options& asked) {
  const auto only = asked.brand.empty() ? std::string() : brand_named(in, asked.brand).id;
  const auto names = brand_names(in);
  std::vector<record> rows;
  for (const auto& t : need(in, store::tokens::list(in.database()), "The tokens cannot be read")) {
    if (t.kind != asked.kind || (!only.empty() && t.brand_id != only)) continue;
    const auto brand = names.find(t.brand_id);
    rows.push_back(shown(in, t, brand == names.end() ? t.brand_id : brand->second));
  }
  const auto command = command_of(asked.kind);
  print_list(in, rows, {"id", "label", "display", "state", "brand", "scopes", "expires_at", "last_used_at"},
             "There are none yet: make one with `spidergate " + command + " create --label NAME`.");
  return exit_code::ok;
}

exit_code show_token(context& in, const token_options& asked) {
  const auto found = found_token(in, asked);
  print_one(in, shown(in, found, brand_of(in, found)));
  return exit_code::ok;
}

exit_code revoke_token(context& in, const token_options& asked) {
  const auto found = found_token(in, asked);
  const auto at = found.revoked_at > 0 ? found.revoked_at : in.now();
  need(in, store::tokens::revoke(in.database(), found.id, at), "The " + command_of(asked.kind) + " cannot be revoked");
  record r;
  r.text("id", found.id).text("label", found.label).time("revoked_at", at);
  print_done(in, r,
             "Revoked '" + printable(found.label) + "' (" + found.id + "): running servers refuse it within a second.");
  return exit_code::ok;
}

exit_code rotate_token(context& in, const token_options& asked) {
  const auto grace = parse_duration(asked.grace);
  if (!grace) refuse("--grace takes a time such as 24h, or 0s to end the old one at once.");
  const auto old = found_token(in, asked);
  if (const auto state = state_of(old, in.now()); state != "active")
    throw command_error{exit_code::failed, "'" + old.id + "' is " + state +
                                               " and cannot be rotated: make a new one with `spidergate " +
                                               command_of(asked.kind) + " create`."};
  auto made = old;
  const auto secret = fill_secret(in, made);
  auto ends = in.now() + grace->count();
  if (old.expires_at > 0) ends = std::min(ends, old.expires_at);
  auto work = need(in, sql::transaction::begin(in.database()), "The database cannot be written");
  need(in, store::tokens::insert(in.database(), made), "The new one cannot be stored");
  need(in, store::tokens::set_expiry(in.database(), old.id, ends, made.id), "The old one cannot be ended");
  need(in, work.commit(), "The rotation cannot be stored");
  print_secret(in, made, secret, brand_of(in, made));
  if (!in.options().json) in.out() << "The old one (" << old.id << ") works until " << to_iso8601(ends) << ".\n";
  return exit_code::ok;
}

}  // namespace spidergate::cli
