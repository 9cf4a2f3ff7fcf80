#pragma once
#include "stored_rows.hpp"

#include <spidergate/auth/authenticator.hpp>
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/flow/serve.hpp>
#include <spidergate/runtime/published.hpp>
#include <spidergate/store/sql.hpp>
#include <spidergate/vault/vault.hpp>

#include <cstdint>
#include <memory>
#include <mutex>

namespace spidergate::app {

/// What the workers read of the store and the catalogue: tokens, routing, integrations. Compiled here from rows, on
/// whatever thread noticed a change, and published; requests never wait for it. Thread-safe.
class store_state {
 public:
  store_state(std::shared_ptr<const catalogue::catalogue> data, std::int64_t default_rpm, vault::vault& keys);

  /// Reads everything again and publishes it. A read that fails leaves what is published as it is.
  result<void> reload(sql::connection& on);
  /// Publishes rows that were read elsewhere: the local snapshot's.
  void use(stored_rows rows);
  /// What is published now; a new object with each reload.
  [[nodiscard]] std::shared_ptr<const stored_rows> rows();

  /// A changed configuration: other catalogue, other default limit.
  void reconfigure(std::shared_ptr<const catalogue::catalogue> data, std::int64_t default_rpm);

  /// Somebody with every scope but no limits, in the first client of the first brand; null before there is one.
  [[nodiscard]] std::shared_ptr<const auth::principal> anybody();

  [[nodiscard]] const runtime::published<auth::token_table>& tokens() const noexcept { return tokens_; }
  [[nodiscard]] const runtime::published<flow::routing_snapshot>& routing() const noexcept { return routing_; }

 private:
  void publish();

  std::mutex mutex_;
  std::shared_ptr<const catalogue::catalogue> data_;
  std::int64_t default_rpm_;
  std::shared_ptr<const stored_rows> rows_;
  vault::vault& keys_;
  runtime::published<auth::token_table> tokens_;
  runtime::published<flow::routing_snapshot> routing_;
};

}  // namespace spidergate::app
