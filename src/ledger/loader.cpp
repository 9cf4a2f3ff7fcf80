#include "intake.hpp"
#include "leftover.hpp"
#include "spool_segments.hpp"

#include <spidergate/ledger/ledger.hpp>
#include <spidergate/runtime/wait_point.hpp>
#include <spidergate/runtime/worker.hpp>
#include <spidergate/telemetry/log.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <limits>
#include <mutex>
#include <pthread.h>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace spidergate::ledger {

namespace {

using namespace std::chrono_literals;
namespace log = telemetry::log;

constexpr std::chrono::milliseconds rest = 100ms;
constexpr std::chrono::milliseconds shortest_rest = 10ms;
constexpr std::chrono::milliseconds longest_rest = 2s;
constexpr auto last_effort = 2s;
constexpr std::size_t batch_size = 500;
/// Of 40: a worker that wants the same core gets three quarters of it, which leaves the loader more than it needs.
constexpr int niceness = 5;
constexpr auto between_scans = 10s;
constexpr auto between_removals = 60s;
constexpr int removals_at_once = 10;
/// While the database is away nobody leaves the queue, whoever has stopped waiting: the rest are told no at once.
constexpr std::size_t most_waiting = 4'096;

}  // namespace

struct loader::impl {
  using spools = std::vector<std::shared_ptr<spool_segments>>;
  using told = std::function<void(bool loaded)>;

  impl(std::string where, store::database::opener open, std::chrono::milliseconds keep, const runtime::clock& clock)
      : directory(std::move(where)), retention(keep), time(clock), into(directory, std::move(open), figures) {
    thread = std::jthread([this] { run(); });
  }
  ~impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    wake.notify_all();
  }

  // Any thread.
  void attach(std::shared_ptr<spool_segments> spool);
  void when_loaded(told tell);

  // The loader's thread.
  void run();
  void wait(std::chrono::milliseconds pause);
  void make_way(std::chrono::milliseconds pause);
  [[nodiscard]] bool pass();
  [[nodiscard]] bool load_leftovers();
  [[nodiscard]] bool load_batch(const spools& from, bool& any);
  void note(bool went_well);
  [[nodiscard]] std::vector<told> take_waiting(std::uint64_t up_to);
  void remove_old();

  loader::counters figures;
  std::atomic<bool> healthy{true};

  const std::string directory;
  const std::chrono::milliseconds retention;
  const runtime::clock& time;
  intake into;
  std::deque<leftover> leftovers;
  steady_time next_scan{};
  steady_time next_removal{};
  std::vector<std::string_view> records;
  std::chrono::milliseconds rested{};  ///< between the batches of the last pass

  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  bool hurry = false;  ///< somebody waits
  spools attached;
  std::uint64_t asked = 0;
  std::deque<std::pair<std::uint64_t, told>> waiting;

  std::jthread thread;  // last: it ends before what it uses
};

void loader::impl::attach(std::shared_ptr<spool_segments> spool) {
  const std::lock_guard lock(mutex);
  attached.push_back(std::move(spool));
}

void loader::impl::when_loaded(told tell) {
  {
    const std::lock_guard lock(mutex);
    if (!stopping && waiting.size() < most_waiting) {
      waiting.emplace_back(++asked, std::move(tell));
      hurry = true;
      wake.notify_all();
      return;
    }
  }
  tell(false);
}

void loader::impl::run() {
  pthread_setname_np(pthread_self(), "ledger");
  // Requests go first. Linux keeps a priority for each thread; refused or not, the loader does its work.
  (void)::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + niceness);
  std::chrono::milliseconds pause = rest;
  steady_time give_up = steady_time::max();
  for (;;) {
    std::uint64_t up_to = 0;
    {
      const std::lock_guard lock(mutex);
      up_to = asked;
      if (stopping && give_up == steady_time::max()) give_up = std::chrono::steady_clock::now() + last_effort;
    }
    const bool loaded = pass();
    const auto ready = loaded ? take_waiting(up_to) : std::vector<told>();
    note(loaded);
    for (const auto& tell : ready) tell(true);
    if (give_up != steady_time::max() && (loaded || std::chrono::steady_clock::now() > give_up)) break;
    if (loaded) remove_old();
    pause = loaded ? std::max(rest - rested, shortest_rest) : std::min(2 * std::max(pause, rest), longest_rest);
    wait(give_up == steady_time::max() ? pause : rest);
  }
  for (const auto& tell : take_waiting(std::numeric_limits<std::uint64_t>::max())) tell(false);
}

/// A failing database is asked again no sooner than after a rest, whoever is in a hurry.
void loader::impl::wait(std::chrono::milliseconds pause) {
  if (!healthy.load()) {
    std::this_thread::sleep_for(rest);
    pause -= rest;
  }
  std::unique_lock lock(mutex);
  wake.wait_for(lock, pause, [this] { return stopping || hurry; });
  hurry = false;
}

/// Between two batches, unless somebody waits.
void loader::impl::make_way(std::chrono::milliseconds pause) {
  rested += pause;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, pause, [this] { return stopping || !waiting.empty(); });
}

