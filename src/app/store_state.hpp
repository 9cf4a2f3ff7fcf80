#pragma once
#include "stored_rows.hpp"

#include <spidergate/auth/authenticator.hpp>
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/flow/serve.hpp>
#include <spidergate/runtime/published.hpp>
#include <spidergate/store/sql.hpp>
#include <spidergate/vault/vault.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

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
  /// What a provider's server lists replaces what it listed before. Nothing is published where nothing has changed.
  void discovered(const std::string& provider, std::vector<catalogue::model_entry> models);

  /// Somebody with every scope but no limits, in the first client of the first brand; null before there is one.
  [[nodiscard]] std::shared_ptr<const auth::principal> anybody();

  [[nodiscard]] const runtime::published<auth::token_table>& tokens() const noexcept { return tokens_; }
  [[nodiscard]] const runtime::published<flow::routing_snapshot>& routing() const noexcept { return routing_; }

 private:
  void publish();
  void complete();

  std::mutex mutex_;
  std::shared_ptr<const catalogue::catalogue> configured_;  ///< the built-in one and the config file
  std::map<std::string, std::vector<catalogue::model_entry>> discovered_;
  std::shared_ptr<const catalogue::catalogue> data_;  ///< both
  std::shared_ptr<flow::machine_prices> machines_ = std::make_shared<flow::machine_prices>();
  std::int64_t default_rpm_;
  std::shared_ptr<const stored_rows> rows_;
  vault::vault& keys_;
  runtime::published<auth::token_table> tokens_;
  runtime::published<flow::routing_snapshot> routing_;
};

}  // namespace spidergate::app
