#include "request_reading.hpp"

#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

namespace spidergate::providers::chat {

namespace {

using pair = std::pair<std::string_view, std::string_view>;

// What OpenAI's input_audio.format and others' names stand for.
constexpr std::array audio_types{pair{"wav", "audio/wav"},   pair{"mp3", "audio/mpeg"},  pair{"flac", "audio/flac"},
                                 pair{"ogg", "audio/ogg"},   pair{"opus", "audio/opus"}, pair{"aac", "audio/aac"},
                                 pair{"m4a", "audio/mp4"},   pair{"mp4", "audio/mp4"},   pair{"webm", "audio/webm"},
                                 pair{"aiff", "audio/aiff"}, pair{"pcm16", "audio/pcm"}, pair{"pcm", "audio/pcm"}};
// File names are all that many clients say of a document.
constexpr std::array file_types{
    pair{".pdf", "application/pdf"},
    pair{".txt", "text/plain"},
    pair{".md", "text/markdown"},
    pair{".csv", "text/csv"},
    pair{".html", "text/html"},
    pair{".htm", "text/html"},
    pair{".xml", "text/xml"},
    pair{".json", "application/json"},
    pair{".doc", "application/msword"},
    pair{".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    pair{".xls", "application/vnd.ms-excel"},
    pair{".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    pair{".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"}};
// How base64 of a file begins.
constexpr std::array beginnings{pair{"JVBERi", "application/pdf"}, pair{"iVBORw0KGgo", "image/png"},
                                pair{"/9j/", "image/jpeg"}, pair{"R0lGOD", "image/gif"}, pair{"UklGR", "image/webp"}};

bool is_base64(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
           c == '=' || c == '-' || c == '_';
  });
}

bool ends_with_ignoring_case(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && iequals(text.substr(text.size() - end.size()), end);
}

bool begins_with_ignoring_case(std::string_view text, std::string_view begin) {
  return text.size() >= begin.size() && iequals(text.substr(0, begin.size()), begin);
}

bool lies_in(std::string_view view, const std::string& text) {
  const std::less_equal<const char*> not_behind;
  return not_behind(text.data(), view.data()) && not_behind(view.data() + view.size(), text.data() + text.size());
}

part::kind kind_of(std::string_view type) {
  if (type == "image_url" || type == "input_image" || type == "image" || type == "image_file") return part::kind::image;
  if (type == "input_audio" || type == "audio_url") return part::kind::audio;
  if (type == "video_url" || type == "input_video") return part::kind::video;
  if (type == "file" || type == "input_file" || type == "document_url" || type == "document") return part::kind::file;
  if (type == "thinking" || type == "redacted_thinking") return part::kind::thinking;
  return part::kind::other;
}

}  // namespace

bool request_reading::read_part(json::value v, const message& m, part& p) {
  std::string_view type;
  for (const auto& [name, value] : v.members()) {
    if (name == "type") type = value.literal();
    if (name == "text" || name == "refusal") p.text = value;
    if (name == "cache_control" && value.is(json::kind::object)) p.cache_control = value;
  }
  if (type == "text" || type == "refusal" || type == "input_text" || type == "output_text") {
    p.is = type == "refusal" ? part::kind::refusal : part::kind::text;
    return p.text.is(json::kind::string) || fail(place_of(m, m.content.size() - 1), "expected a string");
  }
  p.is = kind_of(type);
  if (p.is == part::kind::other || p.is == part::kind::thinking) return true;
  return read_media(v, type, m, p);
}

bool request_reading::read_media(json::value v, std::string_view type, const message& m, part& p) {
  // What holds the facts: the member that is named as the type, or the part itself.
  auto holder = v.find(type);
  const bool itself = !holder.given();
  if (itself) holder = v;
  auto& what = p.what;
  const auto string_in = [](json::value object, std::string_view name) {
    const auto found = object.find(name);
    return found.is(json::kind::string) && !found.literal().empty() ? found : json::value();
  };
  what.filename = string_in(holder, "filename");
  what.detail = string_in(holder, "detail");
  const auto source = v.find("source");
  bool sound = true;
  if (source.is(json::kind::object) && itself) {
    if (source.find("type").literal() == "text" || source.find("type").literal() == "content") {
      p.is = part::kind::other;
      return true;
    }
    sound = media_of_source(source, what);
  } else if (holder.is(json::kind::string)) {
    sound = media_of_text(holder, what);
  } else if (const auto id = string_in(holder, "file_id"); id.exists()) {
    what.file_id = plain(id);
  } else {
    for (const std::string_view name :
         {"url", "data", "file_data", "image_url", "file_url", "document_url", "audio_url", "video_url"}) {
      const auto text = string_in(holder, name);
      if (!text.exists()) continue;
      sound = media_of_text(text, what);
      break;
    }
  }
  const auto place = [&] { return place_of(m, m.content.size() - 1); };
  if (!sound) return fail(place(), "a data URL must be base64 ('data:<type>;base64,<data>')");
  if (what.base64.empty() && what.url.empty() && what.file_id.empty())
    return fail(place(), "it holds neither data nor a URL nor a file id");
  if (const auto format = holder.find("format").literal(); what.mime.empty() && !format.empty()) {
    const auto* known =
        std::find_if(audio_types.begin(), audio_types.end(), [&](const pair& k) { return k.first == format; });
    if (format.find('/') != std::string_view::npos) {
      what.mime = plain(holder.find("format"));
    } else if (p.is == part::kind::audio) {
      what.mime =
          known != audio_types.end() ? known->second : into_.unescaped.emplace_back("audio/" + std::string(format));
    }
  }
  guess_type(what);
  return true;
}

/// Anthropic's {"type":"base64","media_type","data"}, {"type":"url","url"}, {"type":"file","file_id"}.
bool request_reading::media_of_source(json::value source, media& what) {
  what.file_id = plain(source.find("file_id"));
  if (!what.file_id.empty()) return true;
  if (const auto data = source.find("data"); data.is(json::kind::string)) {
    what.mime = plain(source.find("media_type"));
    return media_of_data(data, what);
  }
  return media_of_text(source.find("url"), what);
}

/// A data URL, an address, or bare base64, which clients of more than one kind send where a data URL belongs.
bool request_reading::media_of_text(json::value v, media& what) {
  const auto literal = v.literal();
  if (begins_with_ignoring_case(literal, "data:")) return data_url(plain(v), what);
  if (literal.find(':') == std::string_view::npos) return media_of_data(v, what);
  what.url = plain(v);
  return true;
}

bool request_reading::media_of_data(json::value v, media& what) {
  const auto text = plain(v);
  if (begins_with_ignoring_case(text, "data:")) return data_url(text, what);
  what.base64 = base64_of(text);
  return !what.base64.empty();
}

bool request_reading::data_url(std::string_view url, media& what) {
  const std::size_t comma = url.find(',');
  if (comma == std::string_view::npos) return false;
  const auto head = url.substr(5, comma - 5);
  if (!ends_with_ignoring_case(head, ";base64")) return false;
  what.mime = head.substr(0, head.find(';'));
  what.base64 = base64_of(url.substr(comma + 1));
  return !what.base64.empty();
}

/// The data in one piece, or nothing where it is something else. Of data that the client wrote without escapes only
/// the beginning is looked at: it may be many megabytes, cannot hold a quote, and is the provider's to check.
std::string_view request_reading::base64_of(std::string_view text) {
  constexpr std::size_t enough = 128;
  const bool escaped = !into_.unescaped.empty() && lies_in(text, into_.unescaped.back());
  if (is_base64(escaped ? text : text.substr(0, enough))) return text;
  if (text.find_first_of(" \t\r\n") == std::string_view::npos) return {};
  // Lines of 76, as MIME has it: providers want one piece.
  auto& one = into_.unescaped.emplace_back(text);
  std::erase_if(one, [](char c) { return c == '\r' || c == '\n' || c == ' ' || c == '\t'; });
  return is_base64(one) ? std::string_view(one) : std::string_view();
}

/// A string's text: the client's own bytes where nothing is escaped.
std::string_view request_reading::plain(json::value v) {
  const auto literal = v.literal();
  if (literal.find('\\') == std::string_view::npos) return literal;
  return into_.unescaped.emplace_back(v.text());
}

void request_reading::guess_type(media& what) {
  if (!what.mime.empty() || what.base64.empty()) return;
  for (const auto& [end, type] : file_types) {
    if (ends_with_ignoring_case(what.filename.literal(), end)) what.mime = type;
  }
  if (!what.mime.empty()) return;
  for (const auto& [begin, type] : beginnings) {
    if (what.base64.starts_with(begin)) what.mime = type;
  }
}

}  // namespace spidergate::providers::chat
