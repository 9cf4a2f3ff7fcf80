#include "first_start.hpp"

#include <spidergate/auth/issue.hpp>
#include <spidergate/auth/rights.hpp>
#include <spidergate/crypto/record_id.hpp>
#include <spidergate/store/database.hpp>
#include <spidergate/store/repositories.hpp>

namespace spidergate::app {

namespace {

auth::issued make_token(crypto::random_source& random, store::token_record draft, const store::client_record& owner,
                        std::int64_t now_us) {
  draft.brand_id = owner.brand_id;
  draft.client_id = owner.id;
  return auth::issue({.random = random, .now_us = now_us, .created_by = "first-start"}, std::move(draft));
}

constexpr std::string_view start_mark = "first_start";

/// The brand `default`, which the CLI may have made before the first start.
result<store::brand_record> default_brand(sql::connection& on, crypto::random_source& random, std::int64_t now_us) {
  auto known = store::brands::find_by_name(on, "default");
  if (!known) return known.error();
  if (*known) return std::move(**known);
  store::brand_record brand{.id = crypto::record_id(random, "brd_", now_us),
                            .name = "default",
                            .pool_access = true,
                            .is_operator = true,
                            .created_at = now_us / 1000};
  if (const auto done = store::brands::insert(on, brand); !done) return done.error();
  return brand;
}

result<store::client_record> default_client(sql::connection& on, crypto::random_source& random, std::int64_t now_us) {
  const auto brand = default_brand(on, random, now_us);
  if (!brand) return brand.error();
  auto known = store::clients::find_by_name(on, brand->id, "default");
  if (!known) return known.error();
  if (*known) return std::move(**known);
  store::client_record client{.id = crypto::record_id(random, "cli_", now_us),
                              .brand_id = brand->id,
                              .name = "default",
                              .created_at = now_us / 1000};
  if (const auto done = store::clients::insert(on, client); !done) return done.error();
  return client;
}

result<std::optional<first_tokens>> make_defaults(sql::connection& on, crypto::random_source& random,
                                                  std::int64_t now_us) {
  const auto started = store::meta::get(on, start_mark);
  if (!started) return started.error();
  if (*started) return std::optional<first_tokens>{};
  const auto owner = default_client(on, random, now_us);
  if (!owner) return owner.error();
  const auto key = make_token(
      random, {.kind = "key", .label = "first key", .env = "prod", .role = "member", .scopes = {"inference"}}, *owner,
      now_us);
  const auto pat = make_token(
      random,
      {.kind = "pat", .label = "first admin token", .role = "owner", .scopes = auth::default_scopes(auth::role::owner)},
      *owner, now_us);
  for (const auto& done : {store::tokens::insert(on, key.row), store::tokens::insert(on, pat.row),
                           store::meta::put(on, start_mark, to_iso8601(now_us / 1000))}) {
    if (!done) return done.error();
  }
  return std::optional(first_tokens{.key = key.secret, .admin = pat.secret});
}

}  // namespace

boost::system::result<std::optional<first_tokens>, std::string> prepare_store(sql::connection& on,
                                                                              crypto::random_source& random,
                                                                              std::int64_t now_us) {
  // Replicas may start at once on an empty database: the first one makes it all, the others wait and find it made.
  auto work = sql::transaction::begin(on, sql::lock::schema);
  if (!work) return "The database cannot be written: " + work.error().message();
  auto made = make_defaults(on, random, now_us);
  if (!made)
    return "The first brand and tokens cannot be stored: " + made.error().message() + ". " +
           std::string(on.last_message());
  if (auto done = work->commit(); !done)
    return "The first brand and tokens cannot be stored: " + done.error().message();
  return std::move(*made);
}

}  // namespace spidergate::app
