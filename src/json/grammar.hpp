#pragma once
#include <spidergate/json/reader.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace spidergate::json {

/// Checks the tokens that simdjson found against RFC 8259. simdjson's first stage has seen to UTF-8, to control
/// characters inside of strings and to unclosed strings; order of tokens, words, numbers and escapes are this class's.
/// It trusts no byte between two tokens.
class grammar {
 public:
  grammar(const token_table& table, std::uint32_t count, std::uint32_t* closers, surrogates rule)
      : table_(table), count_(count), closers_(closers), rule_(rule) {}

  [[nodiscard]] bool check();
  [[nodiscard]] const fault& failure() const noexcept { return fault_; }

 private:
  enum class expect : std::uint8_t { value, first_element, first_name, name, separator, end };

  [[nodiscard]] bool step(std::uint32_t& token);
  [[nodiscard]] bool value_at(std::uint32_t token);
  [[nodiscard]] bool open(std::uint32_t token, expect next);
  void close(std::uint32_t token);
  [[nodiscard]] bool separator_at(std::uint32_t token);
  [[nodiscard]] bool name_at(std::uint32_t& token);
  [[nodiscard]] bool string_at(std::uint32_t token);
  [[nodiscard]] bool escapes(std::string_view literal, std::size_t offset);
  [[nodiscard]] bool fail(std::string_view message, std::size_t offset);

  [[nodiscard]] char at(std::uint32_t token) const noexcept {
    return token < count_ ? table_.text[table_.places[token]] : '\0';
  }
  /// A scalar's bytes, without the white space behind it.
  [[nodiscard]] std::string_view scalar(std::uint32_t token) const noexcept;
  [[nodiscard]] bool in_object() const noexcept { return table_.text[table_.places[open_[depth_ - 1]]] == '{'; }

  const token_table& table_;
  std::uint32_t count_;
  std::uint32_t* closers_;
  surrogates rule_;
  expect expected_ = expect::value;
  std::uint32_t depth_ = 0;
  std::array<std::uint32_t, max_depth> open_;
  fault fault_;
};

/// Where bad UTF-8, a raw control character or an unclosed string is, in a text of which simdjson said that there is
/// one.
[[nodiscard]] fault find_string_fault(std::string_view text);

}  // namespace spidergate::json
