#include "contents.hpp"

#include "signatures.hpp"
#include "tool_names.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/json/reader.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace spidergate::providers::gemini {

namespace {

using chat::part;
using role = chat::message::role;

// Google's own word for "this call was made by another model": else a call without its signature is refused.
constexpr std::string_view no_signature = "skip_thought_signature_validator";

using pair = std::pair<std::string_view, std::string_view>;
constexpr std::array types_by_ending{
    pair{".png", "image/png"},       pair{".jpg", "image/jpeg"},      pair{".jpeg", "image/jpeg"},
    pair{".webp", "image/webp"},     pair{".gif", "image/gif"},       pair{".heic", "image/heic"},
    pair{".heif", "image/heif"},     pair{".mp3", "audio/mpeg"},      pair{".wav", "audio/wav"},
    pair{".flac", "audio/flac"},     pair{".ogg", "audio/ogg"},       pair{".aac", "audio/aac"},
    pair{".m4a", "audio/mp4"},       pair{".aiff", "audio/aiff"},     pair{".mp4", "video/mp4"},
    pair{".mov", "video/quicktime"}, pair{".webm", "video/webm"},     pair{".mpeg", "video/mpeg"},
    pair{".mpg", "video/mpeg"},      pair{".avi", "video/x-msvideo"}, pair{".pdf", "application/pdf"},
    pair{".txt", "text/plain"},      pair{".csv", "text/csv"},        pair{".html", "text/html"},
    pair{".md", "text/markdown"},    pair{".xml", "text/xml"},        pair{".json", "application/json"}};

std::string_view usual_type(part::kind kind) {
  switch (kind) {
    case part::kind::audio:
      return "audio/wav";
    case part::kind::video:
      return "video/mp4";
    case part::kind::file:
      return "application/pdf";
    default:
      return "image/jpeg";
  }
}

std::string_view type_by_ending(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  for (const auto& [ending, type] : types_by_ending) {
    if (url.size() > ending.size() && iequals(url.substr(url.size() - ending.size()), ending)) return type;
  }
  return {};
}

bool is_youtube(std::string_view url) {
  for (const std::string_view host : {"https://www.youtube.com/", "https://youtube.com/", "https://youtu.be/",
                                      "https://m.youtube.com/", "http://www.youtube.com/"}) {
    if (url.starts_with(host)) return true;
  }
  return false;
}

bool is_text(const part& p) {
  return p.is == part::kind::text || p.is == part::kind::refusal;
}

}  // namespace

boost::system::result<void, refusal> contents_writer::run() {
  out_.add("\"contents\":[");
  std::size_t first = 0;
  while (first < asked_.messages.size() && asked_.messages[first].from == role::system) ++first;
  // With nothing but a system prompt there is nobody who asks, which the API refuses: then it is the question.
  const bool alone = first == asked_.messages.size();
  const bool folded = alone || (traits_.gemma && traits_.generation < 40);
  for (std::size_t i = folded ? 0 : first; i < asked_.messages.size(); ++i) {
    if (!message(asked_.messages[i])) return failure_;
  }
  if (!flush_deferred()) return failure_;
  close_turn();
  out_.add("]");
  if (folded || first == 0) return {};
  bool any = false;
  for (std::size_t i = 0; i < first; ++i) {
    for (const auto& p : asked_.messages[i].content) {
      if (!is_text(p))
        return chat::cannot(in_, chat::place_of(asked_.messages[i]), "takes text alone as system prompt");
      if (p.text.literal().empty()) continue;
      out_.add(any ? ",{\"text\":" : ",\"systemInstruction\":{\"parts\":[{\"text\":")
          .literal(p.text.literal())
          .add("}");
      any = true;
    }
  }
  if (any) out_.add("]}");
  return {};
}

bool contents_writer::fail(std::string param, std::string_view what) {
  failure_ = chat::cannot(in_, std::move(param), what);
  return false;
}

void contents_writer::begin_part(turn whose) {
  if (whose == current_) {
    out_.add(",");
    return;
  }
  close_turn();
  out_.add(any_turn_ ? "," : "");
  out_.add(whose == turn::model ? R"({"role":"model","parts":[)" : R"({"role":"user","parts":[)");
  current_ = whose;
  any_turn_ = true;
}

void contents_writer::close_turn() {
  if (current_ != turn::none) out_.add("]}");
  current_ = turn::none;
}

bool contents_writer::message(const chat::message& m) {
  if (m.from == role::tool) return result(m);
  if (!flush_deferred()) return false;
  return m.from == role::assistant ? assistant(m) : user(m);
}

bool contents_writer::user(const chat::message& m) {
  for (std::size_t i = 0; i < m.content.size(); ++i) {
    if (is_text(m.content[i])) {
      text(turn::user, m.content[i].text);
    } else if (!media(turn::user, m, i)) {
      return false;
    }
  }
  return true;
}

bool contents_writer::assistant(const chat::message& m) {
  const signatures known(m);
  std::size_t last_text = m.content.size();
  for (std::size_t i = 0; i < m.content.size(); ++i) {
    if (is_text(m.content[i])) last_text = i;
  }
  const bool texts = last_text < m.content.size();
  for (std::size_t i = 0; i < m.content.size(); ++i) {
    if (is_text(m.content[i])) {
      text(turn::model, m.content[i].text, i == last_text ? known.loose() : std::string_view());
    } else if (m.content[i].is != part::kind::thinking && !media(turn::model, m, i)) {
      return false;
    }
  }
  bool first = true;
  for (const auto& c : m.calls) {
    auto signature = known.of(c);
    if (first && signature.empty() && !texts) signature = known.loose();
    if (first && signature.empty() && traits_.generation >= 30) signature = no_signature;
    call(c, signature);
    first = false;
  }
  return true;
}

