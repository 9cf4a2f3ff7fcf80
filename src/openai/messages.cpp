#include "request_builder.hpp"

#include <spidergate/json/name_table.hpp>

#include <array>
#include <string_view>

namespace spidergate::openai {

using model::api_errc;

namespace {

constexpr json::name_table roles(std::to_array<std::string_view>({"system", "assistant", "user", "function", "tool",
                                                                  "developer"}));

// Media count by themselves: their base64 is no text. A picture is at most about 1,000 tokens in the usual detail;
// sound is about 10 tokens a second (32 KB of 16 kHz samples); a document page has some 50 KB and up to 1,500 tokens.
constexpr std::int64_t image_tokens = 1000;
constexpr std::size_t audio_bytes_per_token = 256;
constexpr std::size_t file_bytes_per_token = 32;
// The most that they can be: speech squeezed to 6 kbit/s at 32 tokens a second is a token in 32 bytes of base64, half
// of that to be sure; a document may be text, squeezed, with a picture of every page.
constexpr std::size_t audio_bytes_per_token_at_least = 16;
constexpr std::size_t file_bytes_per_token_at_least = 1;

}  // namespace

bool request_builder::messages(json::value v, const path& at) {
  if (!v.is(json::kind::array)) return wrong_type(v, "an array of objects", at);
  if (!not_empty(v, at)) return false;
  text_bytes_ += v.raw().size();
  std::size_t index = 0;
  for (const auto element : v.elements()) {
    if (!message(element, at.element(index++))) return false;
  }
  return true;
}

bool request_builder::message(json::value v, const path& at) {
  if (!want(v, json::kind::object, at)) return false;
  json::value role, body, calls;
  for (const auto& m : v.members()) {
    if (m.name == "role") {
      role = m.value;
    } else if (m.name == "content") {
      body = m.value;
    } else if (m.name == "tool_calls") {
      calls = m.value;
    } else if (m.name == "audio" && m.value.given()) {
      request_.unsized_media = true;  // an answer of an earlier turn, kept by the provider
    }
  }
  if (!role.exists()) return missing(at.member("role"));
  if (!want(role, json::kind::string, at.member("role"))) return false;
  const auto name = role.literal();
  if (roles.place(name) == roles.none) {
    return fail(api_errc::invalid_value,
                "Invalid value: '" + role.text() +
                    "'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
                at.member("role"));
  }
  if (calls.given() && !tool_calls(calls, at.member("tool_calls"))) return false;
  // An assistant may have said nothing but tool calls, reasoning or sound; what exactly must stand there instead
  // differs by provider.
  return content(body, name, name == "assistant" || name == "function", at.member("content"));
}

bool request_builder::tool_calls(json::value v, const path& at) {
  if (!v.is(json::kind::array)) return wrong_type(v, "an array of objects", at);
  std::size_t index = 0;
  for (const auto call : v.elements()) {
    if (!want(call, json::kind::object, at.element(index++))) return false;
  }
  return true;
}

bool request_builder::content(json::value v, std::string_view role, bool may_lack, const path& at) {
  if (!v.exists()) return may_lack || missing(at);
  if (v.is_null() && may_lack) return true;
  if (v.is(json::kind::string)) return true;
  if (!v.is(json::kind::array)) return wrong_type(v, "a string or an array of objects", at);
  std::size_t index = 0;
  if (role == "user" && !not_empty(v, at)) return false;
  for (const auto part : v.elements()) {
    if (!content_part(part, at.element(index++))) return false;
  }
  return true;
}

bool request_builder::content_part(json::value v, const path& at) {
  if (!want(v, json::kind::object, at)) return false;
  const auto type = v.find("type");
  if (!type.exists()) return missing(at.member("type"));
  if (!want(type, json::kind::string, at.member("type"))) return false;
  const auto name = type.literal();
  if (name == "text") return text_part(v, at);
  if (name == "image_url") return image_part(v, at);
  if (name == "input_audio") return media_part(v, "input_audio", true, at);
  if (name == "file") return media_part(v, "file", false, at);
  if (name == "image" || name == "input_image") {
    add_image(v.raw().size());
  } else if (name != "refusal") {
    request_.unsized_media = true;
  }
  return true;  // a type that we do not know is between the client and the provider
}

void request_builder::add_image(std::size_t bytes) {
  request_.needs.images = true;
  ++request_.images;
  text_bytes_ -= bytes;
  media_bytes_ += bytes;
  other_tokens_ += image_tokens;
}

void request_builder::add_media(std::size_t bytes, std::size_t usual_bytes_per_token,
                                std::size_t fewest_bytes_per_token) {
  text_bytes_ -= bytes;
  media_bytes_ += bytes;
  other_tokens_ += static_cast<std::int64_t>(bytes / usual_bytes_per_token);
  most_media_tokens_ += static_cast<std::int64_t>(bytes / fewest_bytes_per_token);
}

bool request_builder::text_part(json::value part, const path& at) {
  const auto text = part.find("text");
  if (!text.exists()) return missing(at.member("text"));
  return want(text, json::kind::string, at.member("text"));
}

bool request_builder::image_part(json::value part, const path& at) {
  const auto image = part.find("image_url");
  const path image_at = at.member("image_url");
  if (!image.exists()) return missing(image_at);
  add_image(image.raw().size());
  if (image.is(json::kind::string)) return true;  // Mistral's short form
  if (!want(image, json::kind::object, image_at)) return false;
  const auto url = image.find("url");
  if (!url.exists()) return missing(image_at.member("url"));
  return want(url, json::kind::string, image_at.member("url"));
}

bool request_builder::media_part(json::value part, std::string_view field, bool audio, const path& at) {
  const auto media = part.find(field);
  if (!media.exists()) return missing(at.member(field));
  if (audio && !media.is(json::kind::object) && !media.is(json::kind::string))
    return wrong_type(media, "an object", at.member(field));
  if (!audio && !want(media, json::kind::object, at.member(field))) return false;
  (audio ? request_.needs.audio : request_.needs.files) = true;
  const std::size_t bytes = media.raw().size();
  if (audio) {
    add_media(bytes, audio_bytes_per_token, audio_bytes_per_token_at_least);
  } else {
    add_media(bytes, file_bytes_per_token, file_bytes_per_token_at_least);
    if (!media.find("file_data").given()) request_.unsized_media = true;
  }
  return true;
}

}  // namespace spidergate::openai
