#include "answers.hpp"

#include "openai_dialect.hpp"

#include <spidergate/core/ascii.hpp>

#include <string>

namespace spidergate::providers::openai {

bool looks_like_html(std::string_view content_type, std::string_view body) {
  const auto first = body.find_first_not_of(" \t\r\n");
  return (first != std::string_view::npos && body[first] == '<') ||
         to_lower(content_type).find("html") != std::string::npos;
}

boost::system::result<json::value, provider_error> read_object(std::string_view content_type, std::string_view body) {
  auto& reader = thread_reader();
  const bool sound = reader.read(body, json::surrogates::any);
  if (sound && reader.root().is(json::kind::object)) return reader.root();
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return not_an_answer("The provider answered with an empty body.");
  if (looks_like_html(content_type, body)) return not_an_answer("The provider answered with a page of HTML.");
  if (sound) return not_an_answer("The provider's answer is JSON, but no object.");
  const auto& why = reader.failure();
  return not_an_answer("The provider's answer is not valid JSON: " + why.message + " at " +
                       json::place_of(body, why.offset) + ".");
}

provider_error in_band(json::value root) {
  provider_error error;
  read_error(root, error);
  if (error.message.empty()) error.message = "The provider answered with an error that says nothing.";
  error.kind = classify(error);
  if (error.kind == error_class::rate_limited) error.retry_after = retry_after_in(error.message);
  return error;
}

}  // namespace spidergate::providers::openai
