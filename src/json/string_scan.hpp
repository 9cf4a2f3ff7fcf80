#pragma once
#include "block.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spidergate::json {

/// Goes through the strings of one text, many bytes at a time. Reads nothing outside of the text.
template <class Block>
class string_scan {
 public:
  explicit string_scan(std::string_view text) noexcept : begin_(text.data()), end_(text.data() + text.size()) {}

  /// The first '"', '\\' or control character from `at` on; the text's end when there is none.
  [[nodiscard]] const char* next_stop(const char* at) noexcept {
    const char* near = near_stop(at);
    return near != nullptr ? near : far_stop(at);
  }
  /// The same where it is among the next few bytes, and those are not the last of the text; else null.
  [[nodiscard]] const char* near_stop(const char* at) noexcept {
    if (left(at) < Block::size) return nullptr;
    const auto bytes = Block::load(at);
    seen_ |= Block::mask(bytes);
    const auto stops = Block::mask(Block::stops(bytes));
    return stops != 0 ? at + first(stops) : nullptr;
  }
  /// Whether a byte beyond ASCII was seen, in a string or close behind it. False: there was none in the strings.
  [[nodiscard]] bool beyond_ascii() const noexcept { return seen_ != 0; }

 private:
  [[nodiscard]] std::size_t left(const char* at) const noexcept { return static_cast<std::size_t>(end_ - at); }
  [[nodiscard]] static std::size_t first(std::uint64_t mask) noexcept {
    return static_cast<std::size_t>(std::countr_zero(mask)) / Block::mask_bits;
  }

  /// Four blocks at a time.
  [[nodiscard, gnu::noinline]] const char* far_stop(const char* at) noexcept {
    constexpr std::size_t size = Block::size;
    auto seen = Block::none();
    while (left(at) >= 4 * size) {
      const auto a = Block::load(at), b = Block::load(at + size);
      const auto c = Block::load(at + 2 * size), d = Block::load(at + 3 * size);
      seen |= (a | b) | (c | d);
      if (Block::mask((Block::stops(a) | Block::stops(b)) | (Block::stops(c) | Block::stops(d))) != 0) break;
      at += 4 * size;
    }
    seen_ |= Block::mask(seen);
    while (left(at) >= size) {
      const auto bytes = Block::load(at);
      seen_ |= Block::mask(bytes);
      if (const auto stops = Block::mask(Block::stops(bytes)); stops != 0) return at + first(stops);
      at += size;
    }
    return in_the_last(at);
  }

  /// What is shorter than a block is looked at as the end of the text's last one.
  [[nodiscard, gnu::noinline]] const char* in_the_last(const char* at) noexcept {
    if (at == end_) return end_;
    if (left(begin_) < Block::size) return byte_by_byte(at);
    const auto bytes = Block::load(end_ - Block::size);
    seen_ |= Block::mask(bytes);
    const auto stops = Block::mask(Block::stops(bytes)) >> ((Block::size - left(at)) * Block::mask_bits);
    return stops != 0 ? at + first(stops) : end_;
  }
  [[nodiscard]] const char* byte_by_byte(const char* at) noexcept {
    for (; at != end_; ++at) {
      const auto byte = static_cast<unsigned char>(*at);
      if (byte == '"' || byte == '\\' || byte < 0x20) break;
      seen_ |= byte & 0x80;
    }
    return at;
  }

  const char* begin_;
  const char* end_;
  std::uint64_t seen_ = 0;
};

}  // namespace spidergate::json
