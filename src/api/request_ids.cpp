#include "request_ids.hpp"

#include <algorithm>
#include <array>

namespace spidergate::api {

namespace {

constexpr std::string_view base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t next_number(std::uint64_t& state) noexcept {
  auto z = (state += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

constexpr std::size_t id_length = 26;
constexpr std::size_t time_end = 13;  ///< "req_" and nine digits of time
constexpr std::size_t half_end = 20;

/// Fills [from, to) with the low digits of `number`, the highest first.
void put_base62(std::string& id, std::size_t from, std::size_t to, std::uint64_t number) {
  for (auto at = to; at > from; number /= 62) id[--at] = base62[number % 62];
}

}  // namespace

request_ids::request_ids(crypto::random_source& random, const runtime::clock& time) : time_(time) {
  std::array<unsigned char, sizeof(state_)> seed{};
  random.fill(seed);
  std::copy(seed.begin(), seed.end(), reinterpret_cast<unsigned char*>(state_));
}

std::string request_ids::next() {
  std::string id(id_length, '\0');
  id.replace(0, 4, "req_");
  put_base62(id, 4, time_end, static_cast<std::uint64_t>(time_.epoch_us_now()));
  put_base62(id, time_end, half_end, next_number(state_[0]));
  put_base62(id, half_end, id_length, next_number(state_[1]));
  return id;
}

std::string_view valid_client_id(std::string_view id) noexcept {
  constexpr std::size_t longest = 128;
  const bool valid = !id.empty() && id.size() <= longest && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
           c == '.' || c == ':';
  });
  return valid ? id : std::string_view{};
}

}  // namespace spidergate::api
