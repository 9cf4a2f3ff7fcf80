#include "wire_headers.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/json/name_table.hpp>

#include <algorithm>
#include <array>
#include <iterator>

namespace spidergate::providers {

namespace {

// What must be ours alone, whoever offers it among the forwarded headers.
constexpr json::name_table reserved_headers(
    std::to_array<std::string_view>({"authorization", "proxy-authorization", "cookie", "host", "content-length",
                                     "content-type", "accept", "connection", "transfer-encoding", "accept-encoding"}));

bool reserved(std::string_view name) {
  return reserved_headers.place(name) != reserved_headers.none;
}

// All is looked at, wherever the first is that does not fit: so the compiler takes many characters at once.
bool fits_header(std::string_view text) {
  bool fits = true;
  for (const char c : text) fits &= (static_cast<unsigned char>(c) >= 0x20 || c == '\t') && c != 0x7F;
  return fits;
}
bool is_plain_value(std::string_view text) {
  bool plain = true;
  for (const char c : text) plain &= static_cast<unsigned char>(c) >= 0x20 && c != 0x7F;
  return plain;
}

}  // namespace

void append_percent_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      out.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  }
}

void append_header(std::string& out, std::string_view name, std::string_view prefix, std::string_view value) {
  out.append(name).append(": ").append(prefix);
  if (is_plain_value(value)) {
    out.append(value);
  } else {
    std::copy_if(value.begin(), value.end(), std::back_inserter(out), [](char c) { return is_plain_value({&c, 1}); });
  }
  out.append("\r\n");
}

void append_credential(std::string& out, const catalogue::provider& provider, const credential& secret) {
  using catalogue::auth_style;
  const auto key = secret.key.reveal();
  if (key.empty()) return;
  switch (provider.auth) {
    case auth_style::bearer:
    case auth_style::oauth2:
    case auth_style::none:
      append_header(out, "authorization", "Bearer ", key);
      break;
    case auth_style::header:
      append_header(out, provider.auth_name, "", key);
      break;
    case auth_style::scheme:
      append_header(out, "authorization", provider.auth_name == "raw" ? std::string() : provider.auth_name + " ", key);
      break;
    case auth_style::query:
    case auth_style::sigv4:
    case auth_style::oci_signature:
      break;
  }
}

void append_query_credential(std::string& target, const catalogue::provider& provider, const credential& secret) {
  if (provider.auth != catalogue::auth_style::query || secret.key.empty()) return;
  target.push_back(target.find('?') == std::string::npos ? '?' : '&');
  append_percent_encoded(target, provider.auth_name);
  target.push_back('=');
  append_percent_encoded(target, secret.key.reveal());
}

void append_forwarded(std::string& out, const encode_input& in) {
  for (const auto& [name, value] : in.forwarded_headers) {
    const bool ours = reserved(name) || iequals(name, in.provider.auth_name);
    if (!ours && fits_header(name) && fits_header(value)) out.append(name).append(": ").append(value).append("\r\n");
  }
}

}  // namespace spidergate::providers
