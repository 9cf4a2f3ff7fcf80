#include "memory_watch.hpp"

#include <fstream>
#include <malloc.h>
#include <unistd.h>

namespace spidergate::app {

namespace {

constexpr std::size_t tight_percent = 85;
constexpr std::size_t short_percent = 92;
constexpr int kept_bytes = 16 << 20;
constexpr int mapped_alone_bytes = 32 << 20;  ///< the most that the C library takes

/// 0 for what is no number ("max") and for the huge ones that mean "none".
std::size_t number_in(const char* path) {
  constexpr std::size_t none = std::size_t{1} << 60U;
  std::ifstream file(path);
  std::size_t number = 0;
  return file >> number && number < none ? number : 0;
}

}  // namespace

memory_level level_of(std::size_t used, std::size_t limit) noexcept {
  if (limit == 0) return memory_level::fine;
  const auto percent_of_limit = used / (limit / 100 + (limit < 100 ? 1 : 0));
  if (percent_of_limit >= short_percent) return memory_level::short_of;
  return percent_of_limit >= tight_percent ? memory_level::tight : memory_level::fine;
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t whole = 0;
  std::size_t resident = 0;
  if (!(file >> whole >> resident)) return 0;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t container_limit() {
  if (const auto limit = number_in("/sys/fs/cgroup/memory.max"); limit != 0) return limit;
  return number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes");
}

void keep_freed_pages() noexcept {
  ::mallopt(M_TRIM_THRESHOLD, kept_bytes);
  // Without it the one above would fix this at 128 KiB.
  ::mallopt(M_MMAP_THRESHOLD, mapped_alone_bytes);
}

void give_pages_back() noexcept {
  ::malloc_trim(0);
}

}  // namespace spidergate::app
