#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace spidergate::providers::openai {

/// Which of an object's members are marked, by their index. Without memory of its own unless a late one is marked.
class member_marks {
 public:
  [[nodiscard]] bool operator[](std::size_t i) const noexcept {
    if (i < in_word) return (word_ >> i & 1U) != 0;
    return i - in_word < late_.size() && late_[i - in_word];
  }
  [[nodiscard]] bool any() const noexcept { return word_ != 0 || !late_.empty(); }

  void set(std::size_t i) {
    if (i < in_word) {
      word_ |= std::uint64_t{1} << i;
      return;
    }
    if (late_.size() <= i - in_word) late_.resize(i - in_word + 1);
    late_[i - in_word] = true;
  }

 private:
  static constexpr std::size_t in_word = 64;
  std::uint64_t word_ = 0;
  std::vector<bool> late_;
};

}  // namespace spidergate::providers::openai