/// Loads what had been appended as it began. Where that is many batches, they are spread over the length of a rest: a
/// worker that needs the same core then waits for one of them and not for all. Those that take longer than that lie
/// closer together, as more has been appended by the next pass.
bool loader::impl::pass() {
  spools from;
  {
    const std::lock_guard lock(mutex);
    from = attached;
  }
  std::vector<std::uint64_t> targets;
  for (const auto& one : from) targets.push_back(one->appended_bytes());
  if (!load_leftovers()) return false;
  const auto left = [&] {
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const auto loaded = from[i]->loaded_bytes();
      if (loaded < targets[i]) bytes += targets[i] - loaded;
    }
    return bytes;
  };
  const auto all = left();
  rested = {};
  for (auto before = all;;) {
    bool any = false;
    const bool loaded = load_batch(from, any);
    // Afterwards, for a segment that has just been emptied is one.
    for (const auto& one : from) one->prepare_spare();
    if (!loaded) return false;
    const auto after = left();
    if (!any || after == 0) return true;
    make_way(std::chrono::milliseconds((before - after) * rest.count() / all));
    before = after;
  }
}

bool loader::impl::load_leftovers() {
  const auto now = time.steady_now();
  if (leftovers.empty() && now >= next_scan) {
    leftovers = claim_leftovers(directory);
    next_scan = now + between_scans;
  }
  while (!leftovers.empty()) {
    auto& oldest = leftovers.front();
    std::uint64_t damaged = 0;
    records.clear();
    oldest.peek(records, batch_size, damaged);
    if (!records.empty() && !into.take(records)) {
      oldest.rewind();
      return false;
    }
    figures.corrupt_records += damaged;
    oldest.discard();
    if (!oldest.exhausted()) continue;
    oldest.finish();
    leftovers.pop_front();
  }
  return true;
}

bool loader::impl::load_batch(const spools& from, bool& any) {
  records.clear();
  std::uint64_t damaged = 0;
  for (const auto& one : from) one->peek(records, batch_size, damaged);
  any = !records.empty();
  if (any && !into.take(records)) {
    for (const auto& one : from) one->rewind();
    return false;
  }
  figures.corrupt_records += damaged;
  for (const auto& one : from) one->discard();
  return true;
}

void loader::impl::note(bool went_well) {
  if (!went_well) ++figures.failed_batches;
  if (healthy.exchange(went_well) == went_well) return;
  if (went_well) {
    log::info("receipts are loaded again");
  } else {
    log::warning("receipts cannot be loaded and wait in the spool", {{"reason", into.trouble()}});
  }
}

/// Who sees the loader well again finds room to wait in, so these leave the queue before that.
std::vector<loader::impl::told> loader::impl::take_waiting(std::uint64_t up_to) {
  const std::lock_guard lock(mutex);
  std::vector<told> ready;
  for (; !waiting.empty() && waiting.front().first <= up_to; waiting.pop_front())
    ready.push_back(std::move(waiting.front().second));
  return ready;
}

void loader::impl::remove_old() {
  const auto now = time.steady_now();
  if (retention <= 0ms || now < next_removal) return;
  const auto before = time.epoch_now() - retention.count();
  bool more = true;
  for (int i = 0; more && i < removals_at_once; ++i) more = into.remove_older(before);
  // While there is more, go on at the next pass, so that loading is not held up.
  if (!more) next_removal = now + between_removals;
}

loader::loader(std::string directory, store::database::opener open, std::chrono::milliseconds retention,
               const runtime::clock& time)
    : impl_(std::make_unique<impl>(std::move(directory), std::move(open), retention, time)) {}
loader::~loader() = default;

void loader::attach(spool_writer& spool) {
  impl_->attach(spool.impl_);
}
const loader::counters& loader::figures() const noexcept {
  return impl_->figures;
}
bool loader::healthy() const noexcept {
  return impl_->healthy.load();
}

bool loader::flush(std::chrono::milliseconds within) {
  struct answer {
    std::mutex mutex;
    std::condition_variable wake;
    std::optional<bool> loaded;
  };
  const auto mine = std::make_shared<answer>();
  impl_->when_loaded([mine](bool loaded) {
    {
      const std::lock_guard lock(mine->mutex);
      mine->loaded = loaded;
    }
    mine->wake.notify_all();
  });
  std::unique_lock lock(mine->mutex);
  return mine->wake.wait_for(lock, within, [&] { return mine->loaded.has_value(); }) && *mine->loaded;
}

awaitable<bool> loader::flush(runtime::worker& home, steady_time deadline) {
  struct answer {
    explicit answer(runtime::worker& at) : arrived(at) {}
    runtime::wait_point arrived;
    bool loaded = false;
  };
  const auto mine = std::make_shared<answer>(home);
  impl_->when_loaded([mine, &home](bool loaded) {
    home.post([mine, loaded] {
      mine->loaded = loaded;
      mine->arrived.release();
    });
  });
  (void)co_await mine->arrived.wait(deadline);
  co_return mine->loaded;
}

}  // namespace spidergate::ledger
