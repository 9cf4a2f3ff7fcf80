#include "../error_reading.hpp"
#include "answer_reading.hpp"
#include "embedding_answer.hpp"
#include "errors.hpp"
#include "gemini_dialect.hpp"
#include "image_answer.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/json/reader.hpp>

#include <utility>

namespace spidergate::providers::gemini {

namespace {

using answer = boost::system::result<std::variant<client_answer, follow_up>, provider_error>;

provider_error no_json(std::string_view content_type, std::string_view body, const json::fault& why) {
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return not_an_answer("The provider answered with an empty body.");
  if (body[first] == '<' || to_lower(content_type).find("html") != std::string::npos)
    return not_an_answer("The provider answered with a page of HTML.");
  return not_an_answer("The provider's answer is not valid JSON: " + why.message + " at " +
                       json::place_of(body, why.offset) + ".");
}

boost::system::result<client_answer, provider_error> chat_answer(const answer_input& in, json::value root) {
  answer_reading reading(in);
  if (root.is(json::kind::object)) reading.add(root);
  for (const auto response : root.elements()) reading.add(response);
  return std::move(reading).finish();
}

}  // namespace

answer gemini_dialect::decode(const answer_input& in, std::string_view content_type, std::string_view body) const {
  thread_local json::reader reader;
  body = json::without_bom(body);
  if (!reader.read(body, json::surrogates::any)) return no_json(content_type, body, reader.failure());
  const auto root = reader.root();
  if (is_google_error(root)) {
    provider_error error;
    read_google_error(root, error);
    return error;
  }
  auto made = in.asked.kind == model::endpoint::embeddings ? embedding_answer(in, root)
              : in.asked.kind == model::endpoint::images   ? image_answer(in, root)
                                                           : chat_answer(in, root);
  if (!made) return made.error();
  return answer(boost::system::in_place_value, std::in_place_type<client_answer>, std::move(*made));
}

}  // namespace spidergate::providers::gemini
