#include "first_start.hpp"

#include <spidergate/auth/issue.hpp>
#include <spidergate/auth/rights.hpp>
#include <spidergate/store/database.hpp>
#include <spidergate/store/repositories.hpp>

namespace spidergate::app {

namespace {

constexpr std::size_t id_length = 16;

std::string new_id(crypto::random_source& random, std::string_view prefix) {
  return std::string(prefix) + crypto::random_base62(random, id_length);
}

auth::issued make_token(crypto::random_source& random, store::token_record draft, const store::client_record& owner,
                        epoch_ms now) {
  draft.brand_id = owner.brand_id;
  draft.client_id = owner.id;
  return auth::issue({.random = random, .now = now, .created_by = "first-start"}, std::move(draft));
}

constexpr std::string_view start_mark = "first_start";

/// The brand `default`, which the CLI may have made before the first start.
result<store::brand_record> default_brand(sql::connection& on, crypto::random_source& random, epoch_ms now) {
  auto known = store::brands::find_by_name(on, "default");
  if (!known) return known.error();
  if (*known) return std::move(**known);
  store::brand_record brand{
      .id = new_id(random, "brd_"), .name = "default", .pool_access = true, .is_operator = true, .created_at = now};
  if (const auto done = store::brands::insert(on, brand); !done) return done.error();
  return brand;
}

result<store::client_record> default_client(sql::connection& on, crypto::random_source& random, epoch_ms now) {
  const auto brand = default_brand(on, random, now);
  if (!brand) return brand.error();
  auto known = store::clients::find_by_name(on, brand->id, "default");
  if (!known) return known.error();
  if (*known) return std::move(**known);
  store::client_record client{
      .id = new_id(random, "cli_"), .brand_id = brand->id, .name = "default", .created_at = now};
  if (const auto done = store::clients::insert(on, client); !done) return done.error();
  return client;
}

result<std::optional<first_tokens>> make_defaults(sql::connection& on, crypto::random_source& random, epoch_ms now) {
  const auto started = store::meta::get(on, start_mark);
  if (!started) return started.error();
  if (*started) return std::optional<first_tokens>{};
  const auto owner = default_client(on, random, now);
  if (!owner) return owner.error();
  const auto key = make_token(
      random, {.kind = "key", .label = "first key", .env = "prod", .role = "member", .scopes = {"inference"}}, *owner,
      now);
  const auto pat = make_token(
      random,
      {.kind = "pat", .label = "first admin token", .role = "owner", .scopes = auth::default_scopes(auth::role::owner)},
      *owner, now);
  for (const auto& done : {store::tokens::insert(on, key.row), store::tokens::insert(on, pat.row),
                           store::meta::put(on, start_mark, to_iso8601(now))}) {
    if (!done) return done.error();
  }
  return std::optional(first_tokens{.key = key.secret, .admin = pat.secret});
}

}  // namespace

boost::system::result<std::optional<first_tokens>, std::string> prepare_store(sql::connection& on,
                                                                              crypto::random_source& random,
                                                                              epoch_ms now) {
  // Replicas may start at once on an empty database: the first one makes it all, the others wait and find it made.
  auto work = sql::transaction::begin(on, sql::lock::schema);
  if (!work) return "The database cannot be written: " + work.error().message();
  auto made = make_defaults(on, random, now);
  if (!made)
    return "The first brand and tokens cannot be stored: " + made.error().message() + ". " +
           std::string(on.last_message());
  if (auto done = work->commit(); !done)
    return "The first brand and tokens cannot be stored: " + done.error().message();
  return std::move(*made);
}

}  // namespace spidergate::app
