#include "verdict.hpp"

#include <spidergate/core/time.hpp>

#include <algorithm>

namespace spidergate::engine {

namespace {

constexpr std::size_t longest_quote = 300;

std::string list_of(const std::vector<model::attempt>& attempts) {
  std::string text;
  for (const auto& a : attempts) {
    if (!text.empty()) text += "; ";
    text += a.provider + "/" + a.model + ": " + a.error;
  }
  return text;
}

model::api_error nobody_to_ask() {
  auto error = model::make_error(model::api_errc::no_available_key,
                                 "No provider key can be used right now: all keys of the chain's providers are "
                                 "resting, exhausted, unhealthy or expired.");
  error.retry_after = std::chrono::seconds(1);
  return error;
}

}  // namespace

model::api_error verdict_on(const std::vector<failure>& failures, const std::vector<model::attempt>& attempts,
                            bool deadline_passed, std::chrono::milliseconds total) {
  if (deadline_passed) {
    auto message = "The request's total time of " + to_duration_text(total) + " is used up (clock total).";
    if (!attempts.empty()) message += " Attempts: " + list_of(attempts);
    auto error = model::make_error(model::api_errc::deadline_exceeded, std::move(message));
    error.retry_useless = false;
    return error;
  }
  if (failures.empty()) return nobody_to_ask();
  const auto asked = [](const failure& f) { return !f.unsupported; };
  const auto last_asked = std::find_if(failures.rbegin(), failures.rend(), asked);
  // Those who were not asked at all say nothing about those who were.
  if (last_asked == failures.rend()) return failures.front().to_client;
  const auto& last = *last_asked;
  if (last.next == next_step::give_up || last.next == next_step::larger_window) return last.to_client;

  const auto all = [&](auto claim) {
    return std::all_of(failures.begin(), failures.end(), [&](const failure& f) { return f.unsupported || claim(f); });
  };
  auto code = model::api_errc::provider_error;
  if (all([](const failure& f) { return f.rate_limited; })) code = model::api_errc::provider_rate_limited;
  if (all([](const failure& f) { return f.credentials_refused; })) code = model::api_errc::provider_auth_failed;
  auto error = model::make_error(
      code, "Every attempt failed. Last: " + last.message.substr(0, longest_quote) + " Attempts: " + list_of(attempts));
  error.provider_status = last.status;
  error.from_provider = true;
  // A retry mends nothing, unless the providers themselves named the time after which it will.
  error.retry_useless = code != model::api_errc::provider_rate_limited;
  if (code == model::api_errc::provider_rate_limited) {
    error.retry_after = std::chrono::seconds(60);
    for (const auto& f : failures)
      error.retry_after = std::min(*error.retry_after, f.retry_after.value_or(std::chrono::seconds(60)));
  }
  return error;
}

model::api_error keys_not_counted() {
  auto error = model::make_error(model::api_errc::store_unavailable,
                                 "The use of provider keys cannot be counted right now. Try again shortly.");
  error.retry_after = std::chrono::seconds(1);
  return error;
}

}  // namespace spidergate::engine
