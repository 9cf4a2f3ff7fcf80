#pragma once
#include <spidergate/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace spidergate::json {

/// Deeper texts are refused (spec section 12), which also bounds every walk over a value.
inline constexpr std::size_t max_depth = 128;

/// Why a text is not JSON, and where.
struct fault {
  std::string message;     ///< "expected ',' or '}'", without the place
  std::size_t offset = 0;  ///< the byte at which it shows
};

/// "line 3, column 7": both counted from 1, columns in bytes.
[[nodiscard]] std::string place_of(std::string_view text, std::size_t offset);

/// What a reader lets pass.
enum class surrogates : std::uint8_t {
  paired,  ///< a lone \uD800-\uDFFF is a fault: it cannot be said in UTF-8, so no two readers agree on it
  any,     ///< for what providers send: models cut emoji in two between two events
};

/// Reads a text without building a tree: one walk from left to right checks the whole grammar of RFC 8259 (nesting,
/// numbers, words, strings and their escapes, nothing behind the end) and notes where each value begins and ends, 12
/// bytes a value; strings are gone through many bytes at a time. UTF-8 is checked where there is a byte beyond ASCII.
/// Nothing is copied, whatever its size, and nothing behind the text is read. Values are views of the text and of this
/// reader's notes: they stand until the next read. A reader keeps its memory for the next text: have one per thread.
/// Not thread-safe.
class reader {
 public:
  reader();
  ~reader();
  reader(reader&&) noexcept;
  reader& operator=(reader&&) noexcept;

  /// True when all of `text` is one JSON value; otherwise failure() tells. `text` must outlive the values.
  [[nodiscard]] bool read(std::string_view text, surrogates rule = surrogates::paired);
  /// REQUIRES: the last read succeeded.
  [[nodiscard]] value root() const noexcept;
  /// REQUIRES: the last read failed.
  [[nodiscard]] const fault& failure() const noexcept;

 private:
  struct index;
  std::unique_ptr<index> index_;
};

/// `text` without a leading byte order mark, which RFC 8259 section 8.1 lets a parser ignore.
[[nodiscard]] std::string_view without_bom(std::string_view text) noexcept;

}  // namespace spidergate::json
