#pragma once
#include <array>
#include <cstddef>
#include <new>

namespace spidergate::runtime::detail {

/// Memory of coroutine frames that have ended, kept by a worker's thread for its next ones of about that size: a
/// request walks through dozens of frames. Bounded; other threads, and frames beyond `max_frame_bytes`, use the
/// allocator. A frame may end on another thread than it began on.
class frame_cache {
 public:
  static constexpr std::size_t max_bytes = 512 * 1024;
  static constexpr std::size_t max_frame_bytes = 8 * 1024;

  [[nodiscard]] static void* take(std::size_t size) {
    const auto slot = slot_of(size);
    if (slot >= slots) return ::operator new(size);
    auto& mine = of_this_thread;
    auto* const frame = mine.free[slot];
    if (frame == nullptr) return ::operator new(slot * granule);
    mine.free[slot] = frame->next;
    mine.kept -= slot * granule;
    return frame;
  }

  static void give(void* memory, std::size_t size) noexcept {
    const auto slot = slot_of(size);
    auto& mine = of_this_thread;
    if (slot >= slots || mine.kept + slot * granule > mine.limit) return ::operator delete(memory);
    auto* const frame = ::new (memory) link{mine.free[slot]};
    mine.free[slot] = frame;
    mine.kept += slot * granule;
  }

  /// While it lives its thread keeps frames.
  class scope {
   public:
    scope() noexcept { of_this_thread.limit = max_bytes; }
    ~scope();
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
  };

  /// What the calling thread keeps at the moment.
  [[nodiscard]] static std::size_t kept_bytes() noexcept { return of_this_thread.kept; }

 private:
  static constexpr std::size_t granule = 64;
  static constexpr std::size_t slots = max_frame_bytes / granule + 1;

  struct link {
    link* next;
  };
  // Trivial, so that reaching it costs no question whether it has been constructed.
  struct store {
    std::array<link*, slots> free;
    std::size_t kept;
    std::size_t limit;
  };

  [[nodiscard]] static constexpr std::size_t slot_of(std::size_t size) noexcept {
    return (size + granule - 1) / granule;
  }

  static constinit inline thread_local store of_this_thread{};
};

}  // namespace spidergate::runtime::detail
