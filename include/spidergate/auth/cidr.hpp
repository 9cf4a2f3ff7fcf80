#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace spidergate::auth {

/// An address as 16 bytes; IPv4 in its mapped form (::ffff:a.b.c.d), so that "10.0.0.1" and "::ffff:10.0.0.1" are the
/// same.
struct ip_address {
  std::array<std::uint8_t, 16> bytes{};

  /// Without port and brackets; a zone ("%eth0") is ignored. Nothing when malformed.
  [[nodiscard]] static std::optional<ip_address> parse(std::string_view text) noexcept;
  [[nodiscard]] bool is_v4() const noexcept;
  /// This address with all but its first `bits` (of 128) set to zero.
  [[nodiscard]] ip_address masked(int bits) const noexcept;

  friend bool operator==(const ip_address&, const ip_address&) = default;
};

/// A network: "10.0.0.0/8", "2001:db8::/32", or a single address. IPv6 networks hold no IPv4 addresses.
class cidr {
 public:
  /// Nothing when malformed. Bits behind the prefix are ignored.
  [[nodiscard]] static std::optional<cidr> parse(std::string_view text) noexcept;
  [[nodiscard]] bool contains(const ip_address& address) const noexcept;

 private:
  cidr(const ip_address& network, int bits) : network_(network), bits_(bits) {}

  ip_address network_;
  int bits_;
};

/// True when `address` lies in `network`, both as text; false when either is malformed.
[[nodiscard]] bool in_cidr(std::string_view address, std::string_view network) noexcept;

}  // namespace spidergate::auth
