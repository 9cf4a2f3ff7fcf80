#pragma once
#include <spidergate/providers/dialect.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace spidergate::providers::anthropic {

/// Writes a JSON body by hand. What is large and lies in the client's own bytes (images, documents, long texts) goes
/// out as a view of them, all else is copied. Members and elements get their commas by what was written last.
class body_pieces {
 public:
  explicit body_pieces(std::string_view client);

  /// Text that is valid JSON already.
  body_pieces& raw(std::string_view json);
  /// `"name":`, with a comma before it where one belongs.
  body_pieces& member(std::string_view name);
  /// A comma where one belongs, then `json`.
  body_pieces& element(std::string_view json);
  /// A string whose inside is escaped already.
  body_pieces& literal(std::string_view inside);
  /// A string that is not escaped yet.
  body_pieces& string(std::string_view text);
  body_pieces& number(std::int64_t value);

  /// Leaves nothing behind.
  void move_to(wire_request& wire);

 private:
  [[nodiscard]] bool lies_in_client(std::string_view text) const noexcept;

  struct piece {
    std::size_t copied_until;  ///< of `copied_`: what goes before it
    std::string_view view;
  };
  std::string_view client_;
  std::string copied_;
  std::vector<piece> views_;
  char last_ = '{';
};

}  // namespace spidergate::providers::anthropic
