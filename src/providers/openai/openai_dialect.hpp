#pragma once
#include <spidergate/json/reader.hpp>
#include <spidergate/providers/dialect.hpp>

namespace spidergate::providers::openai {

/// OpenAI's own wire protocol, which some 160 services speak: nothing is translated, so bodies travel as they are but
/// for the few bytes that routing and the promises of spec section 10 change. Stateless.
class openai_dialect : public dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "openai"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override;
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;
  [[nodiscard]] std::unique_ptr<stream_decoder> open_stream(const answer_input& in,
                                                            std::string_view content_type) const override;
  [[nodiscard]] provider_error decode_error(int status, header_fields fields, std::string_view body) const override;
};

/// This thread's reader. Values read with it must not be kept across a call into this dialect.
[[nodiscard]] json::reader& thread_reader();

}  // namespace spidergate::providers::openai
