#pragma once
#include "segment.hpp"

#include <spidergate/ledger/spool.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::ledger {

/// What a spool_writer and the loader share. The writer's functions belong to one thread, the loader's to another; a
/// segment passes between them through the state of its slot:
///
///     absent -> preparing -> spare -> active -> full -> spare or absent
///       (either side)        (writer)  (writer)  (loader, once all of it is in the database)
class spool_segments {
 public:
  spool_segments(std::string directory, std::size_t worker, std::size_t segment_bytes, std::size_t max_bytes);
  /// Deletes the segments whose records are all loaded; the others wait for the next process.
  ~spool_segments();
  spool_segments(const spool_segments&) = delete;
  spool_segments& operator=(const spool_segments&) = delete;

  // Writer.
  result<void> append(std::string_view record) noexcept;

  // Any thread.
  [[nodiscard]] bool has_room() const noexcept;
  [[nodiscard]] std::uint64_t appended_bytes() const noexcept { return appended_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t loaded_bytes() const noexcept { return loaded_.load(std::memory_order_acquire); }

  // Loader.
  /// Sees to it that a spare segment lies ready, as far as bound and disk allow.
  void prepare_spare() noexcept;
  /// Adds records that are not loaded yet, oldest first, until `into` holds `max`. Damaged ones are counted and passed
  /// over. The views are good until discard().
  void peek(std::vector<std::string_view>& into, std::size_t max, std::uint64_t& damaged);
  /// What peek() gave since the last discard() is in the database (or beyond help) and may go.
  void discard() noexcept;
  /// Peeks from the last discard() on again.
  void rewind() noexcept;

 private:
  enum class state : std::uint8_t { absent, preparing, spare, active, full };
  struct slot {
    std::atomic<state> is{state::absent};
    std::uint64_t sequence = 0;  ///< written before it becomes active
    segment file;
  };
  struct position {
    std::uint64_t sequence = 1;
    std::size_t offset = sizeof(segment_header);
    std::uint64_t bytes = 0;  ///< of records, ever
  };

  [[nodiscard]] result<void> activate_next() noexcept;
  [[nodiscard]] slot* find(state wanted) noexcept;
  [[nodiscard]] slot* find_written(std::uint64_t sequence) noexcept;
  [[nodiscard]] result<void> prepare(slot& in, bool touched) noexcept;
  void release(slot& done) noexcept;

  const std::string directory_;
  const std::size_t worker_;
  const std::size_t segment_bytes_;
  std::vector<slot> slots_;
  std::atomic<std::size_t> spares_{0};
  std::atomic<std::size_t> absent_;
  std::atomic<bool> allocation_failed_{false};

  // The writer's.
  alignas(64) slot* active_ = nullptr;
  std::uint64_t sequence_ = 0;
  std::atomic<std::uint64_t> appended_{0};

  // The loader's.
  alignas(64) position peeked_;
  position kept_;
  std::atomic<std::uint64_t> loaded_{0};
};

struct spool_writer::impl final : spool_segments {
  using spool_segments::spool_segments;
};

}  // namespace spidergate::ledger
