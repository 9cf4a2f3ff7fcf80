#include <spidergate/store/database.hpp>
#include <spidergate/store/repositories.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <stdexcept>
#include <thread>
#include <utility>

namespace spidergate::store {

struct change_watch::impl {
  impl(database::opener o, std::chrono::milliseconds p, callback c)
      : open(std::move(o)), period(p), changed(std::move(c)) {
    auto opened = open();
    if (!opened) throw std::runtime_error(opened.error());
    on = std::move(*opened);
    // What is committed from here on counts as news; so does everything, when the database cannot be asked now.
    if (const auto now = on->foreign_commits()) {
      commits = *now;
      if (const auto version = ask_version()) {
        seen = *version;
      } else {
        commits.reset();
      }
    }
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
      wake.wait_for(lock, pause(), [this] { return stopping || poked; });
      if (stopping) return;
      // Who pokes may be ahead of the news on its way from the server.
      if (std::exchange(poked, false)) commits.reset();
      lock.unlock();
      if (!look()) forget_connection();
    }
  }

  /// Asking PostgreSQL is a look into a socket, so it is done more often, and a change is seen well within the period.
  [[nodiscard]] std::chrono::milliseconds pause() const {
    return on && on->kind() == sql::backend::postgresql ? std::max(period / 5, std::chrono::milliseconds(1)) : period;
  }

  /// A SQLite connection that failed is not to be trusted any more; one to PostgreSQL mends itself, when its back-off
  /// lets it.
  void forget_connection() {
    commits.reset();
    if (on && on->kind() == sql::backend::sqlite) on.reset();
  }

  /// False when the database could not be asked, or the callback could not do its work.
  bool look() {
    if (!on) {
      auto opened = open();
      if (!opened) return false;
      on = std::move(*opened);
    }
    const auto now = on->foreign_commits();
    if (!now) return false;
    // On PostgreSQL nothing was asked so far.
    if (on->kind() == sql::backend::sqlite) contact = std::chrono::steady_clock::now();
    if (commits == *now) return true;
    const auto version = ask_version();
    if (!version) return false;
    if (seen != *version) {
      if (!changed(*on, *version)) return false;
      seen = *version;
    }
    commits = *now;
    return true;
  }

  result<std::int64_t> ask_version() {
    const auto version = meta::config_version(*on);
    if (version) contact = std::chrono::steady_clock::now();
    return version;
  }

  const database::opener open;
  const std::chrono::milliseconds period;
  const callback changed;
  std::unique_ptr<sql::connection> on;
  std::optional<std::int64_t> commits;  ///< as of the last look; a new connection counts from its own start
  std::optional<std::int64_t> seen;     ///< the version that the callback has taken
  std::atomic<steady_time> contact{};
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
  return impl_->contact.load();
}

}  // namespace spidergate::store
