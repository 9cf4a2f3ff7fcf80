#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spidergate::app {

/// What was lately found by a few short texts, so that what comes again and again is not looked up again. It holds a
/// few entries only, and forgets one when another comes. One thread.
template <std::size_t Texts, class Found>
class recent_series {
 public:
  static constexpr std::size_t most = 16;
  using texts = std::array<std::string_view, Texts>;

  /// What `look_up` returned for these texts; good until the next call. May throw std::bad_alloc.
  template <class LookUp>
  [[nodiscard]] Found& find(const texts& by, LookUp look_up) {
    for (auto& one : entries_)
      if (one.is(by)) return one.found;
    entry fresh{.by = {}, .found = look_up()};
    for (std::size_t i = 0; i < Texts; ++i) fresh.by[i] = by[i];
    if (entries_.size() < most) return entries_.emplace_back(std::move(fresh)).found;
    auto& oldest = entries_[next_++ % most];
    oldest = std::move(fresh);
    return oldest.found;
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct entry {
    std::array<std::string, Texts> by;
    Found found;
    [[nodiscard]] bool is(const texts& other) const noexcept {
      for (std::size_t i = 0; i < Texts; ++i)
        if (by[i] != other[i]) return false;
      return true;
    }
  };
  std::vector<entry> entries_;
  std::size_t next_ = 0;  ///< to be forgotten
};

}  // namespace spidergate::app
