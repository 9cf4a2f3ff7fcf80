#include "../error_reading.hpp"
#include "../openai/openai_dialect.hpp"
#include "errors.hpp"
#include "gemini_dialect.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/json/reader.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace spidergate::providers::gemini {

namespace {

json::value error_in(json::value root) noexcept {
  if (root.is(json::kind::object)) return root.find("error");
  for (const auto element : root.elements()) {
    if (element.find("error").is(json::kind::object)) return element.find("error");
  }
  return {};
}

/// "26s", "4.07s".
std::optional<std::chrono::milliseconds> delay_of(std::string_view text) {
  constexpr double longest_seconds = 86'400;
  double seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failure != std::errc{} || std::string_view(end, static_cast<std::size_t>(text.data() + text.size() - end)) != "s")
    return std::nullopt;
  if (!(seconds >= 0)) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(std::min(seconds, longest_seconds) * 1000)));
}

void read_details(json::value details, provider_error& error) {
  for (const auto detail : details.elements()) {
    const auto type = detail.find("@type").literal();
    if (type.ends_with("google.rpc.RetryInfo") && !error.retry_after) {
      error.retry_after = delay_of(detail.find("retryDelay").literal());
    }
    if (type.ends_with("google.rpc.ErrorInfo") && detail.find("reason").is(json::kind::string)) {
      error.code = presentable(detail.find("reason").text());
    }
    if (type.ends_with("google.rpc.BadRequest") && error.param.empty()) {
      for (const auto violation : detail.find("fieldViolations").elements()) {
        if (error.param.empty()) error.param = presentable(violation.find("field").text());
      }
    }
  }
}

error_class meaning_of(const provider_error& error) {
  const auto message = to_lower(error.message);
  const auto says = [&message](std::string_view words) { return message.find(words) != std::string::npos; };
  // The place that the gateway stands at, or the account's billing: somebody else may serve.
  if (error.type == "FAILED_PRECONDITION" && (says("location is not supported") || says("billing")))
    return error_class::invalid_credentials;
  if (error.type == "UNAUTHENTICATED" || error.code == "API_KEY_INVALID") return error_class::invalid_credentials;
  if (error.type == "CANCELLED" || error.type == "ABORTED") return error_class::failed;
  if (error.type == "DEADLINE_EXCEEDED") return error_class::overloaded;
  return classify(error);
}

}  // namespace

bool is_google_error(json::value root) noexcept {
  return error_in(root).is(json::kind::object);
}

void read_google_error(json::value root, provider_error& error) {
  read_error(root, error);
  read_details(error_in(root).find("details"), error);
  error.kind = meaning_of(error);
}

provider_error gemini_dialect::decode_error(int status, header_fields fields, std::string_view body) const {
  static const openai::openai_dialect plain;
  // Pages, plain sentences and headers are read as everybody's.
  auto error = plain.decode_error(status, fields, body);
  thread_local json::reader reader;
  if (!reader.read(json::without_bom(body), json::surrogates::any)) return error;
  read_details(error_in(reader.root()).find("details"), error);
  error.kind = meaning_of(error);
  return error;
}

}  // namespace spidergate::providers::gemini
