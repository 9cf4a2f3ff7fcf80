#include <spidergate/runtime/detail/block_cache.hpp>

#include <cstdlib>
#include <utility>

namespace spidergate::runtime::detail {

void block_cache::open() noexcept {
  if (stage_ != stage::before) return;
  stage_ = stage::open;
  for (std::size_t i = 0; i < shelves_.size(); ++i) shelves_[i].room = most_bytes / (i * granule + overhang);
}

void block_cache::close() noexcept {
  stage_ = stage::closed;
  for (auto& one : shelves_) {
    one.room = 0;
    while (one.first != nullptr) std::free(std::exchange(one.first, one.first->next));
  }
}

}  // namespace spidergate::runtime::detail
