#pragma once
#include "../event_decoder.hpp"
#include "message_form.hpp"
#include "tool_calls.hpp"
#include "usage.hpp"

#include <spidergate/json/splice.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spidergate::providers::openai {

/// Passes a stream of OpenAI's chunks on, event by event. Every event's JSON is checked; its bytes go out as they came
/// unless
///  - tool-call deltas are not in the form that clients count on (tool_calls.hpp);
///  - it carries `usage`. OpenAI sends it in one last chunk with `choices: []`, to those who asked. So: a client that
///  did not ask never sees
///    the member (not the null either that OpenAI adds because *we* asked); one that did sees null beside choices and
///    the figures exactly once, in such a last chunk, made up from the last ones said where the provider has none.
///    Clients add usages up, so figures that a provider repeats in every chunk would be counted many times. With vLLM's
///    `continuous_usage_stats` nothing of this is touched;
///  - it is Azure's word on the prompt, in a chunk without choices, on which many clients' loops stand: the next chunk
///    carries it;
///  - Mistral's content comes in parts (message_form.hpp), or sources come beside the choices: annotations at the end;
///  - it is no chunk at all (a ping): dropped.
/// An in-band error ends the stream: facts().error is set, feed() goes on returning true and swallows the rest.
class openai_stream final : public event_decoder {
 public:
  /// `may_lack_members`: chunks get the members that clients count on where they lack them (missing_members.hpp).
  explicit openai_stream(const answer_input& in, bool may_lack_members = false);
  [[nodiscard]] const stream_facts& facts() const noexcept override { return facts_; }

 private:
  struct choice {
    explicit choice(std::int64_t number, std::uint64_t seed) : index(number), tools(seed) {}
    std::int64_t index;
    bool finished = false;
    tool_call_deltas tools;
  };

  [[nodiscard]] bool on_event(const sse_event& event, std::string& out) override;
  [[nodiscard]] bool on_end(std::string& out) override;
  void on_text(std::string_view text_json, bool escaped, std::string& out) override;
  void set_error(provider_error error) override { facts_.error = std::move(error); }
  void on_error(json::value root);
  void on_chunk(json::value root, std::string& out);
  void on_usage_chunk(json::value root, json::value usage, std::string& out);
  [[nodiscard]] bool hold_filter_results(json::value root);
  void on_choice(json::value v, std::int64_t position);
  void on_delta(json::value delta, choice& of);
  [[nodiscard]] choice& choice_at(std::int64_t index);
  void note_produced(const json::member& m);
  void note_repeatable(json::value last);
  void note_usage(json::value usage);
  void remember(json::value root);
  void hide_usage(json::value root);
  void forward(std::string& out);
  void finish_usage(std::string& out);
  [[nodiscard]] std::string estimated_usage() const;

  const answer_input in_;
  const bool may_lack_members_;
  const bool chat_;
  const bool wants_usage_;
  const bool usage_untouched_;
  const std::int64_t estimated_prompt_;
  bool usage_sent_ = false;
  bool identified_ = false;
  stream_facts facts_;
  std::vector<choice> choices_;
  std::vector<source> sources_;  ///< of the chunk at hand
  std::string_view brings_;      ///< the same: the inside of the string that is all its content, if it is one
  int contents_ = 0;             ///< the same: how many members have content
  bool steady_ = false;          ///< the same: it changes nothing here that a next one like it would not find
  std::string filter_results_;   ///< raw, for the next chunk
  json::splice edits_;
  std::string identity_;    ///< `"id":…,"object":…,"created":…,"model":…` of the stream's chunks
  std::string last_usage_;  ///< raw, for a last chunk of our own
};

}  // namespace spidergate::providers::openai
