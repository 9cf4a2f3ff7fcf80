#pragma once
#include "store_state.hpp"

#include <spidergate/engine/engine.hpp>
#include <spidergate/runtime/blocking_pool.hpp>
#include <spidergate/runtime/published.hpp>
#include <spidergate/runtime/worker.hpp>
#include <spidergate/upstream/client.hpp>
#include <spidergate/vault/vault.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace spidergate::app {

/// Asks the operator's own servers (`providers.<id>.discover`) for their models, once a minute and at the start, on a
/// thread of its own that is there from the first of them on; what they list becomes part of the catalogue. A server
/// that does not answer keeps the models that it listed before: whether it can serve is the breaker's to say.
class model_discovery {
 public:
  static constexpr std::chrono::seconds period{60};

  model_discovery(store_state& into, const vault::vault& keys, const runtime::published<engine::options>& settings,
                  runtime::blocking_pool& resolver, std::shared_ptr<upstream::client_tls> tls,
                  const runtime::clock& time);
  ~model_discovery();

  /// Begins a round when one is due and there is anybody to ask. Called once a second, by one thread.
  void tick();

 private:
  struct asking;
  awaitable<void> ask(std::shared_ptr<asking> whom);
  void tell(const std::string& provider, const std::string& fault, std::size_t models);

  store_state& into_;
  const vault::vault& keys_;
  const runtime::published<engine::options>& settings_;
  runtime::blocking_pool& resolver_;
  std::shared_ptr<upstream::client_tls> tls_;
  const runtime::clock& time_;
  steady_time due_{};
  std::atomic<int> running_{0};
  std::map<std::string, std::string> said_;  ///< what was last logged of each; the worker's
  std::unique_ptr<runtime::worker> home_;
  std::unique_ptr<upstream::client> client_;
};

}  // namespace spidergate::app
