#pragma once
#include <spidergate/json/value.hpp>
#include <spidergate/model/usage.hpp>
#include <spidergate/providers/dialect.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a model answered, on its way into OpenAI's form.
namespace spidergate::providers::chat {

enum class finish : std::uint8_t { none, stop, length, tool_calls, content_filter };
[[nodiscard]] std::string_view finish_name(finish how) noexcept;

/// One call of a function. Texts ending in _json are the inside of a JSON string literal: escaped already, so that what
/// the provider sent is not unescaped and escaped again.
struct answer_call {
  std::string id_json;  ///< empty: one is made up
  std::string name_json;
  std::string arguments_json;  ///< escaped text of the JSON object; empty becomes {}
  std::string extra;           ///< raw members of the call, each with a leading comma; mostly empty
};

/// One choice. Empty texts are left out (content becomes null where there are calls or a refusal, "" otherwise).
struct answer_choice {
  std::string content_json;
  std::string reasoning_json;  ///< goes out as reasoning_content
  std::string refusal_json;
  std::vector<std::string> reasoning_details;  ///< raw objects, see below
  std::vector<std::string> annotations;        ///< raw objects: {"type":"url_citation","url_citation":{…}}
  std::vector<answer_call> calls;
  std::string images;  ///< raw array of {"type":"image_url","image_url":{"url":"data:…"}}: images that chat models make
  std::string audio;   ///< raw object
  std::string logprobs;  ///< raw object
  std::string extra;     ///< raw members of the message, each with a leading comma; mostly empty
  finish how = finish::stop;
  std::string native_finish;  ///< what the provider called it, plain text; shown where it is not the same word
};

/// reasoning_details is a list of OpenRouter's objects, so that agents that know those keep thinking across turns:
///   {"type":"reasoning.text","text":…,"signature":…,"format":F,"index":N}
///   {"type":"reasoning.summary","summary":…,"format":F,"index":N}
///   {"type":"reasoning.encrypted","data":…,"id":…,"format":F,"index":N}
/// F says who can read it back: "anthropic-claude-v1", "google-gemini-v1", "openai-responses-v1", "xai-responses-v1". A
/// dialect puts back what has its own format, and leaves the rest out. These write one such object.
[[nodiscard]] std::string reasoning_text(std::string_view text_json, std::string_view signature_json,
                                         std::string_view format, std::size_t index);
[[nodiscard]] std::string reasoning_encrypted(std::string_view data_json, std::string_view id_json,
                                              std::string_view format, std::size_t index);

/// A whole answer.
struct answer {
  std::string id_json;       ///< the provider's; empty: made from request_id
  std::int64_t created = 0;  ///< seconds; 0: now
  std::string model_json;    ///< as the provider says; empty: as was asked of it
  std::vector<answer_choice> choices;
  std::optional<model::usage> usage;
  std::string extra;  ///< raw members of the answer, each with a leading comma: `,"citations":[…]`
};

/// The chat.completion that the client gets. Where the client used `functions`, one call becomes function_call. Without
/// usage the estimate stands in it, as clients count on the member; facts say nothing then.
[[nodiscard]] client_answer to_client(const answer& said, const answer_input& in);

/// `"usage":{…}` as OpenAI has it, details included where they are not zero.
void append_usage(std::string& out, const model::usage& used);

/// Builds a usage out of what a provider counts. Nothing where a figure is negative, fractional, or beyond 10^9.
class usage_figures {
 public:
  /// A member that is absent or null counts as `absent`.
  [[nodiscard]] std::int64_t read(json::value figure, std::int64_t absent = 0);
  [[nodiscard]] bool impossible() const noexcept { return impossible_; }

 private:
  bool impossible_ = false;
};

/// Writes OpenAI's stream chunks, and keeps the facts of a stream_decoder. One per stream. The first chunk of a choice
/// carries the role. Texts are insides of JSON string literals.
class chunk_writer {
 public:
  /// What `in` refers to outlives it.
  explicit chunk_writer(const answer_input& in);

