#include "answer_reading.hpp"

#include "../chat/invented.hpp"
#include "../error_reading.hpp"
#include "tool_names.hpp"
#include "usage.hpp"

#include <spidergate/json/name_table.hpp>

#include <array>
#include <utility>

namespace spidergate::providers::gemini {

namespace {

constexpr json::name_table response_names(std::to_array<std::string_view>({"responseId", "modelVersion", "candidates",
                                                                           "promptFeedback", "usageMetadata"}));
constexpr json::name_table candidate_names(std::to_array<std::string_view>({"index", "content", "logprobsResult",
                                                                            "finishReason"}));

}  // namespace

std::string signature_member(json::value signature) {
  if (signature.literal().empty()) return {};
  return R"(,"extra_content":{"google":{"thought_signature":)" + std::string(signature.raw()) + "}}";
}

void answer_reading::add(json::value response) {
  const json::picked<response_names> said(response);
  if (answer_.id_json.empty()) answer_.id_json = said["responseId"].literal();
  if (answer_.model_json.empty()) answer_.model_json = said["modelVersion"].literal();
  for (const auto v : said["candidates"].elements()) candidate(v);
  const auto feedback = said["promptFeedback"];
  if (feedback.find("blockReason").exists()) {
    blocked_ = true;
    refusal_ = refusal_of(feedback);
    block_reason_ = presentable(feedback.find("blockReason").literal());
  }
  if (const auto reading = read_usage(said["usageMetadata"]); reading.tokens || reading.impossible)
    answer_.usage = reading.tokens;
}

std::size_t answer_reading::choice_at(std::int64_t index) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].index == index) return i;
  }
  if (states_.size() >= most_choices) return states_.size() - 1;
  states_.emplace_back().index = index;
  answer_.choices.emplace_back().how = chat::finish::none;
  return states_.size() - 1;
}

void answer_reading::candidate(json::value v) {
  const json::picked<candidate_names> said(v);
  const auto at = choice_at(said["index"].whole_number().value_or(0));
  auto& choice = answer_.choices[at];
  auto& of = states_[at];
  std::vector<std::int64_t> starts;
  for (const auto p : said["content"].find("parts").elements()) {
    starts.push_back(of.text.bytes());
    part(p, choice, of);
  }
  if (auto logprobs = logprobs_of(said["logprobsResult"]); !logprobs.empty()) choice.logprobs = std::move(logprobs);
  for (auto& source : of.sources.take(v, of.text, starts)) choice.annotations.push_back(std::move(source));
  const auto finish = read_finish(said["finishReason"]);
  if (finish.how == chat::finish::none) return;
  choice.how = finish.how;
  choice.native_finish = finish.native;
  if (finish.broken) of.broken = broken_answer(v, finish);
}

void answer_reading::part(json::value v, chat::answer_choice& choice, state& of) {
  json::value text, thought, signature, called, data;
  for (const auto& [name, value] : v.members()) {
    if (name == "text") text = value;
    if (name == "thought") thought = value;
    if (name == "thoughtSignature" || name == "thought_signature") signature = value;
    if (name == "functionCall") called = value;
    if (name == "inlineData") data = value;
  }
  const bool thinks = thought.boolean() == true;
  if (called.exists()) return call(called, signature, choice, of);
  if (thinks) {
    choice.reasoning_json.append(text.literal());
  } else {
    choice.content_json.append(text.literal());
    of.text.add(text.literal());
    inline_data(data, choice);
  }
  if (!signature.literal().empty())
    choice.reasoning_details.push_back(
        chat::reasoning_encrypted(signature.literal(), {}, signature_format, of.details++));
}

void answer_reading::call(json::value v, json::value signature, chat::answer_choice& choice, state& of) {
  const auto name = name_for_client(v.find("name").literal());
  if (name == answer_tool && in_.memo == answer_tool_memo) {
    choice.content_json.append(arguments_of(v));
    return;
  }
  auto& made = choice.calls.emplace_back();
  made.name_json = name;
  made.arguments_json = arguments_of(v);
  made.id_json = v.find("id").literal();
  if (made.id_json.empty()) {
    const auto number = static_cast<std::int64_t>(choice.calls.size() - 1);
    made.id_json = chat::invented_call_id(in_, of.index, number, name);
  }
  if (signature.literal().empty()) return;
  made.extra = signature_member(signature);
  choice.reasoning_details.push_back(
      chat::reasoning_encrypted(signature.literal(), made.id_json, signature_format, of.details++));
}

void answer_reading::inline_data(json::value v, chat::answer_choice& choice) {
  if (const auto image = image_of(v); !image.empty()) {
    if (choice.images.empty()) {
      choice.images = "[" + image + "]";
    } else {
      choice.images.back() = ',';
      choice.images.append(image).push_back(']');
    }
  }
}

boost::system::result<client_answer, provider_error> answer_reading::finish() && {
  if (answer_.choices.empty() && !blocked_)
    return not_an_answer("The provider's answer holds no candidate and no reason why.");
  if (answer_.choices.empty()) {
    auto& choice = answer_.choices.emplace_back();
    choice.how = chat::finish::content_filter;
    choice.native_finish = block_reason_;
    choice.refusal_json = refusal_;
  }
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const auto& choice = answer_.choices[i];
    const bool nothing = choice.content_json.empty() && choice.calls.empty() && choice.images.empty();
    if (states_[i].broken && nothing && answer_.choices.size() == 1) return *states_[i].broken;
  }
  return chat::to_client(answer_, in_);
}

}  // namespace spidergate::providers::gemini
