#pragma once
#include <spidergate/core/secret_string.hpp>
#include <spidergate/kv/memory_counters.hpp>
#include <spidergate/runtime/clock.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace spidergate::runtime {
class blocking_pool;
class worker;
}  // namespace spidergate::runtime

namespace spidergate::kv {

/// How to reach Redis 6 or later.
struct redis_options {
  secret_string url;  ///< redis[s]://[[user]:password@]host[:port][/database]
  std::string key_prefix = "sg:";
  std::string extra_ca_file;  ///< trusted besides the system's, for rediss://
  bool deny_when_lost = false;
  std::chrono::milliseconds connect_timeout{1'000};
  std::chrono::milliseconds timeout{50};  ///< how long it may be silent; a call waits its turn three times as long
};

/// Counters that all replicas share, in Redis: each verb is one Lua script, so one atomic step and one round trip, sent
/// by EVALSHA over the calling worker's own connection, on which calls are pipelined. hiredis only unpacks answers.
/// admit(), seed() and pick() are called on the thread of an attached worker, else they fail with
/// errc::operation_not_permitted; settle() and the rest on any thread.
///
/// Redis lost (a deadline passed, a connection failed): a breaker opens for all workers, and until a probe succeeds
/// nothing is sent. Meanwhile admit() and pick() are answered by `local`, which enforces each limit in this process
/// alone, or fail when deny_when_lost. An answer that is late makes its call be answered that way too. When Redis is
/// back after budgets were served without it, or was flushed, its budgets count as unseeded (they belong to an older
/// "generation"): what was spent without it is in the ledger. Every replica then tells again what its running requests
/// hold, within about 300 ms. `local` also follows the daily counts of picked keys, so that an outage goes on from them
/// and a flushed Redis gets them back.
///
/// Leases and budget reservations are renewed while this process lives, and end 30 s after it died; a budget whose
/// reservation ended so is unseeded, since what the dead process spent is in the ledger alone.
///
/// Money is exact up to 2^53 nano-dollars (about nine million dollars); larger limits count as that much. Redis must
/// not evict keys (maxmemory-policy noeviction): a key that is evicted is a limit that starts anew.
class redis_counters final : public counter_store {
 public:
  /// Connects when first used. Throws std::runtime_error on a malformed URL or CA file. `resolver` looks host names up.
  /// All references outlive the object.
  redis_counters(redis_options options, memory_counters& local, runtime::blocking_pool& resolver,
                 const runtime::clock& time);
  /// After its workers have stopped.
  ~redis_counters() override;

  /// A worker that will call; before it starts. Opens its connection and begins the renewals when it runs.
  void attach(runtime::worker& w);

  awaitable<result<verdict>> admit(std::string_view holder, std::span<const charge> charges, epoch_ms now) override;
  void settle(std::string_view holder, std::span<const settlement> of, epoch_ms charged_at,
              epoch_ms now) noexcept override;
  awaitable<result<void>> seed(const charge& budget, std::int64_t spent, epoch_ms now) override;
  awaitable<result<picked>> pick(std::span<const pick_option> options, epoch_ms now) override;
  /// Where there is nothing to choose and nothing to be over: of an option that is alone at the highest rank and has no
  /// limits. Redis is told within about 300 ms; until then other replicas do not see these picks.
  std::optional<result<picked>> pick_now(std::span<const pick_option> options, epoch_ms now) override;
  pick_counts counts(std::string_view key, epoch_ms now) const override;
  void restore(std::string_view key, std::int64_t daily_count, epoch_ms last_picked_at, epoch_ms now) override;

  /// False while the breaker is open. Any thread.
  [[nodiscard]] bool reachable() const noexcept;
  struct statistics {
    std::uint64_t calls = 0, failures = 0, timeouts = 0, reconnects = 0;
    std::uint64_t answered_locally = 0;  ///< admissions and picks while Redis was lost
    std::uint64_t settlements_lost = 0;  ///< given up; the budgets were marked unseeded instead
    std::uint64_t times_lost = 0;        ///< how often the breaker opened
  };
  [[nodiscard]] statistics stats() const noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// For `doctor`: connects, authenticates, asks for the version, on a thread that may block. Says what is wrong in a
/// sentence, or nothing.
[[nodiscard]] std::string check_redis(const redis_options& options);

}  // namespace spidergate::kv
