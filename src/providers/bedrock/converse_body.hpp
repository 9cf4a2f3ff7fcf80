#pragma once
#include "../anthropic/body_pieces.hpp"
#include "../chat/chat_request.hpp"
#include "converse_model.hpp"
#include "memo.hpp"

#include <spidergate/providers/dialect.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::providers::bedrock {

/// Writes a chat request as the body of Converse and ConverseStream, spread over files by subject: messages, media,
/// tools, options. Use one per request.
class converse_body {
 public:
  using outcome = boost::system::result<void, refusal>;

  converse_body(const encode_input& in, const chat::chat_request& asked, wire_request& wire);
  /// Fills the wire request's body, memo and dropped_params.
  [[nodiscard]] outcome write();

 private:
  // converse_messages.cpp
  [[nodiscard]] outcome system();
  [[nodiscard]] outcome messages();
  [[nodiscard]] outcome message(const chat::message& m);
  [[nodiscard]] outcome part(const chat::message& m, std::size_t index);
  [[nodiscard]] outcome tool_result(const chat::message& m);
  void early_system();
  void open_message(std::string_view role);
  void close_message();
  void text_block(std::string_view literal);
  void cache_point(json::value marker, bool taken);
  void reasoning(const chat::message& m);
  void reasoning_block(std::string_view text, std::string_view signature);
  void redacted_block(std::string_view data_literal);
  void calls(const chat::message& m);
  void result_text(std::string_view literal);
  [[nodiscard]] std::string call_id(const chat::message& m, std::size_t call) const;
  [[nodiscard]] std::string result_id(const chat::message& m) const;

  // converse_media.cpp
  [[nodiscard]] outcome media_block(const chat::message& m, std::size_t index);
  [[nodiscard]] outcome source(const chat::message& m, std::size_t index, const chat::media& what,
                               std::string_view name, std::string_view format);
  [[nodiscard]] std::string document_name(const chat::media& what);

  // converse_tools.cpp
  [[nodiscard]] outcome tools();
  [[nodiscard]] outcome choose_tools();
  [[nodiscard]] outcome choose_format();
  [[nodiscard]] bool offers(const chat::tool& t) const;
  void tool_spec(const chat::tool& t);
  void json_tool_spec();
  void tools_of_history();
  [[nodiscard]] outcome system_tools();
  void output_config();
  [[nodiscard]] bool history_calls() const;

  // converse_options.cpp
  void inference();
  void stop_sequences();
  void sampling_left_out(bool temperature, bool top_p, bool top_k);
  void thinking();
  void claude_thinking();
  void claude_budget();
  void set_extra(std::string_view name, std::string value);
  void extras();
  void pass_on();
  void request_metadata();
  void service_tier();
  [[nodiscard]] bool unsigned_tool_turn() const;
  [[nodiscard]] bool in_unit_range(json::value number) const;

  const encode_input& in_;
  const chat::chat_request& asked_;
  wire_request& wire_;
  const converse_model can_;
  anthropic::body_pieces out_;
  chat_memo memo_;

  std::string_view open_role_;
  std::vector<std::string> document_names_;

  // What choose_tools() and choose_format() found.
  enum class force : std::uint8_t { none, any, named };
  bool offers_tools_ = false;
  force forced_ = force::none;
  std::string forced_name_;  ///< literal
  bool native_format_ = false;

  // What thinking() found.
  bool thinks_ = false;     ///< by budget or adaptively: sampling is restricted (Claude)
  bool unbounded_ = false;  ///< Nova's highest effort takes no inferenceConfig
  std::optional<std::int64_t> max_tokens_;
  std::vector<std::pair<std::string_view, std::string>> extra_fields_;
};

}  // namespace spidergate::providers::bedrock
