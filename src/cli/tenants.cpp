#include "tenants.hpp"

#include "output.hpp"
#include "tokens.hpp"

#include <spidergate/auth/issue.hpp>
#include <spidergate/core/ascii.hpp>
#include <spidergate/core/nearest.hpp>
#include <spidergate/crypto/record_id.hpp>
#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <optional>
#include <utility>

namespace spidergate::cli {

namespace {

constexpr std::string_view default_name = "default";
constexpr std::size_t longest_name = 100;

record shown(const store::brand_record& brand) {
  record r;
  r.text("id", brand.id).text("name", brand.name).boolean("pool_access", brand.pool_access);
  r.boolean("is_operator", brand.is_operator).text("state", brand.suspended_at > 0 ? "suspended" : "active");
  add_limits(r, brand.limits);
  r.time("suspended_at", brand.suspended_at).time("created_at", brand.created_at);
  return r;
}

record shown(const store::client_record& client, std::string_view brand_name) {
  record r;
  r.text("id", client.id).text("name", client.name).text("brand", brand_name);
  r.text("state", client.revoked_at > 0 ? "revoked" : "active");
  add_limits(r, client.limits);
  r.time("revoked_at", client.revoked_at).time("created_at", client.created_at);
  return r;
}

store::client_record insert_client(context& in, const std::string& brand_id, std::string_view name,
                                   const store::limit_set& limits = {}) {
  store::client_record made{.id = new_id(in, "cli_"),
                            .brand_id = brand_id,
                            .name = std::string(name),
                            .limits = limits,
                            .created_at = in.now()};
  const auto done = store::clients::insert(in.database(), made);
  if (!done && done.error() == store::errc::already_exists)
    throw command_error{exit_code::failed, "The brand has a client '" + made.name + "' already: give another name."};
  need(in, done, "The client cannot be stored");
  return made;
}

/// A brand comes with a client, so that keys can be made for it at once.
store::brand_record insert_brand(context& in, store::brand_record made) {
  made.id = new_id(in, "brd_");
  made.created_at = in.now();
  auto work = need(in, sql::transaction::begin(in.database()), "The database cannot be written");
  const auto done = store::brands::insert(in.database(), made);
  if (!done && done.error() == store::errc::already_exists)
    throw command_error{exit_code::failed, "There is a brand '" + made.name + "' already: give another name."};
  need(in, done, "The brand cannot be stored");
  insert_client(in, made.id, default_name);
  need(in, work.commit(), "The brand cannot be stored");
  return made;
}

/// A client's triple: a token like others, that carries the client's name.
auth::issued insert_credentials(context& in, const store::client_record& owner, store::token_record rights) {
  rights.kind = "triple";
  rights.label = owner.name;
  rights.brand_id = owner.brand_id;
  rights.client_id = owner.id;
  auto made = auth::issue({.random = in.random(), .now_us = in.now_us(), .created_by = "cli"}, std::move(rights));
  need(in, store::tokens::insert(in.database(), made.row), "The client's credentials cannot be stored");
  return made;
}

void print_credentials(context& in, const store::client_record& client, const auth::issued& made,
                       const std::string& brand) {
  const auto parts = auth::triple_of(made.secret.reveal());
  record r;
  r.text("id", client.id).text("name", client.name).text("brand", brand).text("token_id", made.row.id);
  r.text("token", made.secret.reveal()).text("api_key", parts->api_key).text("api_secret", parts->api_secret);
  r.text("role", made.row.role).list("scopes", made.row.scopes);
  print_one(in, r);
  if (!in.options().json)
    in.out() << "\nThe credentials are shown this once and never again: keep them now. Send the whole of `token`, "
                "client_id:api_key:api_secret, as the bearer token.\n";
}

}  // namespace

void check_name(std::string_view what, std::string_view name) {
  const bool sound = !name.empty() && name.size() <= longest_name && trim(name) == name && printable(name) == name;
  if (!sound)
    throw command_error{exit_code::usage, "The " + std::string(what) +
                                              " must have 1 to 100 characters on one line, without blanks around it."};
}

std::string new_id(context& in, std::string_view prefix) {
  return crypto::record_id(in.random(), prefix, in.now_us());
}

std::string nearest_hint(std::string_view wanted, const std::vector<std::string_view>& known) {
  const auto near = nearest_names(wanted, known, 1);
  return near.empty() ? std::string() : " Did you mean '" + near.front() + "'?";
}

store::brand_record brand_named(context& in, std::string_view name) {
  const auto wanted = name.empty() ? default_name : name;
  const auto known = need(in, store::brands::list(in.database()), "The brands cannot be read");
  for (const auto& brand : known)
    if (brand.name == wanted || brand.id == wanted) return brand;
  if (known.empty() && wanted == default_name)
    return insert_brand(in, {.name = std::string(default_name), .is_operator = true});
  std::vector<std::string_view> names;
  for (const auto& brand : known) names.emplace_back(brand.name);
  throw command_error{exit_code::not_found, "There is no brand '" + printable(wanted) + "'." +
                                                nearest_hint(wanted, names) +
                                                " See `spidergate brand list`, or make it with `spidergate brand "
                                                "create`."};
}

store::client_record client_of(context& in, const store::brand_record& brand, std::string_view wanted) {
  const auto name = wanted.empty() ? default_name : wanted;
  const auto known = need(in, store::clients::list(in.database(), brand.id), "The clients cannot be read");
  for (const auto& client : known)
    if (client.name == name || client.id == name) return client;
  if (wanted.empty()) return insert_client(in, brand.id, default_name);
  throw command_error{exit_code::not_found, "The brand '" + brand.name + "' has no client '" + printable(wanted) +
                                                "': see `spidergate client list`, or make it with `spidergate client "
                                                "create`."};
}

std::map<std::string, std::string, std::less<>> brand_names(context& in) {
  std::map<std::string, std::string, std::less<>> names;
  for (auto& brand : need(in, store::brands::list(in.database()), "The brands cannot be read"))
    names.emplace(std::move(brand.id), std::move(brand.name));
  return names;
}

exit_code create_brand(context& in, const brand_options& asked) {
  check_name("brand's name", asked.name);
  // The installation's own brand, should it be made by hand before the first start.
  store::brand_record wanted{
      .name = asked.name, .pool_access = !asked.no_pool, .is_operator = asked.name == default_name};
  apply(asked.limits, wanted.limits);
  const auto made = insert_brand(in, std::move(wanted));
  print_done(in, shown(made), "Made the brand '" + made.name + "' (" + made.id + ") with a client 'default'.");
  return exit_code::ok;
}

exit_code set_brand(context& in, const brand_options& asked) {
  if (!asked.pool_access.empty() && asked.pool_access != "on" && asked.pool_access != "off")
    throw command_error{exit_code::usage, "--pool-access is on or off."};
  auto work = need(in, sql::transaction::begin(in.database()), "The database cannot be written");
  auto brand = brand_named(in, asked.name);
  if (!asked.pool_access.empty()) brand.pool_access = asked.pool_access == "on";
  apply(asked.limits, brand.limits);
  need(in, store::brands::update(in.database(), brand), "The brand cannot be stored");
  need(in, work.commit(), "The brand cannot be stored");
  print_done(in, shown(brand), "Changed the brand '" + brand.name + "': running servers follow within a second.");
  return exit_code::ok;
}

exit_code list_brands(context& in) {
  std::vector<record> rows;
  for (const auto& brand : need(in, store::brands::list(in.database()), "The brands cannot be read"))
    rows.push_back(shown(brand));
  print_list(in, rows, {"id", "name", "state", "pool_access", "created_at"},
             "There are no brands yet: the first start of the gateway makes one.");
  return exit_code::ok;
}

exit_code create_client(context& in, const client_options& asked) {
  check_name("client's name", asked.name);
  store::limit_set limits;
  apply(asked.limits, limits);
  store::token_record rights;
  give_rights(rights, asked.role, asked.scopes);
  auto work = need(in, sql::transaction::begin(in.database()), "The database cannot be written");
  const auto brand = brand_named(in, asked.brand);
  const auto made = insert_client(in, brand.id, asked.name, limits);
  std::optional<auth::issued> credentials;
  if (!asked.no_credentials) credentials = insert_credentials(in, made, std::move(rights));
  need(in, work.commit(), "The client cannot be stored");
  if (credentials) {
    print_credentials(in, made, *credentials, brand.name);
  } else {
    print_done(in, shown(made, brand.name),
               "Made the client '" + made.name + "' (" + made.id + ") of the brand '" + brand.name + "'.");
  }
  return exit_code::ok;
}

exit_code revoke_client(context& in, const client_id_option& asked) {
  auto work = need(in, sql::transaction::begin(in.database()), "The database cannot be written");
  for (auto& client : need(in, store::clients::list(in.database(), ""), "The clients cannot be read")) {
    if (client.id != asked.id) continue;
    if (client.revoked_at == 0) client.revoked_at = in.now();
    need(in, store::clients::update(in.database(), client), "The client cannot be revoked");
    need(in, work.commit(), "The client cannot be revoked");
    record r;
    r.text("id", client.id).text("name", client.name).time("revoked_at", client.revoked_at);
    print_done(in, r,
               "Revoked the client '" + printable(client.name) + "' (" + client.id +
                   ") with all its keys and tokens: running servers refuse them within a second.");
    return exit_code::ok;
  }
  throw command_error{exit_code::not_found,
                      "There is no client '" + printable(asked.id) + "': see `spidergate client list`."};
}

exit_code list_clients(context& in, const client_options& asked) {
  const auto only = asked.brand.empty() ? std::string() : brand_named(in, asked.brand).id;
  const auto names = brand_names(in);
  std::vector<record> rows;
  for (const auto& client : need(in, store::clients::list(in.database(), only), "The clients cannot be read")) {
    const auto brand = names.find(client.brand_id);
    rows.push_back(shown(client, brand == names.end() ? client.brand_id : brand->second));
  }
  print_list(in, rows, {"id", "name", "brand", "state", "created_at"},
             "There are no clients yet: the first start of the gateway makes one.");
  return exit_code::ok;
}

}  // namespace spidergate::cli
