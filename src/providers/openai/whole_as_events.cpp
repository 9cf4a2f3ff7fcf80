#include "../error_reading.hpp"
#include "openai_dialect.hpp"

#include <spidergate/json/splice.hpp>

#include <algorithm>

namespace spidergate::providers {

std::optional<std::string> whole_answer_as_events(std::string_view body) {
  auto& reader = openai::thread_reader();
  body = json::without_bom(body);
  if (!reader.read(body, json::surrogates::any)) return std::nullopt;
  const auto root = reader.root();
  const auto choices = root.find("choices");
  if (!choices.is(json::kind::array) || choices.empty() || looks_like_error(root)) return std::nullopt;
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
  std::string out = "data: ";
  edits.append_to(out);
  // Between tokens a line end is white space; inside of a string it cannot be.
  std::replace_if(out.begin(), out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return out + "\n\ndata: [DONE]\n\n";
}

}  // namespace spidergate::providers
