#include "credential.hpp"

#include <algorithm>

namespace spidergate::engine {

namespace {

/// Walks over a flat object of strings. The text was written by our own canonical writer, so only its escapes are known
/// here.
class flat_reader {
 public:
  explicit flat_reader(std::string_view text) : rest_(text) {}

  bool take(char c) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<std::string> take_string() {
    if (!take('"')) return std::nullopt;
    std::string text;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return text;
      if (c != '\\') {
        text.push_back(c);
      } else if (!take_escape(text)) {
        return std::nullopt;
      }
    }
    return std::nullopt;
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

  bool take_escape(std::string& text) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    constexpr std::string_view from = "\"\\/bfnrt";
    constexpr std::string_view to = "\"\\/\b\f\n\r\t";
    if (const auto at = from.find(c); at != std::string_view::npos) {
      text.push_back(to[at]);
      return true;
    }
    // Only control characters are ever written as \u00XX.
    if (c != 'u' || rest_.size() < 4 || rest_.substr(0, 2) != "00") return false;
    const auto hex = [](char h) { return h <= '9' ? h - '0' : (h | 0x20) - 'a' + 10; };
    text.push_back(static_cast<char>(hex(rest_[2]) * 16 + hex(rest_[3])));
    rest_.remove_prefix(4);
    return true;
  }

  std::string_view rest_;
};

/// "{account_id}" in a base URL is filled from the credential's settings.
std::optional<std::string> fill_settings(std::string_view pattern, const providers::credential& secret) {
  std::string filled;
  while (!pattern.empty()) {
    const auto open = pattern.find('{');
    filled.append(pattern.substr(0, open));
    if (open == std::string_view::npos) break;
    const auto close = pattern.find('}', open);
    if (close == std::string_view::npos) return std::nullopt;
    const auto name = pattern.substr(open + 1, close - open - 1);
    const auto found =
        std::find_if(secret.settings.begin(), secret.settings.end(), [&](const auto& s) { return s.first == name; });
    if (found == secret.settings.end()) return std::nullopt;
    filled.append(found->second.reveal());
    pattern.remove_prefix(close + 1);
  }
  return catalogue::callable_url(std::move(filled));
}

/// "https://{workspace_host}/v1": the account decides where it goes.
bool names_its_host_by_setting(std::string_view base_url) {
  const auto scheme = base_url.find("://");
  const auto host = base_url.substr(scheme == std::string_view::npos ? 0 : scheme + 3);
  return host.substr(0, host.find('/')).find('{') != std::string_view::npos;
}

/// Whether `where` is the origin that the key was bound to when it was stored.
bool is_bound_to(const vault::lease& key, const upstream::origin& where) {
  return key.origin.empty() || where.to_string() == key.origin;
}

/// Whether the key was stored for the provider's own base URL, so that its variants are its own places too.
bool belongs_to(const catalogue::provider& provider, const vault::lease& key, const providers::credential& secret) {
  const auto url = fill_settings(provider.base_url, secret);
  const auto own = url ? upstream::parse_url(*url) : std::nullopt;
  return own && is_bound_to(key, own->where);
}

/// False where a variant sends a key and the credential signs instead.
bool can_speak(const catalogue::provider& spoken, const providers::credential& secret) {
  using catalogue::auth_style;
  const bool sends_key = spoken.auth == auth_style::bearer || spoken.auth == auth_style::header ||
                         spoken.auth == auth_style::query || spoken.auth == auth_style::scheme;
  return !sends_key || !secret.key.empty();
}

}  // namespace

std::optional<providers::credential> read_credential(std::string_view flat_json) {
  providers::credential secret;
  if (flat_json.empty()) return secret;
  flat_reader reader(flat_json);
  if (!reader.take('{')) return std::nullopt;
  if (reader.take('}')) return secret;
  do {
    auto name = reader.take_string();
    if (!name || !reader.take(':')) return std::nullopt;
    auto value = reader.take_string();
    if (!value) return std::nullopt;
    if (*name == "api_key") {
      secret.key = secret_string(*value);
    } else {
      secret.settings.emplace_back(std::move(*name), secret_string(*value));
    }
    std::fill(value->begin(), value->end(), '\0');
  } while (reader.take(','));
  if (!reader.take('}') || !reader.at_end()) return std::nullopt;
  return secret;
}

std::optional<destination> destination_of(const catalogue::provider& provider, const vault::lease& key,
                                          const providers::credential& secret, bool allow_private_base_urls,
                                          std::string_view dialect) {
  const auto& spoken = provider.in_dialect(dialect);
  const auto url = fill_settings(key.base_url.empty() ? spoken.base_url : key.base_url, secret);
  if (!url) return std::nullopt;
  auto parsed = upstream::parse_url(*url);
  if (!parsed) return std::nullopt;
  const bool variant = &spoken != &provider;
  if (variant && !can_speak(spoken, secret)) return std::nullopt;
  if (variant && key.base_url.empty() ? !belongs_to(provider, key, secret) : !is_bound_to(key, parsed->where))
    return std::nullopt;
  // What came through the API is held to public targets: a base_url of its own, or a setting that names the host. The
  // catalogue and the config file are the operator's word.
  parsed->where.allow_private = provider.from_config || allow_private_base_urls ||
                                (key.base_url.empty() && !names_its_host_by_setting(spoken.base_url));
  return destination{std::move(parsed->where), std::move(parsed->path)};
}

}  // namespace spidergate::engine
