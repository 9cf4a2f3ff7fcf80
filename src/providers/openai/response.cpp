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

#include <spidergate/json/splice.hpp>

namespace spidergate::providers::openai {

namespace {

using model::endpoint;
using answer = boost::system::result<std::variant<client_answer, follow_up>, provider_error>;

/// The list without which it is no answer.
std::string_view list_of(endpoint kind) {
  if (kind == endpoint::embeddings || kind == endpoint::images) return "data";
  return kind == endpoint::moderations ? "results" : "choices";
}

std::int64_t read_message(json::value message, std::uint64_t seed, json::splice& edits) {
  std::int64_t bytes = 0;
  for (const auto& m : message.members()) {
    bytes += produced_bytes(m);
    if (m.name == "tool_calls") normalise_tool_calls(m.value, seed, edits);
    if (m.name == "function_call") stringify(m.value.find("arguments"), edits);
    // Cloudflare answers response_format with the object itself.
    if (m.name == "content") {
      stringify(m.value, edits);
      flatten_content(m, edits);
    }
  }
  return bytes;
}

std::int64_t read_choices(json::value root, json::value choices, json::splice& edits) {
  const std::uint64_t seed = hash_of(root.find("id").literal());
  const auto sources = cited_sources(root);
  std::int64_t bytes = 0;
  std::int64_t index = 0;
  for (const auto choice : choices.elements()) {
    const std::uint64_t choice_seed = hash_of(std::to_string(index++), seed);
    for (const auto& m : choice.members()) {
      if (m.name == "message") {
        bytes += read_message(m.value, choice_seed, edits);
        annotate(m.value, sources, edits);
      }
      if (m.name == "text") bytes += produced_bytes(m);
    }
  }
  return bytes;
}

/// OpenRouter: a choice that failed midway.
json::value failed_choice(json::value choices) {
  for (const auto choice : choices.elements()) {
    if (choice.find("error").is(json::kind::object) || choice.find("finish_reason").literal() == "error") return choice;
  }
  return {};
}

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

boost::system::result<client_answer, provider_error> read_list(const answer_input& in, std::string_view content_type,
                                                               std::string_view body, bool may_lack_members) {
  const auto kind = in.asked.kind;
  body = json::without_bom(body);
  const auto read = read_object(content_type, body);
  if (!read) return read.error();
  const auto root = *read;
  const auto list = root.find(list_of(kind));
  const bool plain = list.is(json::kind::array) && !root.find("error").given();
  if (!plain && looks_like_error(root)) return in_band(root);
  if (!list.is(json::kind::array) || list.empty()) {
    return not_an_answer("The provider's answer holds no '" + std::string(list_of(kind)) + "'.");
  }
  client_answer out;
  json::splice edits(body);
  const bool completes = kind == endpoint::chat || kind == endpoint::completions;
  if (completes) {
    if (const auto failed = failed_choice(list); failed.exists()) return in_band(failed);
    out.facts.text_bytes = read_choices(root, list, edits);
    if (may_lack_members) add_missing_members(root, "chat.completion", in, edits);
  } else if (kind == endpoint::embeddings) {
    convert_embeddings(list, in.asked.wants_base64, edits);
    name_prompt_tokens(root.find("usage"), edits);
  }
  if (kind == endpoint::images) {
    std::int64_t made = 0;
    for ([[maybe_unused]] const auto image : list.elements()) ++made;
    out.facts.usage = image_usage(in.asked, root, made);
    // Clients count on it; xAI leaves it out.
    if (!root.find("created").exists())
      edits.insert(root.raw().data() + 1, "\"created\":" + std::to_string(in.now / 1000) + ",");
  } else {
    const auto usage = root.find("usage");
    out.facts.usage =
        read_usage(usage.is(json::kind::object) ? usage : root.find("x_groq").find("usage"), completes).tokens;
  }
  edits.move_to(out.body, out.owned);
  return out;
}

}  // namespace

answer openai_dialect::decode(const answer_input& in, std::string_view content_type, std::string_view body) const {
  auto read = [&]() -> boost::system::result<client_answer, provider_error> {
    switch (in.asked.kind) {
      case endpoint::transcriptions:
      case endpoint::translations:
        return read_transcript(in, content_type, body);
      case endpoint::speech:
        return read_speech(in, content_type, body);
      case endpoint::rerank:
        return read_rerank(in, content_type, body);
      default:
        return read_list(in, content_type, body, may_lack_members());
    }
  }();
  if (!read) return std::move(read).error();
  return std::variant<client_answer, follow_up>(std::move(*read));
}

}  // namespace spidergate::providers::openai
