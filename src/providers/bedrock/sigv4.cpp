#include "sigv4.hpp"

#include "../wire_headers.hpp"

#include <spidergate/crypto/digest.hpp>

#include <algorithm>
#include <vector>

namespace spidergate::providers::bedrock {

namespace {

using crypto::bytes_of;

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

/// The path with everything but its slashes encoded: what was encoded already is so twice.
void append_canonical_path(std::string& out, std::string_view path) {
  if (path.empty()) out.push_back('/');
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    append_percent_encoded(out, path.substr(0, end));
    if (end < path.size()) out.push_back('/');
    path.remove_prefix(std::min(end + 1, path.size()));
  }
}

/// Parameters sorted by name, then value. They are encoded as they came.
void append_canonical_query(std::string& out, std::string_view query) {
  std::vector<std::string> parameters;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto one = query.substr(0, end);
    if (!one.empty()) parameters.emplace_back(one).append(one.find('=') == std::string_view::npos ? "=" : "");
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::sort(parameters.begin(), parameters.end());
  for (const auto& one : parameters) {
    if (&one != &parameters.front()) out.push_back('&');
    out.append(one);
  }
}

/// Without blanks around it, and with single ones inside.
void append_canonical_value(std::string& out, std::string_view value) {
  bool blank = false, begun = false;
  for (const char c : value) {
    if (c == ' ' || c == '\t') {
      blank = true;
      continue;
    }
    if (blank && begun) out.push_back(' ');
    blank = false;
    begun = true;
    out.push_back(c);
  }
}

struct canonical_headers {
  std::string lines, names;
};

canonical_headers canonical(std::span<const std::pair<std::string_view, std::string_view>> headers) {
  std::vector<std::pair<std::string_view, std::string_view>> sorted(headers.begin(), headers.end());
  std::sort(sorted.begin(), sorted.end());
  canonical_headers out;
  for (const auto& [name, value] : sorted) {
    out.lines.append(name).append(":");
    append_canonical_value(out.lines, value);
    out.lines.push_back('\n');
    if (!out.names.empty()) out.names.push_back(';');
    out.names.append(name);
  }
  return out;
}

}  // namespace

std::string amz_date(epoch_ms now) {
  const std::string iso = to_iso8601(now);  // 2015-08-30T12:36:00.000Z
  std::string date;
  for (const char c : std::string_view(iso).substr(0, 19)) {
    if (c != '-' && c != ':') date.push_back(c);
  }
  return date + "Z";
}

std::string sigv4_authorization(const signing_key& key, std::string_view date, const unsigned_request& request) {
  const auto headers = canonical(request.headers);
  const std::size_t query = std::min(request.target.find('?'), request.target.size());
  std::string asked(request.method);
  asked.push_back('\n');
  append_canonical_path(asked, request.target.substr(0, query));
  asked.push_back('\n');
  append_canonical_query(asked, request.target.substr(std::min(query + 1, request.target.size())));
  asked.append("\n").append(headers.lines).append("\n").append(headers.names).append("\n").append(request.payload_hash);

  const auto day = date.substr(0, 8);
  std::string scope(day);
  scope.append("/").append(key.region).append("/").append(key.service).append("/aws4_request");
  std::string to_sign(algorithm);
  to_sign.append("\n").append(date).append("\n").append(scope).append("\n");
  to_sign.append(crypto::to_hex(bytes_of(crypto::sha256(asked))));

  std::string secret("AWS4");
  secret.append(key.secret_access_key);
  auto signing = crypto::hmac_sha256(secret, day);
  std::fill(secret.begin(), secret.end(), '\0');
  for (const auto part : {key.region, key.service, std::string_view("aws4_request")})
    signing = crypto::hmac_sha256(bytes_of(signing), part);
  const auto signature = crypto::hmac_sha256(bytes_of(signing), to_sign);
  signing.fill(0);

  std::string out(algorithm);
  out.append(" Credential=").append(key.access_key_id).append("/").append(scope);
  out.append(", SignedHeaders=").append(headers.names);
  return out.append(", Signature=").append(crypto::to_hex(bytes_of(signature)));
}

}  // namespace spidergate::providers::bedrock
