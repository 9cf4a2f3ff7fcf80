#pragma once
#include <optional>
#include <string_view>

namespace spidergate::json {

/// What stands between the quotes of a string.
struct literal {
  std::string_view inside;  ///< escapes not undone
  bool escaped = false;     ///< whether there are any
};

/// The inside of a string that `text` begins with, up to the quote that must follow: for who knows all else of a JSON
/// text already. Nothing where no quote closes it, and where a reader with surrogates::any would refuse it. Nothing
/// behind `text` is read.
[[nodiscard]] std::optional<literal> read_literal(std::string_view text) noexcept;

}  // namespace spidergate::json
