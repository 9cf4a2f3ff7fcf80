#include "error_body.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>

namespace spidergate::api {

namespace {

constexpr std::chrono::milliseconds longest_useful_wait{60'000};

}  // namespace

std::string error_body(const model::api_error& error, std::string_view request_id) {
  std::string text;
  json_writer out(text);
  const auto text_or_null = [&out](std::string_view value) { value.empty() ? out.null() : out.string(value); };
  out.begin_object().key("error").begin_object();
  out.key("message").string(error.message);
  out.key("type").string(error.type());
  out.key("param");
  text_or_null(error.param);
  out.key("code");
  text_or_null(error.code_name());
  out.key("source").string(error.from_provider ? "provider" : "gateway");
  out.key("request_id").string(request_id);
  out.end_object().end_object();
  return text;
}

void add_error_headers(http::header_block& headers, const model::api_error& error) {
  const auto status = error.status();
  auto wait = error.retry_after;
  if (!wait && (status == 429 || status == 503)) wait = std::chrono::seconds(1);
  if (wait) {
    const auto ms = std::max<std::int64_t>(wait->count(), 1);
    headers.add("Retry-After", std::max<std::int64_t>((ms + 999) / 1000, 1));
    headers.add("retry-after-ms", ms);
  }
  if (error.retry_useless || (wait && *wait > longest_useful_wait)) headers.add("x-should-retry", "false");
}

}  // namespace spidergate::api
