#include "tokens.hpp"

#include "output.hpp"
#include "tenants.hpp"

#include <spidergate/auth/cidr.hpp>
#include <spidergate/auth/issue.hpp>
#include <spidergate/auth/rights.hpp>
#include <spidergate/core/ascii.hpp>
#include <spidergate/ledger/ledger.hpp>
#include <spidergate/store/repositories.hpp>

#include <chrono>

namespace spidergate::cli {

namespace {

using store::token_record;

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
    if (!auth::scope_named(scope))
      refuse("--scopes: there is no scope '" + printable(scope) + "'; there are inference, usage, vault and admin.");
  return scopes;
}

void check(const new_token_options& asked) {
  check_name("label", asked.label);
  if (asked.env != "prod" && asked.env != "dev") refuse("--env is prod or dev.");
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
  apply(asked.limits, t.limits);
  t.allowed_models = parts_of("--models", asked.models);
  t.blocked_models = parts_of("--block-models", asked.blocked_models);
  t.allowed_cidrs = networks_of(asked.cidrs);
  give_rights(t, asked.role, asked.scopes);
  t.expires_at = expiry_of(in, asked.expires);
  return t;
}

auth::issuer issuer_of(context& in) {
  return {.random = in.random(), .now_us = in.now_us(), .created_by = "cli"};
}

record shown(context& in, const token_record& t, std::string_view brand) {
  record r;
  r.text("id", t.id).text("label", t.label).text("state", auth::state_of(t, in.now())).text("display", t.display);
  r.text("kind", t.kind).text_or_null("env", t.env).text("brand", brand).text("client", t.client_id);
  r.text("role", t.role).list("scopes", t.scopes);
  add_limits(r, t.limits);
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

epoch_ms start_of_month(epoch_ms now) {
  using namespace std::chrono;
  const year_month_day today{floor<days>(sys_time<milliseconds>(milliseconds(now)))};
  return sys_time<milliseconds>(sys_days(today.year() / today.month() / 1)).time_since_epoch().count();
}

/// What the ledger holds; what running servers have not loaded into it yet is missing.
void add_spending(context& in, const token_record& t, record& to) {
  const auto add = [&](std::string_view name, epoch_ms since) {
    const auto spent = ledger::receipts::spent(in.database(), "token_id", t.id, since);
    to.decimal(name, need(in, spent, "The spending cannot be read").to_usd());
  };
  add("spent_today_usd", start_of_day(in.now()));
  add("spent_this_month_usd", start_of_month(in.now()));
}

/// Where keys and tokens are made, the one place that prints a secret.
void print_secret(context& in, const auth::issued& made, const std::string& brand) {
  const auto& t = made.row;
  record r;
  r.text("id", t.id).text(command_of(t.kind), made.secret.reveal()).text("label", t.label);
  r.text_or_null("env", t.env).text("brand", brand).text("client", t.client_id).text("role", t.role);
  r.list("scopes", t.scopes).time("expires_at", t.expires_at);
  print_one(in, r);
  if (!in.options().json) in.out() << "\nThe secret is shown this once and never again: keep it now.\n";
}

token_record found_token(context& in, const token_options& asked) {
  auto found = need(in, store::tokens::find(in.database(), asked.id), "The tokens cannot be read");
  const auto command = command_of(asked.kind);
  if (!found || command_of(found->kind) != command)
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
  if (client.revoked_at > 0)
    throw command_error{exit_code::failed,
                        "The client '" + client.name + "' (" + client.id + ") is revoked: give another with --client."};
  row.brand_id = brand.id;
  row.client_id = client.id;
  const auto made = auth::issue(issuer_of(in), std::move(row));
  need(in, store::tokens::insert(in.database(), made.row), "The " + command_of(asked.kind) + " cannot be stored");
  print_secret(in, made, brand.name);
  return exit_code::ok;
}

exit_code list_tokens(context& in, const token_options& asked) {
  const auto only = asked.brand.empty() ? std::string() : brand_named(in, asked.brand).id;
  const auto names = brand_names(in);
  const auto command = command_of(asked.kind);
  std::vector<record> rows;
  for (const auto& t : need(in, store::tokens::list(in.database()), "The tokens cannot be read")) {
    if (command_of(t.kind) != command || (!only.empty() && t.brand_id != only)) continue;
    const auto brand = names.find(t.brand_id);
    rows.push_back(shown(in, t, brand == names.end() ? t.brand_id : brand->second));
  }
  print_list(in, rows, {"id", "label", "display", "state", "brand", "role", "scopes", "expires_at", "last_used_at"},
             "There are none yet: make one with `spidergate " + command + " create --label NAME`.");
  return exit_code::ok;
}

exit_code show_token(context& in, const token_options& asked) {
  const auto found = found_token(in, asked);
  auto r = shown(in, found, brand_of(in, found));
  add_spending(in, found, r);
  print_one(in, r);
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
  if (const auto state = auth::state_of(old, in.now()); state != "active")
    throw command_error{exit_code::failed, "'" + old.id + "' is " + std::string(state) +
                                               " and cannot be rotated: make a new one with `spidergate " +
                                               command_of(asked.kind) + " create`."};
  const auto done = need(in, auth::rotate(in.database(), issuer_of(in), old, *grace), "The rotation cannot be stored");
  print_secret(in, done.made, brand_of(in, old));
  if (!in.options().json)
    in.out() << "The old one (" << old.id << ") works until " << to_iso8601(done.old_ends_at) << ".\n";
  return exit_code::ok;
}

void give_rights(token_record& to, const std::string& role, const std::string& scopes) {
  to.scopes = scopes_of(scopes);
  if (role.empty() && to.scopes.empty()) to.scopes = {"inference"};
  const auto is = role.empty() ? std::optional(auth::default_role(to.scopes)) : auth::role_named(role);
  if (!is) refuse("--role is owner, admin, member or viewer.");
  if (to.scopes.empty()) to.scopes = auth::default_scopes(*is);
  for (const auto& scope : to.scopes)
    if (!auth::may_hold(*is, *auth::scope_named(scope)))
      refuse("A " + role + " cannot hold the scope '" + scope + "': give another --role or leave the scope out.");
  to.role = auth::name_of(*is);
}

}  // namespace spidergate::cli
