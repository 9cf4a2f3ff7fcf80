#include <spidergate/store/database.hpp>
#include <spidergate/store/repositories.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <stdexcept>
#include <thread>

namespace spidergate::store {

struct change_watch::impl {
  impl(database::opener o, std::chrono::milliseconds p, callback c)
      : open(std::move(o)), period(p), changed(std::move(c)) {
    auto opened = open();
    if (!opened) throw std::runtime_error(opened.error());
    on = std::move(*opened);
    if (const auto now = on->foreign_commits()) commits = *now;
    const auto version = meta::config_version(*on);
    if (!version) throw std::runtime_error("The database cannot be read: " + std::string(on->last_message()) + '.');
    seen = *version;
    thread = std::jthread([this] { run(); });
  }

  ~impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    wake.notify_all();
  }

  void poke() {
    {
      const std::lock_guard lock(mutex);
      poked = true;
    }
    wake.notify_all();
  }

  void run() {
    pthread_setname_np(pthread_self(), "db-watch");
    for (;;) {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, period, [this] { return stopping || poked; });
      if (stopping) return;
      poked = false;
      lock.unlock();
      if (!look()) on.reset();
    }
  }

  /// False when the connection is not to be trusted any more.
  bool look() {
    if (!on) {
      auto opened = open();
      if (!opened) return false;
      on = std::move(*opened);
      commits.reset();
    }
    const auto now = on->foreign_commits();
    if (!now) return false;
    if (commits == *now) return true;
    const auto version = meta::config_version(*on);
    if (!version) return false;
    commits = *now;
    if (*version != seen) {
      if (!changed(*on, *version)) return false;
      seen = *version;
    }
    return true;
  }

  const database::opener open;
  const std::chrono::milliseconds period;
  const callback changed;
  std::unique_ptr<sql::connection> on;
  std::optional<std::int64_t> commits;  ///< as of the last look; a new connection counts from its own start
  std::int64_t seen = 0;
  std::mutex mutex;
  std::condition_variable wake;
  bool poked = false;
  bool stopping = false;
  std::jthread thread;  // last: it ends before what it uses
};

change_watch::change_watch(database::opener open, std::chrono::milliseconds period, callback changed)
    : impl_(std::make_unique<impl>(std::move(open), period, std::move(changed))) {}
change_watch::~change_watch() = default;
void change_watch::poke() {
  impl_->poke();
}
steady_time change_watch::last_contact() const noexcept {
  return std::chrono::steady_clock::now();
}

}  // namespace spidergate::store
