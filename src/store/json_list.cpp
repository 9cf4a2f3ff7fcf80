#include "json_list.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <cstdint>

namespace spidergate::store {

namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | code >> 6);
    byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3f));
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  }
}

class list_reader {
 public:
  explicit list_reader(std::string_view json) : rest_(json) {}

  std::optional<std::vector<std::string>> read() {
    std::vector<std::string> items;
    if (!take('[')) return std::nullopt;
    if (take(']')) return at_end(items);
    do {
      std::string item;
      if (!read_string(item)) return std::nullopt;
      items.push_back(std::move(item));
    } while (take(','));
    if (!take(']')) return std::nullopt;
    return at_end(items);
  }

 private:
  std::optional<std::vector<std::string>> at_end(std::vector<std::string>& items) {
    skip_space();
    if (!rest_.empty()) return std::nullopt;
    return std::move(items);
  }

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  bool take(char wanted) {
    skip_space();
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<char> next() {
    if (rest_.empty()) return std::nullopt;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  bool read_string(std::string& out) {
    if (!take('"')) return false;
    while (const auto c = next()) {
      if (*c == '"') return true;
      if (*c != '\\') {
        out += *c;
      } else if (!read_escape(out)) {
        return false;
      }
    }
    return false;
  }

  bool read_escape(std::string& out) {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const auto c = next();
    if (!c) return false;
    if (*c == 'u') return read_unicode(out);
    const auto at = names.find(*c);
    if (at == std::string_view::npos) return false;
    out += meanings[at];
    return true;
  }

  bool read_unicode(std::string& out) {
    auto code = hex4();
    if (!code) return false;
    if (*code >= 0xd800 && *code < 0xdc00) {
      if (next() != '\\' || next() != 'u') return false;
      const auto low = hex4();
      if (!low || *low < 0xdc00 || *low > 0xdfff) return false;
      code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
    }
    append_utf8(out, *code);
    return true;
  }

  std::optional<std::uint32_t> hex4() {
    constexpr std::string_view digits = "0123456789abcdefABCDEF";
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
      const auto c = next();
      const auto at = c ? digits.find(*c) : std::string_view::npos;
      if (at == std::string_view::npos) return std::nullopt;
      code = code * 16 + static_cast<std::uint32_t>(at < 16 ? at : at - 6);
    }
    return code;
  }

  std::string_view rest_;
};

}  // namespace

std::string to_json_list(const std::vector<std::string>& items) {
  std::string json;
  json_writer writer(json);
  writer.begin_array();
  for (const auto& item : items) writer.string(item);
  writer.end_array();
  return json;
}

std::optional<std::vector<std::string>> from_json_list(std::string_view json) {
  return list_reader(json).read();
}

}  // namespace spidergate::store
