#include "../anthropic/messages_body.hpp"
#include "../google/access_token.hpp"
#include "vertex_anthropic_dialect.hpp"

namespace spidergate::providers::vertex_anthropic {

namespace {

// Vertex refuses URL sources ("URL sources are not supported") and has no Files API. Its structured outputs are off by
// default, by an organisation policy, so a tool carries schemas instead.
constexpr anthropic::hosting on_vertex{.names_model = false,
                                       .version = "vertex-2023-10-16",
                                       .media_urls = false,
                                       .file_ids = false,
                                       .structured_outputs = false};

bool in_path(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '@';
}

}  // namespace

boost::system::result<std::optional<token_request>, refusal> vertex_anthropic_dialect::ask_token(
    const catalogue::provider& provider, const credential& secret, epoch_ms now) const {
  return google::ask_access_token(provider, secret, now);
}

boost::system::result<access_token, provider_error> vertex_anthropic_dialect::read_token(int status,
                                                                                         std::string_view body) const {
  return google::read_access_token(status, body);
}

boost::system::result<wire_request, refusal> vertex_anthropic_dialect::encode(const encode_input& in) const {
  constexpr std::string_view digits = "0123456789ABCDEF";
  wire_request wire;
  std::vector<std::string_view> betas;
  if (auto written = anthropic::write_messages_body(in, on_vertex, wire, betas); !written) {
    return std::move(written).error();
  }
  wire.target.append(in.base_path).push_back('/');
  for (const char c : in.model) {
    // '@' stands in Vertex's ids as it is ("claude-opus-4-8@default").
    if (in_path(c)) {
      wire.target.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      wire.target.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  }
  wire.target.append(in.asked.stream ? ":streamRawPredict" : ":rawPredict");
  wire.headers = anthropic::anthropic_headers(in, betas, {});
  return wire;
}

}  // namespace spidergate::providers::vertex_anthropic
