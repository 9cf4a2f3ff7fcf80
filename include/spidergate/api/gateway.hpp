#pragma once
#include <spidergate/auth/authenticator.hpp>
#include <spidergate/crypto/random.hpp>
#include <spidergate/flow/serve.hpp>
#include <spidergate/http/exchange.hpp>
#include <spidergate/ledger/ledger.hpp>
#include <spidergate/runtime/published.hpp>
#include <spidergate/store/database.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::api {

/// What all workers share and what an operator may see of it. Owned by the app.
struct shared_state {
  std::atomic<bool> draining{false};
  /// Asked by /readyz, cheap: empty when ready, else one clause per reason.
  std::function<std::vector<std::string>()> unready_reasons;
  /// Asked by /readyz, cheap: what does not work as it should although requests are served, one clause each.
  std::function<std::vector<std::string>()> degraded_reasons;
  /// Set while memory is so short that new requests are answered 503 gateway_overloaded (spec 18).
  std::atomic<bool> shedding{false};
  /// The Prometheus text.
  std::function<std::string()> metrics_text;
  /// Reads the configuration again and publishes it; the faults when it is refused. Blocking.
  std::function<std::vector<std::string>()> reload_config;
  /// Tells the change watch that this process has changed the store.
  std::function<void()> store_changed;
  /// GATEWAY_DEV on loopback listeners: whom a request without a credential stands for. Empty: a token is needed.
  std::function<std::shared_ptr<const auth::principal>()> open_access;
  crypto::random_source& random;
  const vault::key_ring& keys;
};

/// What one worker's gateway needs. References outlive the gateway.
struct services {
  runtime::worker& home;
  flow::rooms house;
  auth::authenticator& tokens;
  const runtime::published<auth::trusted_proxies>& proxies;
  const runtime::published<flow::routing_snapshot>& routing;
  const runtime::published<engine::options>& engine_settings;
  const runtime::published<std::vector<std::string>>& forwarded_header_names;  ///< lower case
  ledger::loader& ledger;
  store::database& database;
  shared_state& shared;
};

/// Answers every request of one worker: finds the route, lets the handler of the resource answer, and sees to it that
/// no error leaves in another shape.
class gateway final : public http::handler {
 public:
  explicit gateway(services with);
  ~gateway() override;

  awaitable<void> handle(http::exchange& x) override;
  void describe_refusal(int status, std::string_view message, std::string& body, http::header_block& headers) override;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace spidergate::api
