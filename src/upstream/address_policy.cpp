#include <spidergate/upstream/client.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>

namespace spidergate::upstream {
namespace {

struct v4_block {
  std::uint32_t network;
  unsigned prefix;
};

constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) noexcept {
  return (a << 24U) | (b << 16U) | (c << 8U) | d;
}

// The IANA registry of special-purpose IPv4 addresses.
constexpr std::array<v4_block, 15> closed_v4{{{v4(0, 0, 0, 0), 8},
                                              {v4(10, 0, 0, 0), 8},
                                              {v4(100, 64, 0, 0), 10},   // carrier-grade NAT
                                              {v4(127, 0, 0, 0), 8},     // loopback
                                              {v4(169, 254, 0, 0), 16},  // link-local, cloud metadata
                                              {v4(172, 16, 0, 0), 12},
                                              {v4(192, 0, 0, 0), 24},
                                              {v4(192, 0, 2, 0), 24},
                                              {v4(192, 88, 99, 0), 24},
                                              {v4(192, 168, 0, 0), 16},
                                              {v4(198, 18, 0, 0), 15},
                                              {v4(198, 51, 100, 0), 24},
                                              {v4(203, 0, 113, 0), 24},
                                              {v4(224, 0, 0, 0), 4},    // multicast
                                              {v4(240, 0, 0, 0), 4}}};  // reserved, broadcast

bool is_closed(std::uint32_t address) noexcept {
  return std::any_of(closed_v4.begin(), closed_v4.end(), [address](const v4_block& block) {
    return (address ^ block.network) >> (32U - block.prefix) == 0;
  });
}

using v6_bytes = asio::ip::address_v6::bytes_type;

bool starts_with(const v6_bytes& address, std::initializer_list<unsigned> prefix) noexcept {
  return std::equal(prefix.begin(), prefix.end(), address.begin(),
                    [](unsigned wanted, unsigned char byte) { return wanted == byte; });
}

std::uint32_t v4_at(const v6_bytes& a, std::size_t i) noexcept {
  return v4(a[i], a[i + 1], a[i + 2], a[i + 3]);
}

bool is_closed(const v6_bytes& a) noexcept {
  // Forms that carry an IPv4 address are as private as that address is.
  if (starts_with(a, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF})) return is_closed(v4_at(a, 12));  // mapped
  if (starts_with(a, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) return is_closed(v4_at(a, 12));  // compatible, ::, ::1
  if (starts_with(a, {0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0})) return is_closed(v4_at(a, 12));     // translated
  if (starts_with(a, {0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0})) return is_closed(v4_at(a, 12));  // NAT64
  if (starts_with(a, {0x20, 0x02})) return is_closed(v4_at(a, 2));                                    // 6to4
  if (starts_with(a, {0, 0x64, 0xFF, 0x9B, 0, 0x01})) return true;                                    // local NAT64
  if (starts_with(a, {0x20, 0x01, 0, 0})) return true;                                                // Teredo
  if (starts_with(a, {0x20, 0x01, 0x0D, 0xB8})) return true;                                          // documentation
  if (starts_with(a, {0x01, 0})) return true;                                                         // discard
  if ((a[0] & 0xFEU) == 0xFC) return true;                                                            // unique local
  if (a[0] == 0xFE && (a[1] & 0x80U) != 0) return true;  // link-local and site-local
  return a[0] == 0xFF;                                   // multicast
}

}  // namespace

bool is_private_address(std::string_view literal_address) noexcept {
  try {
    boost::system::error_code failure;
    const auto address = asio::ip::make_address(std::string(literal_address), failure);
    // What cannot be judged is refused.
    if (failure) return true;
    return address.is_v4() ? is_closed(address.to_v4().to_uint()) : is_closed(address.to_v6().to_bytes());
  } catch (...) {
    return true;
  }
}

}  // namespace spidergate::upstream
