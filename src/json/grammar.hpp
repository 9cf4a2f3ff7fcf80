#pragma once
#include "block.hpp"
#include "node_list.hpp"
#include "string_scan.hpp"

#include <spidergate/json/reader.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spidergate::json {

/// Checks a text against RFC 8259 in one pass from left to right, and notes its values. Only UTF-8 is left to its
/// caller, who needs to look only where beyond_ascii() says so. Its methods take the place where something begins and
/// return the one behind it, or null when failure() tells why.
class grammar {
 public:
  /// REQUIRES: the last byte of `text` is a closing bracket, or a NUL stands behind it. Nothing that comes before can
  /// run over either, so that places need not be compared with the text's end but behind brackets and in strings.
  grammar(std::string_view text, surrogates rule, node_list& nodes)
      : text_(text), end_(text.data() + text.size()), rule_(rule), nodes_(nodes), strings_(text) {}

  [[nodiscard]] bool check();
  [[nodiscard]] const fault& failure() const noexcept { return fault_; }
  /// Of a text that is sound: whether it has bytes beyond ASCII, all of them in strings.
  [[nodiscard]] bool beyond_ascii() const noexcept { return strings_.beyond_ascii(); }

 private:
  using place = const char*;

  [[nodiscard]] place value(place at);
  [[nodiscard]] place object(place at);
  [[nodiscard]] place array(place at);
  [[nodiscard]] place string(place at);
  [[nodiscard, gnu::noinline]] place long_string(place at);
  [[nodiscard]] place escape(place at);
  [[nodiscard]] place surrogate(place at, std::uint32_t code);
  [[nodiscard]] place number(place at);
  [[nodiscard]] place word(place at, std::string_view expected);
  [[nodiscard]] place scalar(place at, place behind);

  [[nodiscard]] bool descend(place at);
  [[nodiscard]] place ascend(std::size_t opened, place closing);
  /// Null. Whatever is missing at the end of the text, it ends too early.
  [[nodiscard, gnu::cold, gnu::noinline]] place fail(std::string_view message, place at);

  [[nodiscard]] std::uint32_t offset(place at) const noexcept { return static_cast<std::uint32_t>(at - text_.data()); }

  std::string_view text_;
  place end_;
  surrogates rule_;
  node_list& nodes_;
  string_scan<block> strings_;
  std::uint32_t depth_ = 0;
  fault fault_;
};

/// Where the first bytes that are not UTF-8 are, in a text of which it is known that there are some.
[[nodiscard]] std::size_t find_bad_utf8(std::string_view text) noexcept;

}  // namespace spidergate::json
