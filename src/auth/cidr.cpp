#include <spidergate/auth/cidr.hpp>
#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>

namespace spidergate::auth {

namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int v4_prefix_bits = 96;

}  // namespace

std::optional<ip_address> ip_address::parse(std::string_view text) noexcept {
  text = text.substr(0, text.find('%'));
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.empty() || text.size() >= terminated.size()) return std::nullopt;
  std::copy(text.begin(), text.end(), terminated.begin());

  ip_address address;
  if (inet_pton(AF_INET6, terminated.data(), address.bytes.data()) == 1) return address;
  std::copy(v4_prefix.begin(), v4_prefix.end(), address.bytes.begin());
  if (inet_pton(AF_INET, terminated.data(), address.bytes.data() + v4_prefix.size()) == 1) return address;
  return std::nullopt;
}

bool ip_address::is_v4() const noexcept {
  return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes.begin());
}

ip_address ip_address::masked(int bits) const noexcept {
  auto kept = *this;
  for (int i = 0; i < 16; ++i) {
    const auto left = std::clamp(bits - i * 8, 0, 8);
    kept.bytes[static_cast<std::size_t>(i)] &= static_cast<std::uint8_t>(0xff00 >> left);
  }
  return kept;
}

std::optional<cidr> cidr::parse(std::string_view text) noexcept {
  const auto slash = text.find('/');
  const auto base = ip_address::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  if (slash == std::string_view::npos) return cidr(*base, 128);

  const auto bits = parse_integer<int>(text.substr(slash + 1));
  const auto written_as_v6 = text.substr(0, slash).find(':') != std::string_view::npos;
  const auto offset = written_as_v6 ? 0 : v4_prefix_bits;
  if (!bits || *bits < 0 || *bits > 128 - offset) return std::nullopt;
  return cidr(base->masked(*bits + offset), *bits + offset);
}

bool cidr::contains(const ip_address& address) const noexcept {
  if (address.is_v4() && bits_ < v4_prefix_bits) return false;
  return address.masked(bits_) == network_;
}

bool in_cidr(std::string_view address, std::string_view network) noexcept {
  const auto parsed = ip_address::parse(address);
  const auto range = cidr::parse(network);
  return parsed && range && range->contains(*parsed);
}

}  // namespace spidergate::auth
