#pragma once
#include <cstddef>
#include <sanitizer/allocator_interface.h>

/// Counts what is allocated, through the sanitizer's hooks, to hold decoders to "peak bytes at most so many times the
/// input".
namespace spidergate::fuzz {

inline std::ptrdiff_t allocated_now = 0;  // what was allocated before the hooks may be freed after
inline std::ptrdiff_t allocated_peak = 0;

inline void note_malloc(const volatile void*, std::size_t size) {
  allocated_now += static_cast<std::ptrdiff_t>(size);
  if (allocated_now > allocated_peak) allocated_peak = allocated_now;
}
inline void note_free(const volatile void* memory) {
  if (memory != nullptr) allocated_now -= static_cast<std::ptrdiff_t>(__sanitizer_get_allocated_size(memory));
}

/// The most that was allocated at one time since this was made, beyond what was then.
class allocation_watch {
 public:
  allocation_watch() {
    static const int hooks = __sanitizer_install_malloc_and_free_hooks(note_malloc, note_free);
    (void)hooks;
    start_ = allocated_peak = allocated_now;
  }
  [[nodiscard]] std::size_t peak() const { return static_cast<std::size_t>(allocated_peak - start_); }

 private:
  std::ptrdiff_t start_;
};

}  // namespace spidergate::fuzz
