#include "../error_reading.hpp"
#include "openai_dialect.hpp"

#include <spidergate/core/ascii.hpp>

namespace spidergate::providers::openai {

namespace {

std::string_view between(std::string_view text, std::string_view open, std::string_view close) {
  const std::size_t begin = text.find(open);
  if (begin == std::string_view::npos) return {};
  const auto rest = text.substr(begin + open.size());
  const std::size_t end = rest.find(close);
  return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

/// A proxy's page, a plain sentence, or nothing at all.
std::string message_of_text(int status, std::string_view body) {
  std::string start = "The provider answered with status " + std::to_string(status);
  while (!body.empty() && static_cast<unsigned char>(body.front()) <= ' ') body.remove_prefix(1);
  if (body.empty()) return start + " and no message.";
  if (!body.starts_with('<')) return presentable(body);
  const auto title = between(body, "<title>", "</title>");
  return start + " and a page of HTML" + (title.empty() ? "." : ": " + presentable(title));
}

}  // namespace

provider_error openai_dialect::decode_error(int status, header_fields fields, std::string_view body) const {
  provider_error error;
  // What the body calls its status may be the status of somebody further up; the HTTP one is what happened here.
  error.status = status;
  auto& reader = thread_reader();
  if (reader.read(json::without_bom(body), json::surrogates::any)) read_error(reader.root(), error);
  if (error.message.empty()) error.message = message_of_text(status, body);
  error.retry_after = read_retry_after(find_header(fields, "retry-after"), find_header(fields, "retry-after-ms"));
  error.kind = classify(error);
  if (!error.retry_after && error.kind == error_class::rate_limited) error.retry_after = retry_after_in(error.message);
  return error;
}

json::reader& thread_reader() {
  thread_local json::reader reader;
  return reader;
}

}  // namespace spidergate::providers::openai
