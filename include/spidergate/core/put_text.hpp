#pragma once
#include <algorithm>
#include <string_view>

namespace spidergate {

/// Copies the text and returns where it ends, like put_digits() of numbers: for what is put together in place.
inline char* put_text(char* at, std::string_view text) noexcept {
  return std::copy(text.begin(), text.end(), at);
}

}  // namespace spidergate
