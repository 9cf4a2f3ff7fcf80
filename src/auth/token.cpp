#include <spidergate/auth/token.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace spidergate::auth {

namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t random_length = 32;
constexpr std::size_t checksum_length = 6;
constexpr std::array<std::string_view, 3> prefixes{"sg_key_prod_", "sg_key_dev_", "spideriq_pat_"};

std::array<char, checksum_length> checksum_of(std::string_view text) noexcept {
  std::array<char, checksum_length> digits{};
  auto rest = crypto::crc32(text);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    *digit = alphabet[rest % alphabet.size()];
    rest /= static_cast<std::uint32_t>(alphabet.size());
  }
  return digits;
}

bool is_base62(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// The length of the known prefix, or 0.
std::size_t prefix_length(std::string_view text) noexcept {
  for (const auto prefix : prefixes) {
    if (text.starts_with(prefix)) return prefix.size();
  }
  return 0;
}

fresh_token make(crypto::random_source& random, std::string_view prefix) {
  auto text = std::string(prefix) + crypto::random_base62(random, random_length);
  const auto checksum = checksum_of(text);
  text.append(checksum.data(), checksum.size());
  return {secret_string(text), display_form(text), crypto::sha256(text)};
}

}  // namespace

fresh_token make_key(crypto::random_source& random, std::string_view env) {
  if (env == "prod") return make(random, prefixes[0]);
  if (env == "dev") return make(random, prefixes[1]);
  throw std::invalid_argument("the env of a key is prod or dev");
}

fresh_token make_pat(crypto::random_source& random) {
  return make(random, prefixes[2]);
}

bool well_formed(std::string_view text) noexcept {
  const auto prefix = prefix_length(text);
  if (prefix == 0 || text.size() != prefix + random_length + checksum_length) return false;
  if (!std::all_of(text.begin() + static_cast<std::ptrdiff_t>(prefix), text.end(), is_base62)) return false;
  const auto checksum = checksum_of(text.substr(0, text.size() - checksum_length));
  return text.ends_with(std::string_view(checksum.data(), checksum.size()));
}

std::string display_form(std::string_view text) {
  if (!well_formed(text)) return {};
  std::string shown(text.substr(0, prefix_length(text) + 4));
  shown += "…";
  return shown.append(text.substr(text.size() - 4));
}

}  // namespace spidergate::auth
