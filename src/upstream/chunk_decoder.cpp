#include "chunk_decoder.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace spidergate::upstream {
namespace {

constexpr std::size_t max_skipped_bytes = 8 * 1024;
constexpr std::size_t max_size_digits = 15;

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

chunk_decoder::progress chunk_decoder::decode(std::span<char> bytes) noexcept {
  std::size_t in = 0;
  std::size_t begin = 0;
  std::size_t out = 0;
  while (in < bytes.size() && state_ != state::done) {
    if (state_ == state::size_begin) in += take_size_line(bytes.subspan(in));
    if (state_ != state::data) {
      if (in == bytes.size()) break;
      const bool fits = step(bytes[in]);
      ++in;
      if (!fits) return {in, begin, out, status::broken};
      continue;
    }
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - in));
    if (out == 0) begin = in;
    if (in != begin + out) std::memmove(bytes.data() + begin + out, bytes.data() + in, count);
    in += count;
    out += count;
    left_ -= count;
    if (left_ != 0) continue;
    const auto line_end = bytes.subspan(in).first(std::min<std::size_t>(2, bytes.size() - in));
    const bool ends = std::string_view(line_end.data(), line_end.size()) == "\r\n";
    if (ends) in += 2;
    state_ = ends ? state::size_begin : state::data_cr;
  }
  return {in, begin, out, state_ == state::done ? status::finished : status::more};
}

std::size_t chunk_decoder::take_size_line(std::span<const char> bytes) noexcept {
  std::uint64_t size = 0;
  std::size_t digits = 0;
  for (; digits < std::min(bytes.size(), max_size_digits); ++digits) {
    const int value = hex_value(bytes[digits]);
    if (value < 0) break;
    size = size * 16 + static_cast<std::uint64_t>(value);
  }
  if (digits == 0 || bytes.size() < digits + 2 || bytes[digits] != '\r' || bytes[digits + 1] != '\n') return 0;
  left_ = size;
  state_ = size == 0 ? state::line_begin : state::data;
  return digits + 2;
}

bool chunk_decoder::step(char c) noexcept {
  const auto expect = [&](char wanted, state next) {
    state_ = next;
    return c == wanted;
  };
  switch (state_) {
    case state::size_begin:
      left_ = 0;
      size_digits_ = 0;
      state_ = state::size;
      return push_size_digit(c);
    case state::size:
      if (c == '\r') return expect('\r', state::size_lf);
      if (c != ';' && c != ' ' && c != '\t') return push_size_digit(c);
      state_ = state::extension;
      return skip_one();
    case state::extension:
      if (c == '\r') return expect('\r', state::size_lf);
      return c != '\n' && skip_one();
    case state::size_lf:
      return expect('\n', left_ == 0 ? state::line_begin : state::data);
    case state::data_cr:
      return expect('\r', state::data_lf);
    case state::data_lf:
      return expect('\n', state::size_begin);
    case state::line_begin:
      if (c == '\r') return expect('\r', state::end_lf);
      state_ = state::line;
      return c != '\n' && skip_one();
    case state::line:
      if (c == '\r') return expect('\r', state::line_lf);
      return c != '\n' && skip_one();
    case state::line_lf:
      return expect('\n', state::line_begin);
    case state::end_lf:
      return expect('\n', state::done);
    case state::data:
    case state::done:
      break;
  }
  return false;
}

bool chunk_decoder::push_size_digit(char c) noexcept {
  const int value = hex_value(c);
  if (value < 0 || ++size_digits_ > max_size_digits) return false;
  left_ = left_ * 16 + static_cast<std::uint64_t>(value);
  return true;
}

bool chunk_decoder::skip_one() noexcept {
  return ++skipped_ <= max_skipped_bytes;
}

}  // namespace spidergate::upstream
