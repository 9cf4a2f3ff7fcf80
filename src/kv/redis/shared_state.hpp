#pragma once
#include "breaker.hpp"
#include "calls.hpp"
#include "connector.hpp"
#include "running_requests.hpp"

#include <spidergate/kv/memory_counters.hpp>
#include <spidergate/kv/redis_counters.hpp>

#include <atomic>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace spidergate::kv::redis {

/// A settlement on its way: delivered at least once, until it is too old.
struct parcel {
  script_call call;
  steady_time since;
};

/// What all lanes of one redis_counters share. Thread-safe. Coroutines hold it, so it may outlive redis_counters; then
/// only its own members are touched.
class shared_state {
 public:
  /// Settlements that wait for a connection, per worker.
  static constexpr std::size_t most_waiting = 10'000;
  static constexpr std::chrono::seconds longest_wait{30};

  shared_state(redis_options options, memory_counters& local, runtime::blocking_pool& resolver,
               const runtime::clock& time);

  redis_options options;
  memory_counters& local;
  const runtime::clock& time;
  std::shared_ptr<const connector> dialer;
  call_maker calls;
  breaker gate;
  running_requests running;

  /// The generation of budgets that this replica has told its holds to; 0: none yet.
  std::atomic<std::int64_t> generation{0};
  /// True when money was spent that the budgets in Redis have not seen.
  std::atomic<bool> budgets_stale{false};

  struct {
    std::atomic<std::uint64_t> calls{0}, failures{0}, timeouts{0}, connects{0}, answered_locally{0},
        settlements_lost{0};
  } counted;

  [[nodiscard]] static std::int64_t new_generation();
  void lose_settlements(std::size_t count = 1);

  /// To be called before budgets or leases are answered locally: makes `local` know what this process holds, and forget
  /// what it knew of budgets. Once per outage.
  void prepare_local(epoch_ms now);
  /// Redis answers again.
  void end_local() noexcept { local_prepared_.store(false, std::memory_order_release); }

  /// The generation in which a budget was found unseeded: what the ledger says of it is for that one. Who asks the
  /// ledger may find a later generation when it has the answer: so the first counts, until it was asked for.
  void note_unseeded(const charge& budget, std::int64_t in);
  [[nodiscard]] std::int64_t unseeded_in(const charge& budget);

  /// Picks that needed no asking, until the leading lane has told Redis; no more than there are keys. To be noted
  /// before `local` counts them: what it has counted less what is untold here is then never more than Redis was told.
  void count_later(std::string_view key, epoch_ms now);
  [[nodiscard]] std::vector<untold_picks> untold();
  [[nodiscard]] std::int64_t untold_of(std::string_view key);
  void told(const untold_picks& picks);

  /// Settlements from threads that are no worker; taken by the leading lane.
  void leave_parcel(parcel what);
  [[nodiscard]] std::deque<parcel> take_parcels();
  void leave_restored(std::string_view key);
  [[nodiscard]] std::vector<std::string> take_restored();

 private:
  static std::string name_of(const charge& budget);

  std::mutex local_mutex_;
  std::atomic<bool> local_prepared_{false};
  std::mutex mutex_;
  struct unseeded_note {
    std::int64_t generation = 0;
    bool asked_for = false;
  };
  std::unordered_map<std::string, unseeded_note> unseeded_;
  std::mutex picks_mutex_;
  std::unordered_map<std::string, untold_picks, text_hash, std::equal_to<>> picks_;
  std::deque<parcel> parcels_;
  std::set<std::string, std::less<>> restored_;
};

}  // namespace spidergate::kv::redis
