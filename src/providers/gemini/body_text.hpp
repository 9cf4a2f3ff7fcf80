#pragma once
#include <spidergate/core/json_text.hpp>
#include <spidergate/providers/dialect.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace spidergate::providers::gemini {

/// Collects a request's body: what is small is copied together, what is large (images, documents, long prompts) stays a
/// view of the client's bytes.
class body_text {
 public:
  explicit body_text(wire_request& wire) : wire_(wire) { text_.reserve(1024); }

  /// Text of ours.
  body_text& add(std::string_view text) {
    text_.append(text);
    return *this;
  }
  /// Bytes that stand as long as the request does.
  body_text& view(std::string_view bytes) {
    constexpr std::size_t worth_a_piece = 1024;
    if (bytes.size() < worth_a_piece) return add(bytes);
    flush();
    wire_.body.push_back(bytes);
    return *this;
  }
  /// A string literal's inside.
  body_text& literal(std::string_view inside) { return add("\"").view(inside).add("\""); }
  body_text& number(std::int64_t value) {
    append_json_number(text_, value);
    return *this;
  }
  /// What is to be copied together anyway.
  [[nodiscard]] std::string& text() noexcept { return text_; }
  void flush() {
    if (text_.empty()) return;
    wire_.owned.push_back(std::make_unique<std::string>(std::exchange(text_, {})));
    wire_.body.push_back(*wire_.owned.back());
  }

 private:
  wire_request& wire_;
  std::string text_;
};

}  // namespace spidergate::providers::gemini
