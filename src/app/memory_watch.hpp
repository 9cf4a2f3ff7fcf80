#pragma once
#include <cstddef>
#include <cstdint>

namespace spidergate::app {

/// How much of the memory limit is in use (spec 18).
enum class memory_level : std::uint8_t {
  fine,
  tight,     ///< from 85 % on: connections end with the answer that they are giving
  short_of,  ///< from 92 % on: new requests are answered 503
};

/// `limit` 0 is none.
[[nodiscard]] memory_level level_of(std::size_t used, std::size_t limit) noexcept;

/// The process's resident memory in bytes; 0 when the system does not say.
[[nodiscard]] std::size_t resident_bytes();
/// The container's limit in bytes (cgroup v2, then v1); 0 when there is none.
[[nodiscard]] std::size_t container_limit();

/// Lets the C library keep what large bodies leave free, up to 16 MiB at the end of each of its arenas, instead of
/// giving pages back after each body and being given them again, zeroed, for the next. give_pages_back() ends what is
/// kept.
void keep_freed_pages() noexcept;
/// Gives the system every page that nothing lives on. Takes milliseconds.
void give_pages_back() noexcept;

}  // namespace spidergate::app
