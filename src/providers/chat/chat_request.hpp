#pragma once
#include <spidergate/json/value.hpp>
#include <spidergate/providers/dialect.hpp>

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a chat completion request says, for the dialects that are not OpenAI's own.
namespace spidergate::providers::chat {

/// Something that is not text: an image, a sound, a document.
struct media {
  std::string_view mime;    ///< "image/png"; of a data URL, or by format ("audio/wav"); empty when nobody said
  std::string_view base64;  ///< the data where it is inline, without the data URL's head
  std::string_view url;     ///< where it is elsewhere; exactly one of base64, url and file_id is there
  std::string_view file_id;
  json::value filename;  ///< a string, or absent
  json::value detail;    ///< of an image: "low", "high", "auto"; a string, or absent
};

/// One part of a message's content.
struct part {
  enum class kind : std::uint8_t {
    text,      ///< `text`
    refusal,   ///< `text`: what the assistant refused with
    image,     ///< `what`
    audio,     ///< `what`
    video,     ///< `what`
    file,      ///< `what`: a PDF or another document
    thinking,  ///< Anthropic's own part in an assistant's message: whole(); dialects without signatures drop it
    other,     ///< a type that nobody here knows: whole()
  };
  kind is = kind::text;
  json::value text;  ///< a string
  media what;
  json::value cache_control;  ///< Anthropic's marker, as OpenRouter and others carry it; an object, or absent
  json::value whole;          ///< the part as the client wrote it; absent where content was one string
};

/// One call of a function that the assistant made in an earlier turn.
struct tool_call {
  json::value id;         ///< a string, or absent (legacy function_call)
  json::value name;       ///< a string
  json::value arguments;  ///< a string: JSON text, perhaps empty or broken, as models make it; some clients: an object
  json::value whole;
};

struct message {
  /// `system` is developer too; `tool` is the legacy role function too.
  enum class role : std::uint8_t { system, user, assistant, tool };
  role from = role::user;
  std::vector<part> content;      ///< empty where it is null, absent or []
  std::vector<tool_call> calls;   ///< of an assistant: tool_calls, or function_call as one without id
  json::value name;               ///< a string, or absent; of a tool's message: the function, where the client said
  json::value tool_call_id;       ///< of a tool's message: a string, or absent
  bool tool_failed = false;       ///< of a tool's message: `is_error: true` (an extension that agents use)
  json::value reasoning;          ///< of an assistant: reasoning_content or reasoning, a string, or absent
  json::value reasoning_details;  ///< of an assistant: an array, or absent (answer.hpp says what is in it)
  json::value cache_control;      ///< on the message itself
  json::value whole;
  std::size_t index = 0;  ///< in the request's messages, for a refusal's param
};

/// A function that the model may call. Both `tools` and the legacy `functions` come as these.
struct tool {
  json::value name;         ///< a string
  json::value description;  ///< a string, or absent
  json::value parameters;   ///< an object (JSON schema), or absent: no parameters
  json::value strict;       ///< a boolean, or absent
  json::value cache_control;
  json::value whole;
};

struct tool_choice {
  enum class kind : std::uint8_t { unset, automatic, none, required, named, allowed };
  kind is = kind::unset;
  json::value name;                  ///< of named: a string
  std::vector<json::value> allowed;  ///< of allowed: the names (OpenAI's allowed_tools)
  bool allowed_required = false;     ///< of allowed: one of them must be called
};

struct response_format {
  enum class kind : std::uint8_t { text, json_object, json_schema };
  kind is = kind::text;
  json::value name;         ///< of json_schema: a string, or absent
  json::value description;  ///< a string, or absent
  json::value schema;       ///< an object, or absent
  json::value strict;
};

/// How much thinking is asked for, whichever way it was said: `reasoning_effort` (OpenAI), `reasoning` {effort,
/// max_tokens, enabled, exclude} (OpenRouter), `thinking` {type, budget_tokens} (Anthropic), `enable_thinking` and
/// `thinking_budget` (Qwen).
struct reasoning_wish {
  enum class level : std::uint8_t { unset, none, minimal, low, medium, high, xhigh };
  level effort = level::unset;
  std::optional<std::int64_t> budget_tokens;
  std::optional<bool> enabled;  ///< said outright
  bool exclude = false;         ///< think, but do not show it
  bool adaptive = false;        ///< Anthropic's thinking.type "adaptive"
  std::string_view param;       ///< the field that said so, for dropped_params; empty: nothing was said

