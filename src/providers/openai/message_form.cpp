#include "message_form.hpp"

#include <string>
#include <string_view>

namespace spidergate::providers::openai {

namespace {

constexpr std::size_t most_sources = 256;

/// Adds a part's text, or says that the part is of another kind.
bool add_part(json::value part, std::string& text, std::string& thoughts) {
  const auto type = part.find("type").literal();
  if (type == "text" && part.find("text").is(json::kind::string)) {
    text.append(part.find("text").literal());
    return true;
  }
  if (type == "reference") return true;
  if (type != "thinking") return false;
  const auto thinking = part.find("thinking");
  if (thinking.is(json::kind::string)) thoughts.append(thinking.literal());
  for (const auto piece : thinking.elements()) thoughts.append(piece.find("text").literal());
  return true;
}

std::string annotation_of(const source& from) {
  std::string out = R"({"type":"url_citation","url_citation":{"url":)";
  out.append(from.url.raw()).append(R"(,"title":)");
  out.append(from.title.is(json::kind::string) ? from.title.raw() : from.url.raw());
  return out.append(R"(,"start_index":0,"end_index":0}})");
}

}  // namespace

void flatten_content(const json::member& content, json::splice& edits) {
  if (!content.value.is(json::kind::array)) return;
  std::string text, thoughts;
  for (const auto part : content.value.elements()) {
    if (!add_part(part, text, thoughts)) return;
  }
  std::string flat = "\"content\":\"" + text + "\"";
  if (!thoughts.empty()) flat += ",\"reasoning_content\":\"" + thoughts + "\"";
  edits.replace(content.whole(), std::move(flat));
}

std::vector<source> cited_sources(json::value search_results, json::value citations) {
  std::vector<source> sources;
  for (const auto result : search_results.elements()) {
    if (result.find("url").is(json::kind::string) && sources.size() < most_sources)
      sources.push_back({result.find("url"), result.find("title")});
  }
  if (!sources.empty()) return sources;
  for (const auto url : citations.elements()) {
    if (url.is(json::kind::string) && sources.size() < most_sources) sources.push_back({url, {}});
  }
  return sources;
}

std::vector<source> cited_sources(json::value root) {
  return cited_sources(root.find("search_results"), root.find("citations"));
}

void annotate(json::value message, const std::vector<source>& sources, json::splice& edits) {
  if (sources.empty() || !message.is(json::kind::object)) return;
  json::value annotations;
  for (const auto& m : message.members()) {
    if (m.name == "annotations") annotations = m.value;
  }
  if (annotations.given() && !(annotations.is(json::kind::array) && annotations.empty())) return;
  std::string list = "[";
  for (const auto& from : sources) {
    if (list.size() > 1) list.push_back(',');
    list.append(annotation_of(from));
  }
  list.push_back(']');
  if (annotations.exists()) return edits.replace(annotations.raw(), std::move(list));
  std::string member = "\"annotations\":" + list;
  if (!message.empty()) member.push_back(',');
  edits.insert(message.raw().data() + 1, std::move(member));
}

}  // namespace spidergate::providers::openai
