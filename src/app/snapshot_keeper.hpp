#pragma once
#include "local_snapshot.hpp"
#include "store_contact.hpp"
#include "store_state.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

namespace spidergate::app {

/// Keeps the local snapshot up to date: after each change of the rows, and once a minute, so that its age says how long
/// ago the database was last heard. Writes nothing while the database is away. One thread, which may block, calls
/// keep(); the figures are for any.
class snapshot_keeper {
 public:
  snapshot_keeper(local_snapshot file, store_state& state, const store_contact& contact);

  /// `states` are those of the provider keys. `last`: the process ends, so what changes often is written too.
  void keep(std::span<const store::integration_state_record> states, bool last);

  [[nodiscard]] epoch_ms written_at() const noexcept { return written_at_; }  ///< 0: not yet
  [[nodiscard]] std::int64_t failures() const noexcept { return failures_; }

 private:
  local_snapshot file_;
  store_state& state_;
  const store_contact& contact_;
  std::shared_ptr<const stored_rows> written_;
  bool failing_ = false;
  std::atomic<epoch_ms> written_at_{0};
  std::atomic<std::int64_t> failures_{0};
};

}  // namespace spidergate::app
