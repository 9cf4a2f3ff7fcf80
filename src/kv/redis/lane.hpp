#pragma once
#include "connection.hpp"
#include "shared_state.hpp"

#include <spidergate/runtime/wait_point.hpp>
#include <spidergate/runtime/worker.hpp>

#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <vector>

namespace spidergate::kv::redis {

/// A worker's way to Redis: its connection, kept open, and the settlements that it delivers. Used on the worker's
/// thread alone. One lane leads: four times a second it asks for the generation of budgets, tells holds anew and
/// picks that needed no asking, and probes while the breaker is open.
class lane : public std::enable_shared_from_this<lane> {
 public:
  lane(std::shared_ptr<shared_state> all, runtime::worker& home, bool leads);
  ~lane();
  lane(const lane&) = delete;
  lane& operator=(const lane&) = delete;

  /// Starts keeping the connection open.
  void start();
  [[nodiscard]] bool is_of(const runtime::worker* one) const noexcept { return one == &home_; }

  /// Runs a script; a server's error is a failure like any other. Fails when the server says nothing for
  /// redis_options::timeout, or answers only others for three times as long; before the first connection was tried it
  /// is given connect_timeout besides.
  static awaitable<result<reply>> ask(std::shared_ptr<lane> self, script_call call);
  /// Delivers what nobody waits for some time.
  void deliver(parcel what);
  /// Delivers a settlement some time, before what is asked after it as long as the connection holds. Those of one turn
  /// go together, and before what was asked earlier in the turn.
  void settle(const ended_request& one);

 private:
  struct delivery;
  struct link_keeper;

  static awaitable<void> run(std::shared_ptr<lane> self);
  awaitable<void> open_link();
  awaitable<bool> pause();
  awaitable<bool> wait_for_link();
  [[nodiscard]] bool linked() const noexcept { return link_ != nullptr && link_->open(); }
  void failed(const std::shared_ptr<connection>& link, error_code why) noexcept;
  void release_waiters() noexcept;

  // What the leading lane does.
  awaitable<void> lead();
  awaitable<bool> tell(script_call call, std::int64_t& generation);
  awaitable<bool> synchronise(std::int64_t& generation);
  awaitable<bool> tell_holds(std::int64_t& generation);
  awaitable<void> tell_picks();
  void drop_again(const held_by& told, std::int64_t generation);
  awaitable<bool> restore(std::vector<std::string> keys, std::int64_t& generation);

  [[nodiscard]] bool takes_another();
  delivery& begin_delivery(std::optional<script_call> call, steady_time since);
  void tend_deliveries();
  void send(delivery& one, bool by_name);

  std::shared_ptr<shared_state> all_;
  runtime::worker& home_;
  const bool leads_;
  bool tried_ = false;  ///< to connect, with whatever outcome
  std::shared_ptr<connection> link_;
  runtime::wait_point wake_;
  std::vector<runtime::wait_point*> waiters_;
  std::list<delivery> deliveries_;
  std::size_t undelivered_ = 0;  ///< settlements in `deliveries_`
  settlement_batch gathered_;
  delivery* gathering_ = nullptr;  ///< the one that `gathered_` is for
  std::chrono::milliseconds backoff_;
  steady_time renewal_due_{};
};

}  // namespace spidergate::kv::redis
