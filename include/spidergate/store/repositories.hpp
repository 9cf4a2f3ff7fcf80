#pragma once
#include <spidergate/store/records.hpp>
#include <spidergate/store/sql.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Business verbs over the tables; plain functions on a connection, used by the CLI directly and by the server on its
/// database threads. Each function that changes what running servers hold in memory (everything here but integration
/// states and last_used) also raises the `config_version` row in the same transaction, which is how servers notice. One
/// .cpp per aggregate under src/store/repositories/.
///
/// Pages are ordered by creation, newest first; `after` is the id of the last item of the page before, empty for the
/// first page.
namespace spidergate::store {

namespace brands {
result<void> insert(sql::connection& on, const brand_record& b);  ///< errc::already_exists
result<bool> update(sql::connection& on, const brand_record& b);  ///< whole row by id; errc::already_exists
result<std::vector<brand_record>> list(sql::connection& on);
result<std::vector<brand_record>> page(sql::connection& on, std::string_view after, std::size_t limit);
result<std::optional<brand_record>> find(sql::connection& on, std::string_view id);
result<std::optional<brand_record>> find_by_name(sql::connection& on, std::string_view name);
}  // namespace brands

namespace clients {
result<void> insert(sql::connection& on, const client_record& c);
/// Whole row by id, but a revocation stays; errc::already_exists.
result<bool> update(sql::connection& on, const client_record& c);
result<std::vector<client_record>> list(sql::connection& on, std::string_view brand_id);  ///< empty: all
result<std::vector<client_record>> page(sql::connection& on, std::string_view brand_id, std::string_view after,
                                        std::size_t limit);
result<std::optional<client_record>> find(sql::connection& on, std::string_view brand_id, std::string_view id);
result<std::optional<client_record>> find_by_name(sql::connection& on, std::string_view brand_id,
                                                  std::string_view name);
}  // namespace clients

namespace tokens {
result<void> insert(sql::connection& on, const token_record& t);
result<std::vector<token_record>> list(sql::connection& on);  ///< all, revoked ones too, oldest first
/// Whole row by id; but what was revoked, replaced or used since `t` was read stays so.
result<bool> update(sql::connection& on, const token_record& t);
/// `kinds` are those to list, all of them when empty.
result<std::vector<token_record>> page(sql::connection& on, std::string_view brand_id,
                                       std::span<const std::string_view> kinds, std::string_view after,
                                       std::size_t limit);
result<std::optional<token_record>> find(sql::connection& on, std::string_view id);
result<bool> revoke(sql::connection& on, std::string_view id,
                    epoch_ms at);  ///< false: no such token; revoking twice keeps the first time
/// False: no such token, or it was replaced or revoked already.
result<bool> set_expiry(sql::connection& on, std::string_view id, epoch_ms at, std::string_view rotated_to);
result<void> touch(sql::connection& on,
                   std::span<const std::pair<std::string, epoch_ms>> last_used);  ///< no version raise
}  // namespace tokens

namespace integrations {
result<void> insert(sql::connection& on, const integration_record& i);
result<bool> update(sql::connection& on, const integration_record& i);  ///< whole row by id
result<bool> remove(sql::connection& on, std::string_view id);
result<std::vector<integration_record>> list(sql::connection& on);
result<std::optional<integration_record>> find(sql::connection& on, std::string_view id);
result<std::vector<integration_state_record>> list_states(sql::connection& on);
result<void> save_states(sql::connection& on,
                         std::span<const integration_state_record> states);  ///< upsert, no version raise
}  // namespace integrations

namespace routing {
result<std::vector<alias_record>> list_aliases(sql::connection& on);
result<void> set_alias(sql::connection& on, const alias_record& a);  ///< upsert
result<bool> remove_alias(sql::connection& on, std::string_view brand_id, std::string_view name);
result<std::vector<rule_record>> list_rules(sql::connection& on);
/// Replaces all rules of one brand.
result<void> set_rules(sql::connection& on, std::string_view brand_id, std::span<const rule_record> rules);
}  // namespace routing

namespace idempotency {
/// Inside the transaction of the change itself; errc::already_exists when that key was used.
result<void> insert(sql::connection& on, const idempotency_record& r);
result<std::optional<idempotency_record>> find(sql::connection& on, std::string_view brand_id,
                                               std::string_view token_id, std::string_view key);
result<void> remove_older(sql::connection& on, epoch_ms before);
}  // namespace idempotency

/// Single values: vault salt, first-start mark.
namespace meta {
result<std::optional<std::string>> get(sql::connection& on, std::string_view name);
result<void> put(sql::connection& on, std::string_view name, std::string_view value);
/// Raised by every change of tokens, clients, brands, integrations, aliases, rules.
result<std::int64_t> config_version(sql::connection& on);
result<void> raise_config_version(sql::connection& on);
}  // namespace meta

}  // namespace spidergate::store
