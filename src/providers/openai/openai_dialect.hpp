#pragma once
#include <spidergate/json/reader.hpp>
#include <spidergate/providers/dialect.hpp>

#include <string>
#include <string_view>

namespace spidergate::providers::openai {

/// OpenAI's own wire protocol, which some 160 services speak: nothing is translated, so bodies travel as they are but
/// for the few bytes that routing, the promises of spec section 10 and the catalogue's word on a provider change
/// (renames, drops, traits). Stateless. Dialects of its family derive from it and say what they do otherwise.
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

 protected:
  /// Path and query, without a credential.
  [[nodiscard]] virtual std::string target_of(const encode_input& in) const;
  /// The header lines of the credential, and others that the family member wants.
  virtual void append_own_headers(std::string& headers, const encode_input& in) const;
  /// True where answers may lack `object`, `created` and `model`, which clients count on: they are put in.
  [[nodiscard]] virtual bool may_lack_members() const noexcept { return false; }
  /// What stands as `model` in the body.
  [[nodiscard]] virtual std::string_view model_in_body(const encode_input& in) const;
};

/// "/chat/completions", "/audio/speech", …: behind the base URL.
[[nodiscard]] std::string_view path_of(model::endpoint kind) noexcept;

/// Whether the answer is asked for as server-sent events.
[[nodiscard]] bool asks_for_events(const model::inference_request& asked) noexcept;

/// This thread's reader. Values read with it must not be kept across a call into this dialect.
[[nodiscard]] json::reader& thread_reader();

}  // namespace spidergate::providers::openai
