#include <spidergate/auth/authenticator.hpp>
#include <spidergate/core/ascii.hpp>

#include <algorithm>

namespace spidergate::auth {

namespace {

/// Proxies write "192.0.2.1", "192.0.2.1:4711", "2001:db8::1" or "[2001:db8::1]:4711".
std::string_view without_port(std::string_view address) noexcept {
  if (address.starts_with('[')) return address.substr(1, address.find(']') - 1);
  const auto colon = address.find(':');
  const auto single = colon != std::string_view::npos && colon == address.rfind(':');
  return single ? address.substr(0, colon) : address;
}

}  // namespace

trusted_proxies::trusted_proxies(const std::vector<std::string>& cidrs) {
  for (const auto& text : cidrs) {
    if (const auto network = cidr::parse(text)) networks_.push_back(*network);
  }
}

bool trusted_proxies::trusts(std::string_view address) const noexcept {
  const auto parsed = ip_address::parse(address);
  return parsed && std::any_of(networks_.begin(), networks_.end(),
                               [&](const cidr& network) { return network.contains(*parsed); });
}

std::string_view trusted_proxies::client_address(std::string_view peer,
                                                 std::string_view x_forwarded_for) const noexcept {
  if (networks_.empty()) return peer;
  auto client = peer;
  auto unread = x_forwarded_for;
  while (trusts(client) && !unread.empty()) {
    const auto comma = unread.rfind(',');
    const auto last = comma == std::string_view::npos ? unread : unread.substr(comma + 1);
    unread = comma == std::string_view::npos ? std::string_view{} : unread.substr(0, comma);
    const auto claimed = without_port(trim(last));
    if (!ip_address::parse(claimed)) break;  // what a trusted proxy did not understand is not believed
    client = claimed;
  }
  return client;
}

}  // namespace spidergate::auth
