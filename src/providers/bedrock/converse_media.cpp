#include "converse_body.hpp"

#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace spidergate::providers::bedrock {

namespace {

using kind = chat::part::kind;
using pair = std::pair<std::string_view, std::string_view>;

// MIME types beside the formats that the API reference lists.
constexpr std::array image_formats{pair{"image/png", "png"}, pair{"image/jpeg", "jpeg"}, pair{"image/jpg", "jpeg"},
                                   pair{"image/gif", "gif"}, pair{"image/webp", "webp"}};
constexpr std::array document_formats{
    pair{"application/pdf", "pdf"},
    pair{"text/csv", "csv"},
    pair{"application/csv", "csv"},
    pair{"application/msword", "doc"},
    pair{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    pair{"application/vnd.ms-excel", "xls"},
    pair{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    pair{"text/html", "html"},
    pair{"text/plain", "txt"},
    pair{"text/markdown", "md"},
    pair{"text/x-markdown", "md"}};
constexpr std::array video_formats{
    pair{"video/mp4", "mp4"},   pair{"video/quicktime", "mov"}, pair{"video/x-matroska", "mkv"},
    pair{"video/webm", "webm"}, pair{"video/x-flv", "flv"},     pair{"video/mpeg", "mpeg"},
    pair{"video/mpg", "mpg"},   pair{"video/x-ms-wmv", "wmv"},  pair{"video/3gpp", "three_gp"}};
constexpr std::array audio_formats{
    pair{"audio/wav", "wav"},   pair{"audio/x-wav", "wav"},      pair{"audio/mpeg", "mp3"},  pair{"audio/mp3", "mp3"},
    pair{"audio/flac", "flac"}, pair{"audio/ogg", "ogg"},        pair{"audio/opus", "opus"}, pair{"audio/aac", "aac"},
    pair{"audio/mp4", "mp4"},   pair{"audio/x-matroska", "mka"}, pair{"audio/m4a", "m4a"},   pair{"audio/x-m4a", "m4a"},
    pair{"audio/pcm", "pcm"},   pair{"audio/webm", "webm"}};
// The ends of file names, where that is all that is known.
constexpr std::array endings{pair{"png", "image/png"},
                             pair{"jpg", "image/jpeg"},
                             pair{"jpeg", "image/jpeg"},
                             pair{"gif", "image/gif"},
                             pair{"webp", "image/webp"},
                             pair{"pdf", "application/pdf"},
                             pair{"csv", "text/csv"},
                             pair{"doc", "application/msword"},
                             pair{"html", "text/html"},
                             pair{"htm", "text/html"},
                             pair{"txt", "text/plain"},
                             pair{"md", "text/markdown"},
                             pair{"xls", "application/vnd.ms-excel"},
                             pair{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
                             pair{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
                             pair{"mp4", "video/mp4"},
                             pair{"mov", "video/quicktime"},
                             pair{"mkv", "video/x-matroska"},
                             pair{"webm", "video/webm"},
                             pair{"flv", "video/x-flv"},
                             pair{"mpeg", "video/mpeg"},
                             pair{"mpg", "video/mpg"},
                             pair{"wmv", "video/x-ms-wmv"},
                             pair{"3gp", "video/3gpp"},
                             pair{"mp3", "audio/mpeg"},
                             pair{"wav", "audio/wav"},
                             pair{"flac", "audio/flac"},
                             pair{"ogg", "audio/ogg"}};

template <class Table>
std::string_view looked_up(const Table& table, std::string_view name) {
  for (const auto& [known, is] : table) {
    if (iequals(known, name)) return is;
  }
  return {};
}

std::string_view ending_of(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

std::string_view mime_of(const chat::media& what) {
  const auto mime = what.mime.substr(0, what.mime.find(';'));
  if (!mime.empty() && mime != "application/octet-stream") return mime;
  if (const auto by_name = looked_up(endings, ending_of(what.filename.literal())); !by_name.empty()) return by_name;
  return looked_up(endings, ending_of(what.url.substr(0, what.url.find('?'))));
}

/// A part may say that it is a file and hold an image.
kind kind_by_type(kind is, std::string_view mime) {
  if (is != kind::file) return is;
  if (mime.starts_with("image/")) return kind::image;
  if (mime.starts_with("video/")) return kind::video;
  if (mime.starts_with("audio/")) return kind::audio;
  return kind::file;
}

/// Anthropic's switch, on the part or on its file: answers cite the document.
bool cites(json::value part) {
  const auto asked = [](json::value object) { return object.find("citations").find("enabled").boolean() == true; };
  return asked(part) || asked(part.find("file")) || asked(part.find("document"));
}

}  // namespace

converse_body::outcome converse_body::media_block(const chat::message& m, std::size_t index) {
  const auto& p = m.content[index];
  const auto mime = mime_of(p.what);
  switch (kind_by_type(p.is, mime)) {
    case kind::image:
      return source(m, index, p.what, "image", looked_up(image_formats, mime));
    case kind::video:
      return source(m, index, p.what, "video", looked_up(video_formats, mime));
    case kind::audio:
      return source(m, index, p.what, "audio", looked_up(audio_formats, mime));
    default:
      break;
  }
  auto format = looked_up(document_formats, mime);
  // Source code, JSON, logs: text all the same.
  if (format.empty() && (mime.starts_with("text/") || mime == "application/json" || mime == "application/xml"))
    format = "txt";
  return source(m, index, p.what, "document", format);
}

converse_body::outcome converse_body::source(const chat::message& m, std::size_t index, const chat::media& what,
                                             std::string_view name, std::string_view format) {
  if (format.empty())
    return chat::cannot(in_, chat::place_of(m, index), "takes no " + std::string(name) + " of this type");
  const bool in_bucket = what.url.starts_with("s3://");
  if (what.base64.empty() && !in_bucket) {
    return chat::cannot(
        in_, chat::place_of(m, index),
        "takes " + std::string(name) + " content as data in the request or from S3, not by this URL or id");
  }
  out_.element(R"({")").raw(name).raw(R"(":{"format":")").raw(format).raw(R"(",)");
  const bool document = name == "document";
  if (document) out_.raw(R"("name":)").string(document_name(what)).raw(",");
  if (in_bucket) {
    out_.raw(R"("source":{"s3Location":{"uri":)").string(what.url).raw("}}");
  } else {
    out_.raw(R"("source":{"bytes":)").literal(what.base64).raw("}");
  }
  if (document && cites(m.content[index].whole)) out_.raw(R"(,"citations":{"enabled":true})");
  out_.raw("}}");
  return {};
}

/// Letters, digits, single blanks, hyphens and brackets, 200 at most, and no name twice in a request.
std::string converse_body::document_name(const chat::media& what) {
  constexpr std::size_t longest = 150;
  std::string given = what.filename.exists() ? what.filename.text() : std::string();
  given.resize(std::min(given.size(), given.find_last_of('.')));
  std::string name;
  for (const char c : std::string_view(given).substr(0, longest)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '(' || c == ')' || c == '[' || c == ']';
    const bool blank = c == ' ' && !name.ends_with(' ') && !name.empty();
    if (plain || blank) {
      name.push_back(c);
    } else if (c != ' ' && !name.ends_with('-')) {
      name.push_back('-');
    }
  }
  while (name.ends_with(' ')) name.pop_back();
  const bool said = name.find_first_not_of("- ") != std::string::npos;
  std::string unique = said ? name : "Document 1";
  for (std::size_t n = 2; std::find(document_names_.begin(), document_names_.end(), unique) != document_names_.end();
       ++n)
    unique = said ? name + " (" + std::to_string(n) + ")" : "Document " + std::to_string(n);
  document_names_.push_back(unique);
  return unique;
}

}  // namespace spidergate::providers::bedrock
