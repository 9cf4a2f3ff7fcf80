#pragma once
#include "chat_request.hpp"

#include <string>
#include <string_view>

namespace spidergate::providers::chat {

/// One reading of a chat request into its struct, spread over files by subject: messages, parts, tools, options. What
/// fails keeps its reason and returns false.
class request_reading {
 public:
  explicit request_reading(chat_request& into) : into_(into) {}
  [[nodiscard]] bool run(json::value root);
  [[nodiscard]] refusal take_failure() { return std::move(failure_); }

 private:
  // chat_request.cpp
  [[nodiscard]] bool fail(std::string param, std::string_view what);
  [[nodiscard]] bool top_member(const json::member& m);
  // read_messages.cpp
  [[nodiscard]] bool read_messages(json::value list);
  [[nodiscard]] bool read_message(json::value v, message& m);
  [[nodiscard]] bool read_content(json::value v, message& m);
  [[nodiscard]] bool read_calls(json::value list, message& m);
  [[nodiscard]] bool read_call(json::value v, const std::string& place, tool_call& call);
  // read_parts.cpp
  [[nodiscard]] bool read_part(json::value v, const message& m, part& p);
  [[nodiscard]] bool read_media(json::value v, std::string_view type, const message& m, part& p);
  [[nodiscard]] bool media_of_source(json::value source, media& what);
  [[nodiscard]] bool media_of_text(json::value v, media& what);
  [[nodiscard]] bool media_of_data(json::value v, media& what);
  [[nodiscard]] bool data_url(std::string_view url, media& what);
  [[nodiscard]] std::string_view base64_of(std::string_view text);
  [[nodiscard]] std::string_view plain(json::value v);
  void guess_type(media& what);
  // read_tools.cpp
  [[nodiscard]] bool read_tools(json::value list);
  [[nodiscard]] bool read_functions(json::value list);
  [[nodiscard]] bool read_tool_choice(json::value v);
  [[nodiscard]] bool read_allowed(json::value v);
  [[nodiscard]] bool read_function_call(json::value v);
  // read_options.cpp
  [[nodiscard]] bool read_format(json::value v);
  [[nodiscard]] bool read_effort(json::value v, std::string_view param);
  [[nodiscard]] bool read_reasoning(json::value v);
  [[nodiscard]] bool read_thinking(json::value v);
  [[nodiscard]] bool read_stop(json::value v);
  [[nodiscard]] bool option(const json::member& m);
  [[nodiscard]] bool reasoning_option(const json::member& m);
  void wish_by(std::string_view param);

  chat_request& into_;
  refusal failure_;
  json::value function_call_, safety_identifier_;
};

}  // namespace spidergate::providers::chat
