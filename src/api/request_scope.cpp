#include "request_scope.hpp"

#include "error_body.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/http/errc.hpp>
#include <spidergate/http/query.hpp>

namespace spidergate::api {

namespace {

/// OpenAI's form of a wait: "1s", "6m0s", "20ms".
http::field_text<32> wait_text(std::int64_t ms) noexcept {
  http::field_text<32> wait;
  if (ms > 0 && ms < 1000) return wait.number(ms).text("ms");
  const auto seconds = ms <= 0 ? 0 : (ms + 999) / 1000;
  if (seconds >= 60) wait.number(seconds / 60).text("m");
  return wait.number(seconds % 60).text("s");
}

void add_rates(http::header_block& headers, const limits::rate_state& rates, epoch_ms now) {
  if (rates.limit_requests > 0) {
    http::field_text<20> limit, remaining;
    limit.number(rates.limit_requests);
    remaining.number(rates.remaining_requests);
    headers.add("X-RateLimit-Limit", limit);
    headers.add("X-RateLimit-Remaining", remaining);
    headers.add("X-RateLimit-Reset", (rates.requests_reset_at + 999) / 1000);
    headers.add("x-ratelimit-limit-requests", limit);
    headers.add("x-ratelimit-remaining-requests", remaining);
    headers.add("x-ratelimit-reset-requests", wait_text(rates.requests_reset_at - now));
  }
  if (rates.limit_tokens > 0) {
    headers.add("x-ratelimit-limit-tokens", rates.limit_tokens);
    headers.add("x-ratelimit-remaining-tokens", rates.remaining_tokens);
    headers.add("x-ratelimit-reset-tokens", wait_text(rates.tokens_reset_at - now));
  }
}

}  // namespace

std::string_view scope_name(auth::scope s) noexcept {
  switch (s) {
    case auth::scope::inference:
      return "inference";
    case auth::scope::usage:
      return "usage";
    case auth::scope::vault:
      return "vault";
    case auth::scope::admin:
      return "admin";
  }
  return "";
}

std::string request_scope::query(std::string_view name) const {
  return http::query_value(x.head().query, name).value_or(std::string());
}

bool request_scope::query_flag(std::string_view name) const {
  if (x.head().query.empty()) return false;
  const auto value = query(name);
  return value == "true" || value == "1";
}

void request_scope::add_common_headers(http::header_block& headers) const {
  headers.add("X-Request-Id", request_id);
  if (!client_request_id.empty()) headers.add("X-Client-Request-Id", client_request_id);
  add_rates(headers, rates, with.house.time.epoch_now());
}

void request_scope::add_total_time(http::header_block& headers) const {
  const auto total = std::chrono::duration_cast<std::chrono::microseconds>(with.house.time.steady_now() - x.started());
  http::field_text<48> stage;
  headers.add("Server-Timing", stage.text("total;dur=").milliseconds(total));
}

awaitable<void> request_scope::answer_json(int status, std::string body, bool replayed) {
  http::header_block headers;
  headers.add("Content-Type", "application/json");
  add_common_headers(headers);
  add_total_time(headers);
  if (replayed) headers.add("Idempotency-Replayed", "true");
  const std::string_view piece = body;
  // A client that left before its answer is nobody's error.
  (void)co_await x.respond(status, headers, {&piece, 1});
}

awaitable<void> request_scope::answer_error(model::api_error error) {
  http::header_block headers;
  headers.add("Content-Type", "application/json");
  add_common_headers(headers);
  add_total_time(headers);
  add_error_headers(headers, error);
  if (error.code == model::api_errc::method_not_allowed) headers.add("Allow", where.methods);
  if (error.code == model::api_errc::upgrade_required) headers.add("Upgrade", "HTTP/1.1");
  if (error.status() == 401) headers.add("WWW-Authenticate", "Bearer");
  const auto body = error_body(error, request_id);
  const std::string_view piece = body;
  (void)co_await x.respond(error.status(), headers, {&piece, 1});
}

model::outcome<std::shared_ptr<const auth::principal>> identify(request_scope& r, std::optional<auth::scope> needed) {
  const auto address = r.now.proxies.get()->client_address(r.x.peer_address(), r.header("x-forwarded-for"));
  const auto credential = auth::credential_from(r.header("authorization"), r.header("x-api-key"), r.header("api-key"));
  if (credential.empty() && r.with.shared.open_access) {
    if (auto anybody = r.with.shared.open_access()) return anybody;
  }
  auto who = r.with.tokens.identify(credential, address, r.with.house.time.epoch_now());
  if (who && needed && !(*who)->has(*needed)) {
    return model::make_error(model::api_errc::missing_scope,
                             "This token lacks the scope '" + std::string(scope_name(*needed)) + "'.");
  }
  return who;
}

awaitable<model::outcome<std::shared_ptr<const auth::principal>>> welcome(request_scope& r,
                                                                          std::optional<auth::scope> needed) {
  auto who = identify(r, needed);
  if (who) r.rates = co_await r.with.house.limits.look(*who);
  co_return who;
}

model::api_error body_error(error_code code) {
  if (code == http::errc::body_too_large)
    return model::make_error(model::api_errc::body_too_large, "The request body is larger than this gateway accepts.");
  if (code == http::errc::timed_out)
    return model::make_error(model::api_errc::request_timeout, "The request body did not arrive in time.");
  if (code == http::errc::client_gone)
    return model::make_error(model::api_errc::request_timeout,
                             "The client closed the connection before its request was complete.");
  return model::make_error(model::api_errc::invalid_value, "The request body's framing is broken: " + code.message());
}

}  // namespace spidergate::api
