#pragma once
#include "../chat/answer.hpp"
#include "converse_model.hpp"
#include "event_stream.hpp"
#include "memo.hpp"

#include <spidergate/json/reader.hpp>
#include <spidergate/providers/dialect.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::providers::bedrock {

/// Turns ConverseStream's event stream into OpenAI's chunks, message by message. What Amazon's own tools do, and their
/// results, are not shown: they are no calls for the client. An exception within the stream ends it: facts().error is
/// set, feed() goes on returning true and swallows the rest.
class converse_stream final : public stream_decoder {
 public:
  explicit converse_stream(const answer_input& in);
  [[nodiscard]] bool feed(std::string_view bytes, std::string& out) override;
  [[nodiscard]] bool end(std::string& out) override;
  [[nodiscard]] const stream_facts& facts() const noexcept override { return writer_.facts(); }

 private:
  enum class block : std::uint8_t { plain, call, answer, server };
  struct open_block {
    std::int64_t index = 0;
    block is = block::plain;
    std::int64_t call = 0;       ///< of block::call: its index for the client
    bool any_arguments = false;  ///< of block::call and answer
    bool any_text = false;
    std::int64_t start = 0;  ///< where its text begins in the content
    std::string thinking, signature;
    std::vector<std::string> citations;  ///< raw, until it is known where their text ends
    std::size_t citation_bytes = 0;
  };

  [[nodiscard]] bool fail(std::string message);
  [[nodiscard]] bool on_message(const event_message& message, std::string& out);
  void on_exception(const event_message& message);
  void on_event(std::string_view type, json::value event, std::string& out);
  void on_block_start(json::value event, std::string& out);
  void on_delta(json::value event, std::string& out);
  void on_reasoning(open_block& b, json::value reasoning, std::string& out);
  void on_block_stop(json::value event, std::string& out);
  void on_message_stop(json::value event, std::string& out);
  void on_metadata(json::value event);
  void text(open_block& b, std::string_view literal, std::string& out);
  void arguments(open_block& b, std::string_view literal, std::string& out);
  void keep_citation(open_block& b, json::value citation, std::string& out);
  void write_citations(open_block& b, std::string& out);
  void write_thought(open_block& b, std::string& out);
  void close_block(open_block& b, std::string& out);
  [[nodiscard]] open_block& block_at(json::value event);

  const chat_memo memo_;
  const converse_model can_;
  chat::chunk_writer writer_;
  event_stream_framer framer_;
  json::reader reader_;
  std::vector<open_block> open_;
  std::size_t details_ = 0;
  std::int64_t position_ = 0, last_start_ = 0;
  std::int64_t searches_ = 0;
  bool failed_ = false, stopped_ = false, answered_by_tool_ = false;
  std::string held_;  ///< text beside a tool that gives the answer: shown only if the tool is not called
  bool holding_;
};

}  // namespace spidergate::providers::bedrock
