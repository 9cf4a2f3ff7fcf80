#include <spidergate/auth/token.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace spidergate::auth {

namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t random_length = 32;
constexpr std::size_t checksum_length = 6;
constexpr std::string_view prod_prefix = "sg_key_prod_";
constexpr std::string_view dev_prefix = "sg_key_dev_";
constexpr std::string_view pat_prefix = "spideriq_pat_";
constexpr std::string_view client_prefix = "cli_";
constexpr std::string_view api_key_prefix = "ck_";
constexpr std::string_view api_secret_prefix = "cs_";
constexpr std::size_t longest_client_id = 64;

std::array<char, checksum_length> checksum_of(std::string_view text) noexcept {
  std::array<char, checksum_length> digits{};
  auto rest = crypto::crc32(text);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    *digit = alphabet[rest % alphabet.size()];
    rest /= static_cast<std::uint32_t>(alphabet.size());
  }
  return digits;
}

constexpr std::array<bool, 256> in_alphabet = [] {
  std::array<bool, 256> in{};
  for (const char c : alphabet) in[static_cast<unsigned char>(c)] = true;
  return in;
}();

/// Looks at all of it: what is asked is nearly always right, and a loop without exits is the quickest then.
bool is_base62(std::string_view text) noexcept {
  bool all = true;
  for (const char c : text) all &= in_alphabet[static_cast<unsigned char>(c)];
  return all;
}

std::string checked_text(crypto::random_source& random, std::string_view prefix) {
  auto text = std::string(prefix) + crypto::random_base62(random, random_length);
  const auto checksum = checksum_of(text);
  return text.append(checksum.data(), checksum.size());
}

/// Whether `text` is this prefix, 38 letters and digits, and the last six of them are right.
bool is_checked(std::string_view text, std::string_view prefix) noexcept {
  if (!text.starts_with(prefix) || text.size() != prefix.size() + random_length + checksum_length) return false;
  if (!is_base62(text.substr(prefix.size()))) return false;
  const auto checksum = checksum_of(text.substr(0, text.size() - checksum_length));
  return text.ends_with(std::string_view(checksum.data(), checksum.size()));
}

bool is_client_id(std::string_view text) noexcept {
  return text.starts_with(client_prefix) && text.size() > client_prefix.size() && text.size() <= longest_client_id &&
         is_base62(text.substr(client_prefix.size()));
}

std::string abridged(std::string_view text, std::size_t prefix_length) {
  std::string shown(text.substr(0, prefix_length + 4));
  shown += "…";
  return shown.append(text.substr(text.size() - 4));
}

fresh_token make(crypto::random_source& random, std::string_view prefix) {
  const auto text = checked_text(random, prefix);
  return {secret_string(text), display_form(text), crypto::sha256(text), std::nullopt};
}

}  // namespace

fresh_token make_key(crypto::random_source& random, std::string_view env) {
  if (env == "prod") return make(random, prod_prefix);
  if (env == "dev") return make(random, dev_prefix);
  throw std::invalid_argument("the env of a key is prod or dev");
}

fresh_token make_pat(crypto::random_source& random) {
  return make(random, pat_prefix);
}

fresh_token make_triple(crypto::random_source& random, std::string_view client_id) {
  if (!is_client_id(client_id)) throw std::invalid_argument("a client's id is cli_ and letters and digits");
  const auto api_key = checked_text(random, api_key_prefix);
  const auto api_secret = checked_text(random, api_secret_prefix);
  const auto text = std::string(client_id) + ":" + api_key + ":" + api_secret;
  return {secret_string(text), display_form(text), crypto::sha256(api_key), crypto::sha256(api_secret)};
}

std::optional<token_kind> kind_of(std::string_view text) noexcept {
  if (is_checked(text, prod_prefix) || is_checked(text, dev_prefix)) return token_kind::key;
  if (is_checked(text, pat_prefix)) return token_kind::pat;
  if (triple_of(text)) return token_kind::triple;
  return std::nullopt;
}

bool well_formed(std::string_view text) noexcept {
  return kind_of(text).has_value();
}

std::optional<triple> triple_of(std::string_view text) noexcept {
  const auto first = text.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = text.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const triple parts{text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(second + 1)};
  const bool sound = is_client_id(parts.client_id) && is_checked(parts.api_key, api_key_prefix) &&
                     is_checked(parts.api_secret, api_secret_prefix);
  return sound ? std::optional(parts) : std::nullopt;
}

std::string display_form(std::string_view text) {
  if (const auto parts = triple_of(text))
    return std::string(parts->client_id) + ":" + abridged(parts->api_key, api_key_prefix.size());
  for (const auto prefix : {prod_prefix, dev_prefix, pat_prefix})
    if (is_checked(text, prefix)) return abridged(text, prefix.size());
  return {};
}

}  // namespace spidergate::auth
