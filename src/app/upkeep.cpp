#include "upkeep.hpp"

#include <spidergate/store/repositories.hpp>
#include <spidergate/telemetry/log.hpp>

#include <algorithm>
#include <chrono>
#include <map>

namespace spidergate::app {

namespace {

constexpr std::chrono::seconds period{1};
constexpr std::chrono::hours between_forgettings{1};
constexpr epoch_ms answers_kept_ms = 24 * 3'600'000;

}  // namespace

/// What waits to be written; shared with the job on the database's thread, which may outlive upkeep.
struct upkeep::notes {
  std::mutex mutex;
  std::map<std::string, store::integration_state_record> states;
  std::map<std::string, epoch_ms> used;
  bool on_its_way = false;
  bool failing = false;

  void add(std::vector<store::integration_state_record> more, const last_used& more_used) {
    const std::lock_guard lock(mutex);
    for (auto& s : more) {
      auto id = s.integration_id;
      states.insert_or_assign(std::move(id), std::move(s));
    }
    for (const auto& [id, at] : more_used) {
      auto& latest = used[id];
      latest = std::max(latest, at);
    }
  }

  /// Runs on the database's writer.
  void save(sql::connection& on) {
    std::unique_lock lock(mutex);
    auto writing_states = std::exchange(states, {});
    auto writing_used = std::exchange(used, {});
    lock.unlock();
    std::vector<store::integration_state_record> rows;
    rows.reserve(writing_states.size());
    for (const auto& [id, state] : writing_states) rows.push_back(state);
    const last_used times(writing_used.begin(), writing_used.end());
    const auto saved = store::integrations::save_states(on, rows);
    const auto touched = store::tokens::touch(on, times);
    lock.lock();
    on_its_way = false;
    // What was noted meanwhile is newer.
    if (!saved) states.merge(writing_states);
    if (!touched) used.merge(writing_used);
    const bool failed = !saved || !touched;
    if (failed && !failing) telemetry::log::warning("counters could not be stored; they are tried again");
    failing = failed;
  }
};

upkeep::upkeep(store::database& into, vault::vault& keys, const std::vector<store::integration_state_record>& known,
               std::function<last_used()> take_last_used, each_second also)
    : into_(into),
      keys_(keys),
      take_last_used_(std::move(take_last_used)),
      also_(std::move(also)),
      notes_(std::make_shared<notes>()) {
  for (const auto& state : known) remember(state);
  thread_ = std::thread([this] { run(); });
}

upkeep::~upkeep() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void upkeep::run() {
  std::unique_lock lock(mutex_);
  for (bool last = false; !last;) {
    lock.unlock();
    tick(false);
    lock.lock();
    last = wake_.wait_for(lock, period, [this] { return stopping_; });
  }
  lock.unlock();
  tick(true);
}

void upkeep::tick(bool last) {
  write(last);
  forget_old_answers();
  also_(known_, last);
}

void upkeep::write(bool last) {
  auto states = keys_.take_changed_states();
  for (const auto& s : states) remember(s);
  notes_->add(std::move(states), take_last_used_());
  {
    const std::lock_guard lock(notes_->mutex);
    if (notes_->states.empty() && notes_->used.empty()) return;
    // One job at a time, or a database that is away would find a queue of them.
    if (notes_->on_its_way && !last) return;
    notes_->on_its_way = true;
  }
  if (into_.post_write([kept = notes_](sql::connection& on) { kept->save(on); })) return;
  const std::lock_guard lock(notes_->mutex);
  notes_->on_its_way = false;
}

void upkeep::remember(const store::integration_state_record& state) {
  const auto same =
      std::lower_bound(known_.begin(), known_.end(), state.integration_id,
                       [](const auto& known, const std::string& id) { return known.integration_id < id; });
  if (same != known_.end() && same->integration_id == state.integration_id)
    *same = state;
  else
    known_.insert(same, state);
}

void upkeep::forget_old_answers() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_forgetting_) return;
  const auto before = runtime::system_clock().epoch_now() - answers_kept_ms;
  const bool queued = into_.post_write([before](sql::connection& on) {
    if (!store::idempotency::remove_older(on, before))
      telemetry::log::warning("old answers to repeated management calls could not be removed; tried again in an hour");
  });
  if (queued) next_forgetting_ = now + between_forgettings;
}

}  // namespace spidergate::app
