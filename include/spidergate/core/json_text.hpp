#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace spidergate {

/// Appends `text` as a JSON string with its quotes (RFC 8259 section 7). Bytes that are not UTF-8 become U+FFFD,
/// so the output is always valid JSON.
void append_json_string(std::string& out, std::string_view text);

/// The same without the quotes, for a string made of several texts, each of which is UTF-8 by itself.
void append_json_text(std::string& out, std::string_view text);

/// Appends a decimal integer.
void append_json_number(std::string& out, std::int64_t number);

/// Writes one flat or nested JSON object or array by hand, keeping track of commas. For answers small enough to be
/// built directly, without a tree: receipts, errors, trace blocks.
class json_writer {
 public:
  explicit json_writer(std::string& out) : out_(out) {}
  json_writer& begin_object();
  json_writer& end_object();
  json_writer& begin_array();
  json_writer& end_array();
  json_writer& key(std::string_view name);
  json_writer& string(std::string_view text);
  json_writer& number(std::int64_t value);
  json_writer& boolean(bool value);
  json_writer& null();
  /// Text that is valid JSON already.
  json_writer& raw(std::string_view json);

 private:
  void separate();
  std::string& out_;
  bool need_comma_ = false;
};

}  // namespace spidergate
