#include "../wire_headers.hpp"
#include "bedrock_dialect.hpp"
#include "converse_body.hpp"
#include "invoke.hpp"
#include "sigv4.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/crypto/digest.hpp>

#include <algorithm>

namespace spidergate::providers::bedrock {

namespace {

using model::endpoint;
using encoded = boost::system::result<wire_request, refusal>;
using header = std::pair<std::string_view, std::string_view>;

/// An ARN's slashes and an id's colons are part of one path segment.
std::string target_of(const encode_input& in) {
  std::string target(in.base_path);
  target.append("/model/");
  append_percent_encoded(target, in.model);
  const bool chat = in.asked.kind == endpoint::chat;
  return target.append(!chat ? "/invoke" : in.asked.stream ? "/converse-stream" : "/converse");
}

/// "bedrock-runtime.us-east-1.amazonaws.com" where the credential names no region.
std::string_view region_of(const encode_input& in) {
  if (const auto region = in.secret.setting("region"); !region.empty()) return region;
  const auto dot = in.authority.find('.');
  const auto rest = in.authority.substr(std::min(dot + 1, in.authority.size()));
  return rest.substr(0, rest.find('.'));
}

std::vector<header> fields_of(std::string_view lines) {
  std::vector<header> fields;
  while (!lines.empty()) {
    const auto end = std::min(lines.find("\r\n"), lines.size());
    const auto line = lines.substr(0, end);
    const auto colon = std::min(line.find(':'), line.size());
    fields.emplace_back(line.substr(0, colon), trim(line.substr(std::min(colon + 1, line.size()))));
    lines.remove_prefix(std::min(end + 2, lines.size()));
  }
  return fields;
}

/// Everything of Amazon's own has to be signed; what else the client sent along may change on its way.
bool is_signed(std::string_view name) {
  return name.starts_with("x-amz");
}

void sign(const encode_input& in, wire_request& wire) {
  const auto date = amz_date(in.now);
  const auto hash = crypto::to_hex(crypto::bytes_of(crypto::sha256(wire.body)));
  append_header(wire.headers, "x-amz-date", "", date);
  append_header(wire.headers, "x-amz-content-sha256", "", hash);
  if (const auto token = in.secret.setting("session_token"); !token.empty())
    append_header(wire.headers, "x-amz-security-token", "", token);
  std::vector<header> fields{{"host", in.authority}, {"content-type", wire.content_type}};
  for (const auto& field : fields_of(wire.headers)) {
    if (is_signed(field.first)) fields.push_back(field);
  }
  const signing_key key{.access_key_id = in.secret.setting("access_key_id"),
                        .secret_access_key = in.secret.setting("secret_access_key"),
                        .region = region_of(in),
                        .service = "bedrock"};
  const auto authorization = sigv4_authorization(
      key, date, {.method = wire.method, .target = wire.target, .headers = fields, .payload_hash = hash});
  append_header(wire.headers, "authorization", "", authorization);
}

encoded with_headers(const encode_input& in, wire_request wire) {
  // Freed copies of secrets would stay behind where the text grows.
  wire.headers.reserve(8192);
  wire.headers.append(in.asked.kind == endpoint::chat && in.asked.stream
                          ? "accept: application/vnd.amazon.eventstream\r\n"
                          : "accept: application/json\r\n");
  append_forwarded(wire.headers, in);
  if (!in.secret.key.empty()) {
    append_header(wire.headers, "authorization", "Bearer ", in.secret.key.reveal());
    return wire;
  }
  if (in.secret.setting("access_key_id").empty() || in.secret.setting("secret_access_key").empty())
    return refusal{{}, "The credential for " + in.provider.id + " is neither an API key nor a pair of access keys."};
  sign(in, wire);
  return wire;
}

encoded chat_request(const encode_input& in) {
  chat::chat_request asked;
  asked.keeps_other_tools = true;
  if (const auto read = chat::read_chat_request(in.asked, asked); !read) return read.error();
  wire_request wire;
  wire.target = target_of(in);
  converse_body body(in, asked, wire);
  if (const auto written = body.write(); !written) return written.error();
  return with_headers(in, std::move(wire));
}

}  // namespace

bool bedrock_dialect::serves(endpoint kind) const noexcept {
  return kind == endpoint::chat || kind == endpoint::embeddings || kind == endpoint::images || kind == endpoint::rerank;
}

encoded bedrock_dialect::encode(const encode_input& in) const {
  if (in.asked.kind == endpoint::chat) return chat_request(in);
  wire_request wire;
  wire.target = target_of(in);
  if (const auto written = write_invocation(in, wire); !written) return written.error();
  return with_headers(in, std::move(wire));
}

}  // namespace spidergate::providers::bedrock
