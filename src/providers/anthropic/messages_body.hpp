#pragma once
#include "../chat/chat_request.hpp"
#include "body_pieces.hpp"
#include "claude_model.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The body of Anthropic's Messages API, from an OpenAI chat request.
namespace spidergate::providers::anthropic {

/// How the Messages API differs between those who host it.
struct hosting {
  bool names_model = true;         ///< the body has `model`; else the path names it
  bool names_stream = true;        ///< the body has `stream`; else the path says it
  std::string_view version = {};   ///< the body's anthropic_version; empty: it is a header
  bool media_urls = true;          ///< takes images and documents by URL
  bool file_ids = true;            ///< has a Files API
  bool structured_outputs = true;  ///< takes output_config.format and strict tools
};

/// What the decoder has to know, as it travels in wire_request::memo.
struct encoding_memo {
  /// The JSON that was asked for comes as the arguments of the tool of that name; empty: it does not.
  std::string_view answer_tool;
  bool only_json = false;       ///< words asked for a JSON object: a Markdown fence around it is taken off
  bool hide_reasoning = false;  ///< the client wants none of it
};
[[nodiscard]] std::string write_memo(const encoding_memo& memo);
[[nodiscard]] encoding_memo read_memo(std::string_view text);

/// What was decided about a request before any of it is written: where options bear on each other.
struct plan {
  enum class thinking : std::uint8_t { unsaid, disabled, budget, adaptive };
  enum class format : std::uint8_t { free, native, tool, words };
  enum class choice : std::uint8_t { unsaid, automatic, any, named, none };

  claude_model can;
  std::int64_t max_tokens = 0;
  thinking how = thinking::unsaid;
  std::int64_t budget_tokens = 0;  ///< of thinking::budget
  std::string_view effort;         ///< of output_config; empty: not said
  bool hide_reasoning = false;
  format answer = format::free;
  std::string_view answer_tool;          ///< of format::tool: its name, as the inside of a JSON string
  json::value schema;                    ///< of format::native and tool
  std::vector<const chat::tool*> tools;  ///< those that are offered
  bool has_tools = false;                ///< functions, or tools that the provider runs
  bool tools_from_history = false;       ///< none is offered, but earlier turns called some
  choice choose = choice::unsaid;
  std::string_view chosen;  ///< of choice::named, as the inside of a JSON string
  bool one_call = false;    ///< disable_parallel_tool_use
  std::string instruction;  ///< more of the system prompt, escaped

  [[nodiscard]] bool thinks() const noexcept { return how == thinking::budget || how == thinking::adaptive; }
};
[[nodiscard]] boost::system::result<plan, refusal> make_plan(const encode_input& in, const chat::chat_request& asked,
                                                             const hosting& at, wire_request& wire);

/// Whether structured outputs take the schema: objects must be closed, and nothing may refer to itself.
[[nodiscard]] bool fits_structured_outputs(json::value schema);
/// The schema as structured outputs want it: objects closed, and what is not enforced (lengths, ranges) told in
/// descriptions instead. REQUIRES: fits_structured_outputs(schema).
void append_structured_schema(std::string& out, json::value schema);

/// Writes `system` and `messages`. `betas` collects what anthropic-beta has to name.
class conversation_writer {
 public:
  conversation_writer(body_pieces& out, const encode_input& in, const chat::chat_request& asked, const hosting& at,
                      std::vector<std::string_view>& betas)
      : out_(out), in_(in), asked_(asked), at_(at), betas_(betas) {}
  [[nodiscard]] boost::system::result<void, refusal> system(std::string_view instruction);
  [[nodiscard]] boost::system::result<void, refusal> messages();

 private:
  struct turn {
    bool assistant = false;
    std::vector<const chat::message*> of;
  };
  [[nodiscard]] bool spoken() const;
  [[nodiscard]] std::vector<turn> turns() const;
  [[nodiscard]] bool write_turn(const turn& t, bool last);
  [[nodiscard]] bool write_parts(const chat::message& m, json::value cache, bool trim_last);
  [[nodiscard]] bool write_part(const chat::message& m, std::size_t index, json::value cache, bool trim);
  [[nodiscard]] bool write_media(const chat::message& m, std::size_t index, json::value cache);
  [[nodiscard]] bool write_document(const chat::message& m, std::size_t index, json::value cache);
  [[nodiscard]] bool write_native(const chat::message& m, std::size_t index, json::value cache);
  [[nodiscard]] bool write_source(const chat::media& what, std::string_view type, const std::string& place);
  [[nodiscard]] bool write_tool_result(const chat::message& m);
  void write_thinking(const chat::message& m);
  void write_calls(const chat::message& m, json::value cache);
  void write_text(std::string_view literal, json::value cache);
  void close_block(json::value cache);
  [[nodiscard]] std::string call_id(const chat::message& m, std::size_t call_index) const;
  [[nodiscard]] std::string result_id(const chat::message& m) const;
  [[nodiscard]] bool fail(std::string param, std::string_view what);

  body_pieces& out_;
  const encode_input& in_;
  const chat::chat_request& asked_;
  const hosting& at_;
  std::vector<std::string_view>& betas_;
  refusal failure_;
};

/// Whether the turn that the model is to go on with (the calls whose results end the conversation) has its thinking
/// with it: without, manual thinking is refused.
[[nodiscard]] bool open_turn_lacks_thinking(const chat::chat_request& asked);

/// Writes the whole body into `wire` (body, memo, dropped_params).
[[nodiscard]] boost::system::result<void, refusal> write_messages_body(const encode_input& in, const hosting& at,
                                                                       wire_request& wire,
                                                                       std::vector<std::string_view>& betas);

}  // namespace spidergate::providers::anthropic
