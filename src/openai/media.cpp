#include "request_builder.hpp"

#include <algorithm>

/// The fields of images, speech and rerank.
namespace spidergate::openai {

using model::api_errc;

namespace {

/// Code points of a checked JSON string. An escape counts one; a surrogate pair two, which is more than it is.
std::int64_t code_points(std::string_view literal) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < literal.size(); ++i) {
    if ((static_cast<unsigned char>(literal[i]) & 0xC0) == 0x80) continue;
    ++count;
    if (literal[i] == '\\') i += literal[i + 1] == 'u' ? 5 : 1;
  }
  return count;
}

}  // namespace

bool request_builder::picture_prompt(json::value v, const path& at) {
  if (!want(v, json::kind::string, at)) return false;
  text_bytes_ += v.raw().size();
  return true;
}

bool request_builder::spoken_text(json::value v, const path& at) {
  if (!want(v, json::kind::string, at)) return false;
  if (v.literal().empty()) return fail(api_errc::invalid_value, "Invalid '" + at.text() + "': it is empty.", at);
  text_bytes_ += v.raw().size();
  request_.characters = code_points(v.literal());
  request_.needs.audio = true;
  return true;
}

/// A name, or an object that tells a voice of the client's own.
bool request_builder::voice(json::value v, const path& at) {
  return v.is(json::kind::string) || v.is(json::kind::object) || wrong_type(v, "a string or an object", at);
}

bool request_builder::query(json::value v, const path& at) {
  if (!want(v, json::kind::string, at)) return false;
  text_bytes_ += v.raw().size();
  return true;
}

bool request_builder::documents(json::value v, const path& at) {
  if (!v.is(json::kind::array)) return wrong_type(v, "an array of strings or objects", at);
  if (!not_empty(v, at)) return false;
  text_bytes_ += v.raw().size();
  for (const auto element : v.elements()) {
    if (!document(element, at.element(static_cast<std::size_t>(request_.documents++)))) return false;
  }
  return true;
}

/// Objects may have other members than `text`, which providers rank by on request.
bool request_builder::document(json::value v, const path& at) {
  if (v.is(json::kind::string)) return true;
  if (!v.is(json::kind::object)) return wrong_type(v, "a string or an object", at);
  const auto text = v.find("text");
  if (v.empty()) return missing(at.member("text"));
  return !text.exists() || want(text, json::kind::string, at.member("text"));
}

bool request_builder::top_n(json::value v, const path& at) {
  constexpr std::int64_t most = 1'000'000;
  std::int64_t ignored = 0;
  return integer(v, 1, most, ignored, at);
}

}  // namespace spidergate::openai
