#include "credential.hpp"

#include <algorithm>

namespace spidergate::engine {

namespace {

/// Walks over a flat object of strings. The text was written by our own canonical writer, so only its escapes are known
/// here.
class flat_reader {
 public:
  explicit flat_reader(std::string_view text) : rest_(text) {}
  ~flat_reader() { std::fill(unescaped_.begin(), unescaped_.end(), '\0'); }
  flat_reader(const flat_reader&) = delete;
  flat_reader& operator=(const flat_reader&) = delete;

  bool take(char c) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Stands in the text itself, or where it has escapes, here until the next call.
  std::optional<std::string_view> take_string() {
    if (!take('"')) return std::nullopt;
    const auto quote = rest_.find('"');
    if (quote == std::string_view::npos) return std::nullopt;
    const auto plain = rest_.substr(0, quote);
    if (plain.find('\\') != std::string_view::npos) return take_escaped();
    rest_.remove_prefix(quote + 1);
    return plain;
  }

  [[nodiscard]] bool at_end() {
    skip_blanks();
    return rest_.empty();
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() &&
           (rest_.front() == ' ' || rest_.front() == '\n' || rest_.front() == '\r' || rest_.front() == '\t'))
      rest_.remove_prefix(1);
  }

  std::optional<std::string_view> take_escaped() {
    std::fill(unescaped_.begin(), unescaped_.end(), '\0');
    unescaped_.clear();
    unescaped_.reserve(rest_.size());  // never moved: it may hold the secret
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return unescaped_;
      if (c != '\\') {
        unescaped_.push_back(c);
      } else if (!take_escape()) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  bool take_escape() {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    constexpr std::string_view from = "\"\\/bfnrt";
    constexpr std::string_view to = "\"\\/\b\f\n\r\t";
    if (const auto at = from.find(c); at != std::string_view::npos) {
      unescaped_.push_back(to[at]);
      return true;
    }
    // Only control characters are ever written as \u00XX.
    if (c != 'u' || rest_.size() < 4 || rest_.substr(0, 2) != "00") return false;
    const auto hex = [](char h) { return h <= '9' ? h - '0' : (h | 0x20) - 'a' + 10; };
    unescaped_.push_back(static_cast<char>(hex(rest_[2]) * 16 + hex(rest_[3])));
    rest_.remove_prefix(4);
    return true;
  }

  std::string_view rest_;
  std::string unescaped_;
};

}  // namespace

std::optional<providers::credential> read_credential(std::string_view flat_json) {
  std::optional<providers::credential> secret(std::in_place);
  if (flat_json.empty()) return secret;
  flat_reader reader(flat_json);
  if (!reader.take('{')) return std::nullopt;
  if (reader.take('}')) return secret;
  do {
    const auto name_text = reader.take_string();
    if (!name_text || !reader.take(':')) return std::nullopt;
    const bool is_key = *name_text == "api_key";
    std::string name(is_key ? std::string_view() : *name_text);
    const auto value = reader.take_string();
    if (!value) return std::nullopt;
    if (is_key) {
      secret->key = secret_string(*value);
    } else {
      secret->settings.emplace_back(std::move(name), secret_string(*value));
    }
  } while (reader.take(','));
  if (!reader.take('}') || !reader.at_end()) return std::nullopt;
  return secret;
}

}  // namespace spidergate::engine
