#include "../error_reading.hpp"
#include "embeddings.hpp"
#include "openai_dialect.hpp"
#include "produced.hpp"
#include "tool_calls.hpp"
#include "usage.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/json/splice.hpp>

namespace spidergate::providers::openai {

namespace {

using model::endpoint;
using answer = boost::system::result<std::variant<client_answer, follow_up>, provider_error>;

provider_error no_json(std::string_view content_type, std::string_view body, const json::fault& why) {
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return not_an_answer("The provider answered with an empty body.");
  if (body[first] == '<' || to_lower(content_type).find("html") != std::string::npos) {
    return not_an_answer("The provider answered with a page of HTML.");
  }
  return not_an_answer("The provider's answer is not valid JSON: " + why.message + " at " +
                       json::place_of(body, why.offset) + ".");
}

/// Status 200, and an error all the same.
provider_error in_band(json::value root) {
  provider_error error;
  read_error(root, error);
  if (error.message.empty()) error.message = "The provider answered with an error that says nothing.";
  error.kind = classify(error);
  if (error.kind == error_class::rate_limited) error.retry_after = retry_after_in(error.message);
  return error;
}

/// The list without which it is no answer.
std::string_view list_of(endpoint kind) {
  return kind == endpoint::embeddings ? "data" : kind == endpoint::moderations ? "results" : "choices";
}

std::int64_t read_message(json::value message, std::uint64_t seed, json::splice& edits) {
  std::int64_t bytes = 0;
  for (const auto& m : message.members()) {
    bytes += produced_bytes(m);
    if (m.name == "tool_calls") normalise_tool_calls(m.value, seed, edits);
    if (m.name == "function_call") stringify(m.value.find("arguments"), edits);
    // Cloudflare answers response_format with the object itself.
    if (m.name == "content") stringify(m.value, edits);
  }
  return bytes;
}

std::int64_t read_choices(json::value root, json::value choices, json::splice& edits) {
  const std::uint64_t seed = hash_of(root.find("id").literal());
  std::int64_t bytes = 0;
  std::int64_t index = 0;
  for (const auto choice : choices.elements()) {
    const std::uint64_t choice_seed = hash_of(std::to_string(index++), seed);
    for (const auto& m : choice.members()) {
      if (m.name == "message") bytes += read_message(m.value, choice_seed, edits);
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

}  // namespace

answer openai_dialect::decode(const answer_input& in, std::string_view content_type, std::string_view body) const {
  const auto& asked = in.asked;
  auto& reader = thread_reader();
  body = json::without_bom(body);
  if (!reader.read(body, json::surrogates::any)) return no_json(content_type, body, reader.failure());
  const auto root = reader.root();
  if (!root.is(json::kind::object)) return not_an_answer("The provider's answer is JSON, but no object.");
  const auto list = root.find(list_of(asked.kind));
  const bool plain = list.is(json::kind::array) && !root.find("error").given();
  if (!plain && looks_like_error(root)) return in_band(root);
  if (!list.is(json::kind::array) || list.empty()) {
    return not_an_answer("The provider's answer holds no '" + std::string(list_of(asked.kind)) + "'.");
  }
  client_answer out;
  json::splice edits(body);
  const bool completes = asked.kind == endpoint::chat || asked.kind == endpoint::completions;
  if (completes) {
    if (const auto failed = failed_choice(list); failed.exists()) return in_band(failed);
    out.facts.text_bytes = read_choices(root, list, edits);
  } else if (asked.kind == endpoint::embeddings) {
    convert_embeddings(list, asked.wants_base64, edits);
  }
  const auto usage = root.find("usage");
  out.facts.usage =
      read_usage(usage.is(json::kind::object) ? usage : root.find("x_groq").find("usage"), completes).tokens;
  edits.move_to(out.body, out.owned);
  return std::variant<client_answer, follow_up>(std::move(out));
}

}  // namespace spidergate::providers::openai
