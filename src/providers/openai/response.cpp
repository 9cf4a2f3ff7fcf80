#include "answers.hpp"
#include "byte_stream.hpp"
#include "embeddings.hpp"
#include "images.hpp"
#include "message_form.hpp"
#include "missing_members.hpp"
#include "openai_dialect.hpp"
#include "produced.hpp"
#include "rerank.hpp"
#include "tool_calls.hpp"
#include "transcripts.hpp"
#include "usage.hpp"

#include <spidergate/json/name_table.hpp>
#include <spidergate/json/splice.hpp>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace spidergate::providers::openai {

namespace {

using model::endpoint;
using answer = boost::system::result<std::variant<client_answer, follow_up>, provider_error>;

constexpr json::name_table answer_names(std::to_array<std::string_view>({
    "id",
    "created",
    "choices",
    "data",
    "results",
    "usage",
    "x_groq",
    "error",
    "search_results",
    "citations",
}));
using answer_members = json::picked<answer_names>;

/// The list without which it is no answer.
answer_members::name list_of(endpoint kind) {
  if (kind == endpoint::embeddings || kind == endpoint::images) return "data";
  return kind == endpoint::moderations ? answer_members::name("results") : answer_members::name("choices");
}

constexpr json::name_table choice_names(std::to_array<std::string_view>({"message", "text", "finish_reason", "error"}));

/// The choices of an answer, one after the other.
class choice_reader {
 public:
  choice_reader(const answer_members& answer, json::splice& edits)
      : id_(answer["id"].literal()),
        sources_(cited_sources(answer["search_results"], answer["citations"])),
        edits_(edits) {}

  /// False when it failed midway, as OpenRouter has it.
  bool read(json::value choice) {
    bool failed = false, ended_in_error = false;
    for (const auto& m : choice.members()) {
      switch (choice_names.place(m.name)) {
        case choice_names["message"]:
          read_message(m.value);
          break;
        case choice_names["text"]:
          bytes_ += produced_bytes(m);
          break;
        case choice_names["finish_reason"]:
          ended_in_error = m.value.literal() == "error";
          break;
        case choice_names["error"]:
          failed = m.value.is(json::kind::object);
          break;
        default:
          break;
      }
    }
    ++index_;
    return !failed && !ended_in_error;
  }
  [[nodiscard]] std::int64_t text_bytes() const noexcept { return bytes_; }

 private:
  void read_message(json::value message) {
    for (const auto& m : message.members()) {
      bytes_ += produced_bytes(m);
      if (m.name == "tool_calls") normalise_tool_calls(m.value, hash_of(std::to_string(index_), hash_of(id_)), edits_);
      if (m.name == "function_call") stringify(m.value.find("arguments"), edits_);
      // Cloudflare answers response_format with the object itself.
      if (m.name == "content") {
        stringify(m.value, edits_);
        flatten_content(m, edits_);
      }
    }
    annotate(message, sources_, edits_);
  }

  std::string_view id_;
  std::vector<source> sources_;
  json::splice& edits_;
  std::int64_t index_ = 0;
  std::int64_t bytes_ = 0;
};

boost::system::result<client_answer, provider_error> read_speech(const answer_input& in, std::string_view content_type,
                                                                 std::string_view body) {
  byte_stream stream(in, content_type);
  std::string ignored;
  if (!stream.feed({}, ignored) || body.empty()) {
    if (const auto read = read_object(content_type, body); read && looks_like_error(*read)) return in_band(*read);
    return stream.facts().error.value_or(not_an_answer("The provider answered with no speech at all."));
  }
  client_answer out;
  out.body.push_back(body);
  out.content_type = stream.content_type();
  out.facts.text_bytes = static_cast<std::int64_t>(body.size());
  out.facts.usage = speech_usage(in, static_cast<std::int64_t>(body.size()));
  return out;
}

/// Voyage counts a total alone, which clients look for under its other name too.
void name_prompt_tokens(json::value usage, json::splice& edits) {
  const auto total = usage.find("total_tokens");
  if (!total.is(json::kind::number) || usage.find("prompt_tokens").exists()) return;
  edits.insert(usage.raw().data() + 1, "\"prompt_tokens\":" + std::string(total.raw()) + ",");
}

void read_images(const answer_input& in, json::value root, const answer_members& members, json::splice& edits,
                 answer_facts& facts) {
  std::int64_t made = 0;
  for ([[maybe_unused]] const auto image : members["data"].elements()) ++made;
  facts.usage = image_usage(in.asked, root, made);
  // Clients count on it; xAI leaves it out.
  if (!members["created"].exists())
    edits.insert(root.raw().data() + 1, "\"created\":" + std::to_string(in.now / 1000) + ",");
}

/// Nothing when `out` has it, else why it is no answer.
std::optional<provider_error> read_list(const answer_input& in, std::string_view content_type, std::string_view body,
                                        bool may_lack_members, client_answer& out) {
  const auto kind = in.asked.kind;
  body = json::without_bom(body);
  const auto read = read_object(content_type, body);
  if (!read) return read.error();
  const auto root = *read;
  const answer_members members(root);
  const auto list = members[list_of(kind)];
  const bool plain = list.is(json::kind::array) && !members["error"].given();
  if (!plain && looks_like_error(root)) return in_band(root);
  if (!list.is(json::kind::array) || list.empty()) {
    return not_an_answer("The provider's answer holds no '" + std::string(answer_names.name(list_of(kind).place)) +
                         "'.");
  }
  json::splice edits(body);
  const bool completes = kind == endpoint::chat || kind == endpoint::completions;
  if (completes) {
    choice_reader choices(members, edits);
    for (const auto choice : list.elements()) {
      if (!choices.read(choice)) return in_band(choice);
    }
    out.facts.text_bytes = choices.text_bytes();
    if (may_lack_members) add_missing_members(root, "chat.completion", in, edits);
  } else if (kind == endpoint::embeddings) {
    convert_embeddings(list, in.asked.wants_base64, edits);
    name_prompt_tokens(members["usage"], edits);
  }
  if (kind == endpoint::images) {
    read_images(in, root, members, edits, out.facts);
  } else {
    const auto usage = members["usage"];
    out.facts.usage =
        read_usage(usage.is(json::kind::object) ? usage : members["x_groq"].find("usage"), completes).tokens;
  }
  edits.move_to(out.body, out.owned);
  return std::nullopt;
}

/// What another reader made of it.
std::optional<provider_error> take(boost::system::result<client_answer, provider_error> read, client_answer& out) {
  if (!read) return std::move(read).error();
  out = std::move(*read);
  return std::nullopt;
}

}  // namespace

answer openai_dialect::decode(const answer_input& in, std::string_view content_type, std::string_view body) const {
  answer out(boost::system::in_place_value, std::in_place_type<client_answer>);
  auto& into = std::get<client_answer>(*out);
  const auto why = [&] {
    switch (in.asked.kind) {
      case endpoint::transcriptions:
      case endpoint::translations:
        return take(read_transcript(in, content_type, body), into);
      case endpoint::speech:
        return take(read_speech(in, content_type, body), into);
      case endpoint::rerank:
        return take(read_rerank(in, content_type, body), into);
      default:
        return read_list(in, content_type, body, may_lack_members(), into);
    }
  }();
  if (why) out = *why;
  return out;
}

}  // namespace spidergate::providers::openai
