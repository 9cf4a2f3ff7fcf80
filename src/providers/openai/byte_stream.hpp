#pragma once
#include <spidergate/providers/dialect.hpp>

#include <string>
#include <string_view>

namespace spidergate::providers::openai {

/// Passes speech on as it comes. Nothing is kept of it but its length. A page of HTML or JSON (by the content type) is
/// no speech: feed() fails. The usage is the characters that were asked to be spoken; where the model is charged by
/// tokens, which nobody counts here, they are estimated.
class byte_stream final : public stream_decoder {
 public:
  byte_stream(const answer_input& in, std::string_view content_type);
  [[nodiscard]] bool feed(std::string_view bytes, std::string& out) override;
  [[nodiscard]] bool end(std::string& out) override;
  [[nodiscard]] const stream_facts& facts() const noexcept override { return facts_; }
  [[nodiscard]] std::string_view content_type() const noexcept override { return content_type_; }

 private:
  std::string content_type_;
  std::int64_t bytes_ = 0;
  const bool by_tokens_;
  std::int64_t rate_ = 1;  ///< bytes of a second
  stream_facts facts_;
};

/// What of a text to be spoken is charged. `sound_bytes` is how long the answer was.
[[nodiscard]] model::usage speech_usage(const answer_input& in, std::int64_t sound_bytes);

}  // namespace spidergate::providers::openai