  [[nodiscard]] bool asked() const noexcept { return !param.empty(); }
  [[nodiscard]] bool off() const noexcept { return enabled == false || effort == level::none; }
};
/// A budget for an effort where a provider wants tokens: a share of the longest answer, 1024 at least; the customary
/// shares (minimal 10 %, low 20 %, medium 50 %, high 80 %, xhigh 95 %).
[[nodiscard]] std::int64_t budget_for(reasoning_wish::level effort, std::int64_t most_output_tokens) noexcept;

/// A chat completion request, read from the client's bytes: views of them and handles into `reader`'s table. The values
/// were checked when the request came in (openai::read_request), so wrong types do not occur; null counts as absent.
/// Stands until this thread reads the next chat request. Use one per encode().
struct chat_request {
  std::vector<message> messages;
  std::vector<tool> tools;
  chat::tool_choice tool_choice;
  std::optional<bool> parallel_tool_calls;
  bool legacy_functions = false;  ///< `functions`, not `tools`: the answer owes function_call
  response_format format;
  reasoning_wish reasoning;
  std::vector<json::value> stop;  ///< strings
  std::optional<std::int64_t> max_tokens;
  json::value temperature, top_p, top_k, min_p, seed, frequency_penalty, presence_penalty;  ///< numbers, or absent
  json::value logprobs, top_logprobs, logit_bias;
  std::int64_t choices = 1;  ///< n
  json::value user;          ///< `user`, else `safety_identifier`
  json::value metadata, service_tier, verbosity, modalities, audio, prediction, web_search_options;
  /// Set before reading by a dialect that knows tools of other types than function ("web_search_20250305", "custom"):
  /// they are then in other_tools. Else they are refused, as is a named choice of one.
  bool keeps_other_tools = false;
  std::vector<json::value> other_tools;
  json::value root;                  ///< the whole body, for what only one provider knows
  std::list<std::string> unescaped;  ///< texts that could not be views, such as URLs with escapes; they stay in place

  chat_request() = default;
  chat_request(const chat_request&) = delete;
  chat_request& operator=(const chat_request&) = delete;
};

/// Reads `asked.body`. REQUIRES: asked.kind is chat. Nothing can fail but what no dialect can mean: a data URL that is
/// not base64, a tool_choice of unknown shape. `into` must be fresh.
[[nodiscard]] boost::system::result<void, refusal> read_chat_request(const model::inference_request& asked,
                                                                     chat_request& into);

/// The call's arguments as a JSON object, for providers that take no text: as they stand where they are one, {} where
/// they are empty; of what is no object {"arguments": the text}, so that nothing is lost. Uses a reader of its own.
void append_arguments(std::string& out, const tool_call& call);

/// "messages[2].content[0].image_url": where a part stands, for refusals.
[[nodiscard]] std::string place_of(const message& m, std::size_t part_index);
[[nodiscard]] std::string place_of(const message& m);

/// The text of a message's parts as one JSON string literal's inside: text parts joined with `between` (escaped,
/// "\\n").
[[nodiscard]] std::string joined_text(const message& m, std::string_view between = "\\n");

/// The name of the function whose call has that id, looked for backwards from `before`: for providers whose tool
/// results name functions instead of ids. Absent when there is none.
[[nodiscard]] json::value called_name(const chat_request& in, json::value tool_call_id, std::size_t before);

/// Puts into `wire.dropped_params` every member of the body (given, not null) that is neither in `carried` nor the
/// gateway's own (spidergate_options, …) nor model, messages, stream and stream_options. A member whose value says
/// nothing (`n: 1`, `stream: false`, `logprobs: false`, `tool_choice: "auto"`, penalties of 0, empty lists) is not
/// listed. REFUSES, instead of dropping, what would change the question (spec 10): `n` above 1, response_format of json
/// kinds, tools, tool_choice other than auto, audio output, web_search_options, prediction being mere housekeeping.
[[nodiscard]] boost::system::result<void, refusal> drop_others(const encode_input& in,
                                                               std::span<const std::string_view> carried,
                                                               wire_request& wire);
/// Notes one more parameter as dropped, once.
void drop(wire_request& wire, std::string_view param);

/// A refusal that names the provider: cannot(in, "messages[0].content[1]", "takes no audio") gives "mistral takes no
/// audio ('messages[0].content[1]')." in the house's words.
[[nodiscard]] refusal cannot(const encode_input& in, std::string param, std::string_view what);

}  // namespace spidergate::providers::chat
