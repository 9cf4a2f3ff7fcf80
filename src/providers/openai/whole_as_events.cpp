#include "../error_reading.hpp"
#include "openai_dialect.hpp"

#include <spidergate/json/splice.hpp>

#include <algorithm>
#include <string>

namespace spidergate::providers {

namespace {

constexpr std::string_view end_mark = "data: [DONE]\n\n";

/// Between tokens a line end is white space; inside of a string it cannot be.
std::string as_event(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return "data: " + text + "\n\n";
}

std::string chat_events(json::value root, json::value choices, std::string_view body) {
  json::splice edits(body);
  for (const auto& m : root.members()) {
    if (m.name == "object" && m.value.literal() == "chat.completion")
      edits.replace(m.value.raw(), R"("chat.completion.chunk")");
  }
  for (const auto choice : choices.elements()) {
    if (choice.find("delta").exists()) continue;
    for (const auto& m : choice.members()) {
      if (m.name == "message") edits.replace(m.name, "delta");
    }
  }
  std::string out;
  edits.append_to(out);
  return as_event(std::move(out)).append(end_mark);
}

std::string raw_member(json::value object, std::string_view name) {
  const auto v = object.find(name);
  return v.given() ? ",\"" + std::string(name) + "\":" + std::string(v.raw()) : std::string();
}

std::string transcript_events(json::value root, json::value text) {
  const std::string raw(text.raw());
  std::string out = as_event(R"({"type":"transcript.text.delta","delta":)" + raw + "}");
  out += as_event(R"({"type":"transcript.text.done","text":)" + raw + raw_member(root, "usage") +
                  raw_member(root, "duration") + "}");
  return out.append(end_mark);
}

std::string image_events(json::value root, json::value data) {
  std::string out;
  std::string rest;
  for (const std::string_view name : {"created", "background", "output_format", "quality", "size", "usage"}) {
    rest += name == "created" && root.find(name).given() ? ",\"created_at\":" + std::string(root.find(name).raw())
                                                         : raw_member(root, name);
  }
  for (const auto image : data.elements()) {
    out += as_event(R"({"type":"image_generation.completed")" + raw_member(image, "b64_json") +
                    raw_member(image, "url") + rest + "}");
  }
  return out.append(end_mark);
}

}  // namespace

std::optional<std::string> whole_answer_as_events(std::string_view body) {
  auto& reader = openai::thread_reader();
  body = json::without_bom(body);
  if (!reader.read(body, json::surrogates::any)) return std::nullopt;
  const auto root = reader.root();
  if (looks_like_error(root)) return std::nullopt;
  const auto choices = root.find("choices");
  if (choices.is(json::kind::array) && !choices.empty()) return chat_events(root, choices, body);
  const auto text = root.find("text");
  if (text.is(json::kind::string)) return transcript_events(root, text);
  const auto data = root.find("data");
  const bool images =
      data.is(json::kind::array) && !data.empty() &&
      ((*data.elements().begin()).find("b64_json").exists() || (*data.elements().begin()).find("url").exists());
  if (images) return image_events(root, data);
  return std::nullopt;
}

}  // namespace spidergate::providers
