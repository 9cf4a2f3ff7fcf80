#include "request_ids.hpp"

#include <spidergate/crypto/record_id.hpp>

#include <algorithm>
#include <array>

namespace spidergate::api {

namespace {

/// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t next_number(std::uint64_t& state) noexcept {
  auto z = (state += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

constexpr std::string_view prefix = "req_";
constexpr std::size_t id_length = 26;
constexpr std::size_t first_half = 7;  ///< of the thirteen random digits

}  // namespace

request_ids::request_ids(crypto::random_source& random, const runtime::clock& time) : time_(time) {
  std::array<unsigned char, sizeof(state_)> seed{};
  random.fill(seed);
  std::copy(seed.begin(), seed.end(), reinterpret_cast<unsigned char*>(state_));
}

std::string request_ids::next() {
  std::string id(prefix);
  id.resize(id_length);
  const auto digits = std::span(id).subspan(prefix.size());
  const auto chosen = digits.subspan(crypto::time_digits);
  crypto::put_base62(digits.first(crypto::time_digits), static_cast<std::uint64_t>(time_.epoch_us_now()));
  crypto::put_base62(chosen.first(first_half), next_number(state_[0]));
  crypto::put_base62(chosen.subspan(first_half), next_number(state_[1]));
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
