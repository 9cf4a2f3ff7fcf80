#pragma once
#include "../chat/answer.hpp"

#include <spidergate/providers/dialect.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Cohere's API v2: chat, embed, rerank. Its first version is another API, and not spoken.
namespace spidergate::providers::cohere {

class cohere_dialect final : public dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "cohere"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override;
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;
  [[nodiscard]] std::unique_ptr<stream_decoder> open_stream(const answer_input& in,
                                                            std::string_view content_type) const override;
  [[nodiscard]] provider_error decode_error(int status, header_fields fields, std::string_view body) const override;
};

/// Appends the body of a request of that kind.
[[nodiscard]] boost::system::result<void, refusal> write_chat(const encode_input& in, wire_request& wire,
                                                              std::string& out);
[[nodiscard]] boost::system::result<void, refusal> write_embed(const encode_input& in, wire_request& wire,
                                                               std::string& out);
[[nodiscard]] boost::system::result<void, refusal> write_rerank(const encode_input& in, wire_request& wire,
                                                                std::string& out);

/// What Cohere's finish reasons mean.
[[nodiscard]] chat::finish finish_of(std::string_view reason) noexcept;
/// Whether it is one that stands for a failure: ERROR and TIMEOUT.
[[nodiscard]] bool failed(std::string_view reason) noexcept;
/// The error of an answer or a stream that ended in one: `said` holds `error` and `error_type`.
[[nodiscard]] provider_error failure_of(json::value said);

/// `usage` in our buckets. Cohere's input_tokens leave images out, its output_tokens hold the reasoning. Nothing where
/// it does not say; `impossible` where it says what cannot be.
[[nodiscard]] std::optional<model::usage> read_usage(json::value usage, bool& impossible);

/// The url_citation of a citation whose source names an address; empty when none does.
[[nodiscard]] std::string url_citation(json::value citation);
/// OpenAI's `content` entries for Cohere's log probabilities: a list of them in a whole answer, one in a stream.
/// Appends, with commas between.
void append_logprobs(std::string& entries, json::value said);

}  // namespace spidergate::providers::cohere
