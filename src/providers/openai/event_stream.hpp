#pragma once
#include <spidergate/json/reader.hpp>
#include <spidergate/providers/dialect.hpp>
#include <spidergate/providers/sse_framer.hpp>

#include <string>
#include <string_view>

namespace spidergate::providers::openai {

/// Passes typed events on: transcripts, speech with `stream_format: sse`, images with `stream: true`. Every event's
/// JSON is checked, its bytes go out as they came. Events whose type ends with "done" or "completed" end an answer and
/// carry the usage. An in-band error ends the stream.
class event_stream final : public stream_decoder {
 public:
  explicit event_stream(const answer_input& in) : in_(in) {}
  [[nodiscard]] bool feed(std::string_view bytes, std::string& out) override;
  [[nodiscard]] bool end(std::string& out) override;
  [[nodiscard]] const stream_facts& facts() const noexcept override { return facts_; }

 private:
  [[nodiscard]] bool fail(std::string message);
  [[nodiscard]] bool on_event(const sse_event& event, std::string& out);
  void on_end_of_answer(json::value root);
  [[nodiscard]] bool over() const noexcept { return facts_.done || facts_.error.has_value(); }

  const answer_input in_;
  bool failed_ = false;
  std::int64_t images_ = 0;
  json::reader reader_;
  sse_framer framer_;
  stream_facts facts_;
};

}  // namespace spidergate::providers::openai
