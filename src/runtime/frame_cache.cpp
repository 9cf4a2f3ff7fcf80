#include <spidergate/runtime/detail/frame_cache.hpp>

#include <utility>

namespace spidergate::runtime::detail {

frame_cache::scope::~scope() {
  auto& mine = of_this_thread;
  for (auto& first : mine.free) {
    while (first != nullptr) ::operator delete(std::exchange(first, first->next));
  }
  mine.kept = mine.limit = 0;
}

}  // namespace spidergate::runtime::detail
