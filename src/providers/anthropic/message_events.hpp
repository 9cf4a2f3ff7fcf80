#pragma once
#include "reading.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::providers::anthropic {

/// The events of a streamed message, in whatever frames they come (server-sent events; AWS event-stream frames with
/// Bedrock), as OpenAI's chunks. One per stream; not thread-safe. Memory: texts of thinking and citations of the block
/// under way, at most 256 KiB of each.
class message_events {
 public:
  /// What `in` refers to outlives it.
  explicit message_events(const answer_input& in);

  /// Unknown events are ignored.
  void on_event(json::value event, std::string& out);
  /// Of the event that on_event() was given last: the inside of the string that it brings, if the same event with
  /// another text there would be dealt with in the same way; null otherwise. What was written for it holds that text.
  [[nodiscard]] std::string_view repeatable_text() const noexcept { return repeatable_; }
  /// Where that stands in what was written to. REQUIRES: there is such a text.
  [[nodiscard]] std::size_t text_place() const noexcept { return writer_.text_place().value_or(0); }
  /// It has come, and has been written by somebody else.
  void on_text(std::string_view text_json, bool escaped, std::string& out);
  void on_error(json::value root);
  void fail(provider_error error) { writer_.failed(std::move(error)); }
  /// The end mark came in another form than message_stop.
  void done() { writer_.done(); }
  /// At the end of the bytes.
  [[nodiscard]] bool end(std::string& out);
  [[nodiscard]] bool over() const noexcept { return writer_.facts().done || writer_.facts().error.has_value(); }
  [[nodiscard]] const stream_facts& facts() const noexcept { return writer_.facts(); }

 private:
  enum class block : std::uint8_t { text, thinking, redacted, call, answer, other };
  struct open_block {
    std::int64_t index = 0;
    block is = block::other;
    std::int64_t call = 0;       ///< of block::call: its index for the client
    bool any_arguments = false;  ///< of block::call and answer
    std::string thinking, signature;
    std::vector<std::string> citations;  ///< raw, until it is known where their text ends
    std::size_t citation_bytes = 0;
    std::int64_t start = 0;  ///< of block::text: where it begins in the content
  };

  void on_message(json::value message);
  void on_block(json::value event, std::string& out);
  void on_delta(json::value event, std::string& out);
  void on_block_end(json::value event, std::string& out);
  void on_message_delta(json::value event, std::string& out);
  void on_usage(json::value usage);
  void text(std::string& out, std::string_view literal);
  void arguments(std::string& out, open_block& b, std::string_view literal);
  void keep_thinking(std::string& out, open_block& b, std::string_view literal);
  void keep_citation(std::string& out, open_block& b, json::value citation);
  void write_citations(std::string& out, open_block& b);
  void finish_texts(std::string& out);
  [[nodiscard]] open_block* find(std::int64_t index);

  std::string memo_text_;
  encoding_memo memo_;
  chat::chunk_writer writer_;
  token_counts counts_;
  std::vector<open_block> open_;
  std::string_view repeatable_;
  open_block* goes_on_ = nullptr;    ///< the block that it belongs to, until the next event
  block repeats_as_ = block::other;  ///< what else it counts for: text, thinking
  std::size_t details_ = 0;
  std::int64_t position_ = 0;
  bool answered_by_tool_ = false;
  std::string held_;  ///< text beside a tool that gives the answer: shown only if the tool is not called
  bool holding_ = false;
  fence_filter fence_;
};

}  // namespace spidergate::providers::anthropic
