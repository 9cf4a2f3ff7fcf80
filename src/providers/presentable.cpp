#include "error_reading.hpp"

#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace spidergate::providers {

namespace {

constexpr std::size_t longest_text = 1024;

// How the keys of known providers begin.
constexpr std::array<std::string_view, 26> key_prefixes{
    "sk-", "sk_",  "pk-",  "pk_", "rk-",   "gsk_", "xai-", "hf_",  "AIza",    "r8_",  "pplx-", "nvapi-", "csk-",
    "fw_", "key-", "api-", "eyJ", "ya29.", "ghp_", "ghu_", "gho_", "github_", "AKIA", "ASIA",  "tgp_",   "jina_"};
// What a key is introduced with; what follows it is masked whatever it looks like.
constexpr std::array<std::string_view, 10> introductions{
    "api key provided: ", "api key: ", "api-key: ",   "apikey: ", "api_key: ",
    "api key is: ",       "bearer ",   "x-api-key: ", "token: ",  "api_key="};
constexpr std::size_t shortest_key = 12;
constexpr std::size_t shortest_introduced = 4;

bool in_key(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '*' || c == '+' || c == '/' || c == '=';
}

bool ends_with_introduction(std::string_view before) {
  return std::any_of(introductions.begin(), introductions.end(), [&](std::string_view words) {
    return before.size() >= words.size() && iequals(before.substr(before.size() - words.size()), words);
  });
}

bool is_key(std::string_view before, std::string_view word) {
  if (word.size() >= shortest_introduced) {
    if (before.ends_with('\'') || before.ends_with('"') || before.ends_with('`')) before.remove_suffix(1);
    if (ends_with_introduction(before)) return true;
  }
  if (word.size() < shortest_key) return false;
  return std::any_of(key_prefixes.begin(), key_prefixes.end(), [&](std::string_view p) { return word.starts_with(p); });
}

std::string with_keys_masked(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto* begin = text.data() + at;
    const auto* end = std::find_if_not(begin, text.data() + text.size(), in_key);
    auto word = std::string_view(begin, static_cast<std::size_t>(end - begin));
    // A full stop ends the sentence, not the key.
    while (word.ends_with('.')) word.remove_suffix(1);
    if (word.empty()) {
      out.push_back(text[at++]);
      continue;
    }
    if (is_key(text.substr(0, at), word)) {
      out.append(word.substr(0, 3)).append("***");
    } else {
      out.append(word);
    }
    at += word.size();
  }
  return out;
}

/// Size of the UTF-8 sequence at the start of `text`, 0 when there is none. Overlong forms and surrogates are none.
std::size_t sequence(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool odd = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F);
    return follows(1) && follows(2) && !odd ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool odd = (lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F);
    return follows(1) && follows(2) && follows(3) && !odd ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string presentable(std::string_view text) {
  // A cut may not fall into a key, so masking comes first; four times the limit is enough to mask.
  const auto masked = with_keys_masked(text.substr(0, 4 * longest_text));
  std::string out;
  for (std::size_t at = 0; at < masked.size();) {
    const std::size_t size = sequence(std::string_view(masked).substr(at));
    const bool control = static_cast<unsigned char>(masked[at]) < 0x20 || masked[at] == 0x7F;
    const auto piece = size == 0 ? std::string_view("\xEF\xBF\xBD")
                       : control ? std::string_view(" ")
                                 : std::string_view(masked).substr(at, size);
    if (out.size() + piece.size() > longest_text) break;
    out.append(piece);
    at += std::max<std::size_t>(size, 1);
  }
  return std::string(trim(out));
}

}  // namespace spidergate::providers
