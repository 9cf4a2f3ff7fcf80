#pragma once
#include <spidergate/json/value.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>

namespace spidergate::json {

/// The nodes of one text, in its order. Keeps its memory for the next text, but not that of a huge one. Not
/// thread-safe.
class node_list {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(next_ - nodes_.get()); }
  [[nodiscard]] node& operator[](std::size_t i) noexcept { return nodes_[i]; }
  [[nodiscard]] const node* data() const noexcept { return nodes_.get(); }
  [[nodiscard]] bool full() const noexcept { return next_ == limit_; }

  void clear() noexcept {
    const auto capacity = static_cast<std::size_t>(limit_ - nodes_.get());
    if (capacity > keep_at_most && size() <= keep_at_most / 4) {
      nodes_.reset();
      limit_ = nullptr;
    }
    next_ = nodes_.get();
  }
  void add(const node& one) {
    if (full()) grow();
    *next_++ = one;
  }

 private:
  static constexpr std::size_t at_first = 256;
  static constexpr std::size_t keep_at_most = 64 * 1024;

  [[gnu::cold, gnu::noinline]] void grow() {
    const std::size_t held = size();
    const std::size_t capacity = std::max(at_first, held + held / 2);
    auto larger = std::make_unique_for_overwrite<node[]>(capacity);
    std::copy_n(nodes_.get(), held, larger.get());
    nodes_ = std::move(larger);
    next_ = nodes_.get() + held;
    limit_ = nodes_.get() + capacity;
  }

  std::unique_ptr<node[]> nodes_;
  node* next_ = nullptr;
  node* limit_ = nullptr;
};

}  // namespace spidergate::json
