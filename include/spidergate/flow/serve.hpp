#pragma once
#include <spidergate/auth/authenticator.hpp>
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/catalogue/price_overrides.hpp>
#include <spidergate/engine/engine.hpp>
#include <spidergate/flow/machine_prices.hpp>
#include <spidergate/flow/meanings.hpp>
#include <spidergate/ledger/spool.hpp>
#include <spidergate/limits/limiter.hpp>
#include <spidergate/model/api_error.hpp>
#include <spidergate/model/inference_request.hpp>
#include <spidergate/model/receipt.hpp>
#include <spidergate/router/preferences.hpp>
#include <spidergate/router/router.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/clock.hpp>
#include <spidergate/runtime/stop_signal.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace spidergate::flow {

/// Everything that decides where a request may go and what it costs there: the catalogue and each brand's overrides.
/// One immutable snapshot, taken once per request.
struct routing_snapshot {
  /// What an integration's owner pays, where that differs.
  struct integration_prices {
    std::string integration_id, brand_id;  ///< the brand empty: a pool key
    catalogue::price_overrides prices;
  };

  std::shared_ptr<const catalogue::catalogue> data;
  std::shared_ptr<machine_prices> machines;  ///< null: nobody measures
  std::unordered_map<std::string, router::brand_overrides>
      brands;  ///< by brand id; "" holds what applies to all brands
  std::unordered_map<std::string, router::preferences> preferences;    ///< by brand id, where there are any
  std::unordered_map<std::string, catalogue::price_overrides> prices;  ///< by brand id, where there are any
  std::unordered_map<std::string, std::vector<integration_prices>>
      key_prices;  ///< by provider: of integrations that have any

  /// The overrides of a brand, with those for all brands behind them.
  [[nodiscard]] const router::brand_overrides& of(const std::string& brand_id) const;
  [[nodiscard]] const router::preferences& preferences_of(const std::string& brand_id) const;
  /// What `who` costs that brand there: the list price, changed by the brand's own, then by those of the integration
  /// that served. Where nobody names a price and the provider's machine has one by the hour, what a token of it has
  /// cost lately.
  /// The answer is in this snapshot, or in `room`, which is new: prices are large, and seldom changed.
  [[nodiscard]] const model::price& price_of(const router::candidate& who, const std::string& brand_id,
                                             std::string_view integration_id, model::price& room) const;
  /// Gives every price that `price_of` may give for it to `visit(const model::price&)`.
  template <class Visit>
  void for_each_price(const router::candidate& who, const std::string& brand_id, Visit visit) const {
    model::price room;
    visit(price_of(who, brand_id, {}, room));
    const auto* keys = key_prices_at(*who.provider);
    if (keys == nullptr) return;
    for (const auto& key : *keys) {
      const bool may_serve = key.brand_id.empty() || key.brand_id == brand_id;
      if (!may_serve || key.prices.find(who.provider->id, who.model) == nullptr) continue;
      model::price own;
      visit(price_of(who, brand_id, key.integration_id, own));
    }
  }

 private:
  [[nodiscard]] const std::vector<integration_prices>* key_prices_at(const catalogue::provider& provider) const;
};

/// Told of every finished request, synchronously and without delay: counts, never waits.
class observer {
 public:
  virtual ~observer() = default;
  virtual void finished(const model::receipt& r) noexcept = 0;
};

/// The rooms of one worker, in the order of the request.
struct rooms {
  runtime::worker& home;
  const runtime::clock& time;
  limits::limiter& limits;
  engine::health_board& health;
  vault::vault& keys;
  engine::engine& engine;
  ledger::spool_writer& spool;
  observer& callbacks;
  meanings& known_names;
};

/// One inference request on its way, from authentication to the answer. Lives in the handler's coroutine.
struct request_context {
  std::string request_id;
  steady_time started;  ///< first byte of the head
  std::shared_ptr<const auth::principal> who;
  std::shared_ptr<const routing_snapshot> routing;
  std::shared_ptr<const engine::options> settings;
  std::vector<std::pair<std::string, std::string>> forwarded_headers;
  runtime::stop_signal stop;
  limits::rate_state rates;                        ///< set as soon as the limits have spoken, for the answer's headers
  std::optional<std::int64_t> clamped_max_tokens;  ///< set where a budget pays for a short answer only
};

/// How a request ended, for the answer that the api room writes. The receipt is in the spool already.
struct served {
  engine::report went;
  model::receipt receipt;
  std::unique_ptr<model::api_error>
      error;  ///< set: this is what the client is told, as an answer or as the last frame of its stream
};

/// The story of one inference request: plan, limits and budgets, engine (which asks vault, dialect and upstream),
/// settlement, receipt. `asked` may be an error already: a request that cannot be read is counted and gets its receipt
/// like any other. `sink` is where a stream goes; null for whole answers. Fills `outcome`, which is new; all that is
/// passed outlives the call. Worker thread only.
awaitable<void> serve(rooms& house, request_context& context, const model::outcome<model::inference_request>& asked,
                      model::endpoint kind, engine::response_sink* sink, served& outcome);

}  // namespace spidergate::flow
