#pragma once
#include "../event_decoder.hpp"

#include <spidergate/json/reader.hpp>

#include <string>
#include <utility>

namespace spidergate::providers::openai {

/// Passes typed events on: transcripts, speech with `stream_format: sse`, images with `stream: true`. Every event's
/// JSON is checked, its bytes go out as they came. Events whose type ends with "done" or "completed" end an answer and
/// carry the usage. An in-band error ends the stream.
class event_stream final : public event_decoder {
 public:
  explicit event_stream(const answer_input& in) : event_decoder(first_byte::any), in_(in) {}
  [[nodiscard]] const stream_facts& facts() const noexcept override { return facts_; }

 private:
  [[nodiscard]] bool on_event(const sse_event& event, std::string& out) override;
  [[nodiscard]] bool on_end(std::string&) override { return !facts_.error && (facts_.done || facts_.finished); }
  void set_error(provider_error error) override { facts_.error = std::move(error); }
  void on_end_of_answer(json::value root);

  const answer_input in_;
  std::int64_t images_ = 0;
  json::reader reader_;
  stream_facts facts_;
};

}  // namespace spidergate::providers::openai