void contents_writer::text(turn whose, json::value of, std::string_view signature) {
  if (of.literal().empty() && signature.empty()) return;
  begin_part(whose);
  out_.add("{\"text\":").literal(of.literal());
  if (!signature.empty()) out_.add(",\"thoughtSignature\":").literal(signature);
  out_.add("}");
}

void contents_writer::call(const chat::tool_call& c, std::string_view signature) {
  begin_part(turn::model);
  out_.add("{\"functionCall\":{\"name\":").literal(name_for_provider(c.name.literal())).add(",\"args\":");
  chat::append_arguments(out_.text(), c);
  if (how_.call_ids && !c.id.literal().empty()) out_.add(",\"id\":").literal(c.id.literal());
  out_.add("}");
  if (!signature.empty()) out_.add(",\"thoughtSignature\":").literal(signature);
  out_.add("}");
}

bool contents_writer::result(const chat::message& m) {
  auto name = chat::called_name(asked_, m.tool_call_id, m.index);
  if (!name.exists()) name = m.name;
  if (name.literal().empty())
    return fail(chat::place_of(m) + ".tool_call_id", "needs the call that a result belongs to, and finds none");
  begin_part(turn::results);
  out_.add("{\"functionResponse\":{\"name\":").literal(name_for_provider(name.literal()));
  if (how_.call_ids && !m.tool_call_id.literal().empty()) out_.add(",\"id\":").literal(m.tool_call_id.literal());
  out_.add(",\"response\":");
  response_object(m);
  out_.add("}}");
  for (std::size_t i = 0; i < m.content.size(); ++i) {
    if (!is_text(m.content[i])) deferred_.push_back({&m, i});
  }
  return true;
}

/// An object as it stands, anything else as {"result": text}.
void contents_writer::response_object(const chat::message& m) {
  const bool one = m.content.size() == 1 && is_text(m.content.front());
  const auto literal = one ? m.content.front().text.literal() : std::string_view();
  thread_local json::reader reader;
  if (literal.starts_with('{')) {
    std::string plain;
    json::append_unescaped(plain, literal);
    const std::size_t size = plain.size();
    plain.append(64, '\0');
    if (reader.read(std::string_view(plain).substr(0, size), json::surrogates::any)) {
      if (m.tool_failed) out_.add("{\"error\":");
      out_.add(reader.root().raw());
      if (m.tool_failed) out_.add("}");
      return;
    }
  }
  out_.add(m.tool_failed ? "{\"error\":" : "{\"result\":");
  if (one) {
    out_.literal(literal);
  } else {
    out_.add("\"").add(chat::joined_text(m)).add("\"");
  }
  out_.add("}");
}

bool contents_writer::flush_deferred() {
  const auto waiting = std::exchange(deferred_, {});
  return std::all_of(waiting.begin(), waiting.end(),
                     [this](const deferred& d) { return media(turn::user, *d.from, d.part); });
}

bool contents_writer::media(turn whose, const chat::message& m, std::size_t index) {
  const auto& p = m.content[index];
  if (p.is == part::kind::other || p.is == part::kind::thinking)
    return fail(chat::place_of(m, index), "does not know parts of this kind");
  const auto& what = p.what;
  if (!what.file_id.empty()) {
    begin_part(whose);
    return file(m, index);
  }
  begin_part(whose);
  if (what.url.empty()) {
    const auto type = what.mime.empty() ? usual_type(p.is) : what.mime;
    out_.add("{\"inlineData\":{\"mimeType\":");
    append_json_string(out_.text(), type);
    out_.add(",\"data\":").literal(what.base64).add("}}");
    return true;
  }
  out_.add("{\"fileData\":{\"fileUri\":");
  append_json_string(out_.text(), what.url);
  auto type = what.mime.empty() ? type_by_ending(what.url) : what.mime;
  const bool untyped = type.empty() && is_youtube(what.url) && !how_.video_links_typed;
  if (type.empty()) type = is_youtube(what.url) ? "video/mp4" : usual_type(p.is);
  if (!untyped) {
    out_.add(",\"mimeType\":");
    append_json_string(out_.text(), type);
  }
  out_.add("}}");
  return true;
}

/// Files of Google's Files API; nobody else's can be read here.
bool contents_writer::file(const chat::message& m, std::size_t index) {
  const auto& p = m.content[index];
  const auto id = p.what.file_id;
  const bool whole = id.starts_with("gs://") || id.starts_with("https://");
  if (!whole && (how_.files_url.empty() || !id.starts_with("files/")))
    return fail(chat::place_of(m, index), "cannot read files that were uploaded elsewhere: give the data, or a URL");
  out_.add("{\"fileData\":{\"fileUri\":");
  append_json_string(out_.text(), whole ? std::string(id) : how_.files_url + std::string(id));
  if (!p.what.mime.empty()) {
    out_.add(",\"mimeType\":");
    append_json_string(out_.text(), p.what.mime);
  }
  out_.add("}}");
  return true;
}

}  // namespace spidergate::providers::gemini