  /// What the provider calls its answer; said before the first chunk, or ignored.
  void identify(std::string_view id_json, std::string_view model_json, std::int64_t created = 0);
  void content(std::string& out, std::string_view text_json, std::int64_t choice = 0);
  void reasoning(std::string& out, std::string_view text_json, std::int64_t choice = 0);
  void refusal(std::string& out, std::string_view text_json, std::int64_t choice = 0);
  void reasoning_detail(std::string& out, std::string_view object, std::int64_t choice = 0);
  void annotation(std::string& out, std::string_view object, std::int64_t choice = 0);
  void image(std::string& out, std::string_view object, std::int64_t choice = 0);
  /// Raw members of a delta, each with a leading comma, for what else a provider has. `counts` bytes were produced.
  void extra(std::string& out, std::string_view members, std::int64_t counts, std::int64_t choice = 0);
  /// Begins the choice's next call and gives its index; an empty id is made up.
  /// `extra`: raw members of the call, each with a leading comma.
  std::int64_t call(std::string& out, std::string_view id_json, std::string_view name_json, std::int64_t choice = 0,
                    std::string_view extra = {});
  void arguments(std::string& out, std::int64_t call_index, std::string_view text_json, std::int64_t choice = 0);
  void logprobs(std::string& out, std::string_view object, std::int64_t choice = 0);
  /// Once per choice; further ones are ignored.
  void finished(std::string& out, finish how, std::string_view native = {}, std::int64_t choice = 0);
  [[nodiscard]] bool has_calls(std::int64_t choice = 0) const noexcept;
  /// The latest word on usage; sent at the end, in a chunk of its own, if the client asked.
  void used(const model::usage& figures) { facts_.usage = figures; }
  void usage_impossible() { facts_.usage_impossible = true; }
  /// Raw members for the last chunk, each with a leading comma (`,"citations":[…]`): they go out beside the finish
  /// reason where they are known by then, else in a chunk without content at the end.
  void last_extra(std::string members) { last_extra_ = std::move(members); }
  /// Where the text of the last chunk stands in what it was written to, if the next chunk will be the same but for its
  /// text when it brings the same kind of text to the same choice or call; else nothing.
  [[nodiscard]] std::optional<std::size_t> text_place() const noexcept { return text_place_; }
  /// Such a chunk was written by somebody else.
  void repeated(std::string_view text_json, bool escaped);
  /// The provider's end mark came.
  void done() { facts_.done = true; }
  void failed(provider_error error) { facts_.error = std::move(error); }
  /// At the end of the bytes: the usage chunk, once. False where the stream is not complete (no finish, no end mark).
  [[nodiscard]] bool end(std::string& out);
  [[nodiscard]] const stream_facts& facts() const noexcept { return facts_; }

 private:
  struct choice_state {
    std::int64_t index = 0;
    std::int64_t calls = 0;
    bool begun = false, finished = false;
  };
  static constexpr std::size_t most_choices = 128;
  void begin_stream();
  choice_state& state_of(std::int64_t choice);
  void text(std::string& out, std::string_view member, std::string_view text_json, std::int64_t choice);
  void object(std::string& out, std::string_view member, std::string_view raw, std::int64_t choice);
  void open_chunk(std::string& out, choice_state& of);
  void close_chunk(std::string& out, std::string_view finish_reason = {});
  void put_text(std::string& out, std::string_view text_json);
  void produced(std::string_view text_json);

  const answer_input in_;
  const bool legacy_;
  std::string id_json_, model_json_;
  std::int64_t created_ = 0;
  std::string head_;  ///< `data: {"id":…,"object":…,"created":…,"model":…,"choices":[`
  std::vector<choice_state> choices_;
  std::string last_extra_;
  bool role_written_ = false;  ///< in the chunk at hand
  std::optional<std::size_t> text_place_;
  bool ended_ = false;
  stream_facts facts_;
};

}  // namespace spidergate::providers::chat
