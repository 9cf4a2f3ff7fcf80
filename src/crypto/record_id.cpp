#include <spidergate/crypto/record_id.hpp>

namespace spidergate::crypto {

namespace {

constexpr std::string_view base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t random_digits = 7;

}  // namespace

void put_base62(std::span<char> digits, std::uint64_t number) noexcept {
  for (auto at = digits.rbegin(); at != digits.rend(); ++at, number /= base62.size())
    *at = base62[number % base62.size()];
}

std::string record_id(random_source& random, std::string_view prefix, std::int64_t now_us) {
  std::string id(prefix);
  id.resize(prefix.size() + time_digits);
  put_base62(std::span(id).subspan(prefix.size()), static_cast<std::uint64_t>(now_us));
  return id + random_base62(random, random_digits);
}

}  // namespace spidergate::crypto
