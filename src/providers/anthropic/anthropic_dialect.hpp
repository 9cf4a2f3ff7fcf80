#pragma once
#include <spidergate/providers/dialect.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace spidergate::providers::anthropic {

/// Anthropic's Messages API: chat only. Stateless.
class anthropic_dialect : public dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "anthropic"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override { return kind == model::endpoint::chat; }
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;
  [[nodiscard]] std::unique_ptr<stream_decoder> open_stream(const answer_input& in,
                                                            std::string_view content_type) const override;
  [[nodiscard]] provider_error decode_error(int status, header_fields fields, std::string_view body) const override;
};

/// Accept, credential, version (empty: the body says it), betas and what the client sent to travel on: its own version
/// wins, its betas are joined with ours.
[[nodiscard]] std::string anthropic_headers(const encode_input& in, const std::vector<std::string_view>& betas,
                                            std::string_view version);

}  // namespace spidergate::providers::anthropic
