#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

namespace spidergate::runtime::detail {

/// Small blocks of malloc() that one thread has freed and is about to ask for again. The C library keeps seven of each
/// size at hand, which is few for a worker with many requests under way, and takes four times as long for each. Keeps
/// at most `most_bytes` of a size. For one thread only, except that blocks may come from others.
///
/// It has no constructor to run, so asking a thread's own one costs no more than a look: it begins closed, keeping
/// nothing, and is opened by the first block that it is offered.
class block_cache {
 public:
  static constexpr std::size_t largest = 1032;          ///< bytes of a block that is kept
  static constexpr std::size_t most_bytes = 16 * 1024;  ///< kept of each size

  /// How many bytes a block for `bytes` has: as many as malloc() makes of them anyway, so that it does not matter which
  /// `operator new` a block came from. REQUIRES: bytes is at most `largest`.
  [[nodiscard]] static constexpr std::size_t rounded(std::size_t bytes) noexcept {
    return class_of(bytes) * granule + overhang;
  }

  /// A block for that many bytes; null when none is at hand.
  [[nodiscard]] void* take(std::size_t bytes) noexcept {
    if (bytes > largest) return nullptr;
    auto& shelf = shelves_[class_of(bytes)];
    auto* const block = shelf.first;
    if (block == nullptr) return nullptr;
    shelf.first = block->next;
    ++shelf.room;
    return block;
  }

  /// Takes a block over that was asked for with that many bytes; false when it is the caller's to free.
  [[nodiscard]] bool keep(void* block, std::size_t bytes) noexcept {
    if (bytes > largest) return false;
    auto& shelf = shelves_[class_of(bytes)];
    if (shelf.room == 0) return false;
    --shelf.room;
    shelf.first = new (block) free_block{shelf.first};
    return true;
  }

  /// From now on blocks are kept.
  void open() noexcept;
  /// Frees all that is kept, and keeps nothing more.
  void close() noexcept;
  [[nodiscard]] bool is_new() const noexcept { return stage_ == stage::before; }

 private:
  // glibc's blocks have 24, 40, 56 ... bytes, the smallest also for less than 9.
  static constexpr std::size_t granule = 16, overhang = 8;
  static constexpr std::size_t class_of(std::size_t bytes) noexcept {
    return (bytes + granule - overhang - 1) / granule;
  }

  struct free_block {
    free_block* next;
  };
  struct shelf {
    free_block* first = nullptr;
    std::size_t room = 0;  ///< how many more are kept
  };
  enum class stage : std::uint8_t {
    before,  ///< open() was not called yet
    open,
    closed,  ///< the thread ends
  };

  std::array<shelf, (largest - overhang) / granule + 1> shelves_{};
  stage stage_ = stage::before;
};

}  // namespace spidergate::runtime::detail
