#include <spidergate/core/ascii.hpp>
#include <spidergate/upstream/client.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace spidergate::upstream {
namespace {

constexpr std::uint16_t default_port(bool tls) noexcept {
  return tls ? 443 : 80;
}

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

bool is_ipv6(std::string_view host) {
  boost::system::error_code failure;
  asio::ip::make_address_v6(std::string(host), failure);
  return !failure && host.find('%') == std::string_view::npos;
}

/// Takes "host", "host:port", "[v6]" or "[v6]:port" apart.
bool read_authority(std::string_view authority, origin& where) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return false;
    where.host = to_lower(authority.substr(1, end - 1));
    if (!is_ipv6(where.host)) return false;
    port = authority.substr(end + 1);
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    where.host = to_lower(authority.substr(0, colon));
    if (!is_host_name(where.host)) return false;
    port = authority.substr(colon);
  }
  where.port = default_port(where.tls);
  if (port.empty()) return true;
  const auto number = parse_integer<std::uint16_t>(port.substr(1));
  if (port.front() != ':' || !number || *number == 0) return false;
  where.port = *number;
  return true;
}

}  // namespace

std::string origin::to_string() const {
  const bool literal_v6 = host.find(':') != std::string::npos;
  std::string text = tls ? "https://" : "http://";
  text += literal_v6 ? "[" + host + "]" : host;
  if (port != default_port(tls)) text += ":" + std::to_string(port);
  return text;
}

std::optional<parsed_url> parse_url(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const auto scheme = url.substr(0, scheme_end);
  parsed_url parsed;
  parsed.where.tls = iequals(scheme, "https");
  if (!parsed.where.tls && !iequals(scheme, "http")) return std::nullopt;

  const auto rest = url.substr(scheme_end + 3);
  const auto path_begin = std::min(rest.find('/'), rest.size());
  auto path = rest.substr(path_begin);
  // Neither a query nor a fragment nor anything that would not travel in a request line.
  const auto odd = [](char c) { return c == '?' || c == '#' || c == '\\' || c <= ' ' || c == '\x7F'; };
  if (std::any_of(path.begin(), path.end(), odd)) return std::nullopt;
  if (!read_authority(rest.substr(0, path_begin), parsed.where)) return std::nullopt;
  while (path.ends_with('/')) path.remove_suffix(1);
  parsed.path = path;
  return parsed;
}

std::string_view response_head::find(std::string_view name) const noexcept {
  for (const auto& [field, value] : fields) {
    if (field.size() == name.size() && iequals(field, name)) return value;
  }
  return {};
}

}  // namespace spidergate::upstream
