// The program's `operator new` and sized `operator delete`: malloc() behind a cache of each thread. All other forms are
// the standard library's, made of these two or of malloc() and free(); a block that only those see stays malloc()'s.
// Not part of the tests' programs nor of those with sanitizers, which have allocators of their own.

#include <spidergate/runtime/detail/block_cache.hpp>

#include <cstdlib>
#include <new>

namespace {

using spidergate::runtime::detail::block_cache;

constinit thread_local block_cache kept;

/// Gives a thread's blocks back when it ends.
struct end_of_thread {
  ~end_of_thread() { kept.close(); }
};

/// Of a block that `kept` did not take: the first of a thread opens it.
[[gnu::noinline]] void end_of(void* block, std::size_t bytes) noexcept {
  if (kept.is_new()) {
    thread_local end_of_thread watch;
    static_cast<void>(watch);
    kept.open();
    if (kept.keep(block, bytes)) return;
  }
  std::free(block);
}

[[gnu::noinline]] void* fresh(std::size_t bytes) {
  if (bytes <= block_cache::largest) bytes = block_cache::rounded(bytes);
  for (;;) {
    if (void* const block = std::malloc(bytes)) return block;
    const auto make_room = std::get_new_handler();
    if (make_room == nullptr) throw std::bad_alloc();
    make_room();
  }
}

}  // namespace

void* operator new(std::size_t bytes) {
  void* const block = kept.take(bytes);
  return block != nullptr ? block : fresh(bytes);
}

void operator delete(void* block, std::size_t bytes) noexcept {
  if (block != nullptr && !kept.keep(block, bytes)) end_of(block, bytes);
}

void operator delete(void* block) noexcept {
  std::free(block);
}
