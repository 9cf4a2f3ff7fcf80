#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/runtime/clock.hpp>
#include <spidergate/store/database.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

namespace spidergate::app {

/// When the database was last heard, and what follows from that: whether it counts as reached, and whether what is in
/// memory is still to be believed. Thread-safe but for begin() and follow(), which belong to the start.
class store_contact {
 public:
  /// A database that is a file of ours (`remote` false) is always in contact.
  store_contact(bool remote, std::chrono::milliseconds believed_for, const runtime::clock& time);

  /// The last contact before the server started. `behind`: that was an earlier process's, and the rows are the local
  /// snapshot's until caught_up().
  void begin(epoch_ms last, bool behind);
  /// Who knows of later contacts; outlives this, or is followed no more.
  void follow(const store::change_watch* watch);

  void caught_up() noexcept { behind_ = false; }
  [[nodiscard]] bool behind() const noexcept { return behind_; }
  void believe_for(std::chrono::milliseconds longest) noexcept { believed_for_ = longest; }

  [[nodiscard]] std::chrono::milliseconds age() const;
  [[nodiscard]] bool reached() const;
  /// When the last contact was, by the clock on the wall.
  [[nodiscard]] epoch_ms last() const;
  /// For the authenticators: longer out of contact than rows in memory are believed.
  [[nodiscard]] const std::atomic<bool>& too_old() const noexcept { return too_old_; }

  /// Once a second: keeps too_old() true to its word, and logs each change once.
  void check();

 private:
  const bool remote_;
  const runtime::clock& time_;
  std::atomic<std::chrono::milliseconds> believed_for_;
  std::atomic<bool> behind_{false};
  std::atomic<bool> too_old_{false};
  steady_time first_{};
  mutable std::mutex mutex_;
  const store::change_watch* watch_ = nullptr;
  bool was_reached_ = true;  ///< check()'s
};

}  // namespace spidergate::app
