#include "upkeep.hpp"

#include <spidergate/store/repositories.hpp>
#include <spidergate/telemetry/log.hpp>

#include <chrono>

namespace spidergate::app {

upkeep::upkeep(store::database& into, vault::vault& keys, std::function<last_used()> take_last_used)
    : into_(into), keys_(keys), take_last_used_(std::move(take_last_used)), thread_([this] { run(); }) {}

upkeep::~upkeep() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void upkeep::run() {
  constexpr std::chrono::seconds period{1};
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, period, [this] { return stopping_; });
    lock.unlock();
    write();
    lock.lock();
  }
}

void upkeep::write() {
  auto states = keys_.take_changed_states();
  auto used = take_last_used_();
  if (states.empty() && used.empty()) return;
  const bool queued = into_.post_write([states = std::move(states), used = std::move(used)](sql::connection& on) {
    const auto saved = store::integrations::save_states(on, states);
    const auto touched = store::tokens::touch(on, used);
    if (!saved || !touched) telemetry::log::warning("counters could not be stored; the next change stores them again");
  });
  if (!queued) telemetry::log::warning("counters could not be stored: the database's queue is full");
}

}  // namespace spidergate::app
