#include "refusal.hpp"

#include <algorithm>

namespace spidergate::limits {

using model::api_errc;
using model::make_error;

namespace {

constexpr std::int64_t longest_useful_wait_ms = 60'000;
/// A place may become free any moment; asking again sooner would only add load.
constexpr std::int64_t concurrency_retry_ms = 1000;
constexpr std::chrono::milliseconds store_retry{1000};

std::string_view name_of(level whose) noexcept {
  switch (whose) {
    case level::token:
      return "this API key";
    case level::client:
      return "this client";
    case level::brand:
      return "this brand";
  }
  return {};
}

std::string_view window_name(counter budget) noexcept {
  return budget == counter::daily_budget ? "day" : budget == counter::weekly_budget ? "week" : "month";
}

std::string_view budget_name(counter budget) noexcept {
  return budget == counter::daily_budget ? "daily" : budget == counter::weekly_budget ? "weekly" : "monthly";
}

std::string dollars(std::int64_t nano_usd) {
  return "$" + money{nano_usd}.to_usd();
}

bool fits(const kv::charge& c, const kv::level& l) noexcept {
  return l.used + c.amount <= c.limit;
}

/// The wait after which all windows have room. Places of parallel requests come back by themselves and are not waited
/// for; budgets are not what a 429 is about.
std::int64_t wait_ms(const charge_list& charges, const kv::verdict& said, epoch_ms now) {
  auto wait = concurrency_retry_ms;
  for (std::size_t i = 0; i < charges.size(); ++i) {
    const auto kind = charges[i].kind;
    if (kind == kv::window_kind::lease || kind == kv::window_kind::budget) continue;
    if (!fits(charges[i], said.levels[i])) wait = std::max(wait, said.levels[i].resets_at - now);
  }
  return wait;
}

model::api_error too_large(level whose, const kv::charge& tokens) {
  auto error = make_error(api_errc::rate_limit_exceeded,
                          "This request needs about " + std::to_string(tokens.amount) + " tokens, but " +
                              std::string(name_of(whose)) + " may use " + std::to_string(tokens.limit) +
                              " tokens per minute: it can never fit. Shorten the prompt, or have the tokens per minute "
                              "raised.");
  error.retry_useless = true;
  return error;
}

model::api_error out_of_budget(charge_list::label of, const kv::charge& refused, const kv::level& level) {
  const auto needed = refused.least > 0 ? std::min(refused.least, refused.amount) : refused.amount;
  std::string text = "Budget exceeded: the " + std::string(budget_name(of.what)) + " budget of " +
                     std::string(name_of(of.whose)) + " is " + dollars(refused.limit) + ", of which " +
                     dollars(level.used) + " are spent or held by running requests, and this request may cost " +
                     (needed == refused.amount ? "" : "at least ") + dollars(needed) + ". The " +
                     std::string(window_name(of.what)) + " ends at " + to_iso8601(level.resets_at) + ".";
  auto error = make_error(api_errc::budget_exceeded, std::move(text));
  error.retry_useless = true;
  return error;
}

std::string sentence(charge_list::label of, const kv::charge& refused, const kv::level& level, std::int64_t seconds) {
  const auto limit = std::to_string(refused.limit);
  const auto again = " Try again in " + std::to_string(seconds) + " s.";
  const std::string who(name_of(of.whose));
  switch (of.what) {
    case counter::requests_per_minute:
      return "Rate limit reached: " + who + " may make " + limit + " requests per minute." + again;
    case counter::requests_per_day:
      return "Daily limit reached: " + who + " may make " + limit +
             " requests per day, and the day ends at midnight UTC." + again;
    case counter::tokens_per_minute:
      return "Rate limit reached: " + who + " may use " + limit + " tokens per minute; " + std::to_string(level.used) +
             " are used and this request needs about " + std::to_string(refused.amount) + "." + again;
    default:
      return "Concurrency limit reached: " + who + " may run " + limit +
             " requests at once, and all of them are running. Try again when one has finished.";
  }
}

}  // namespace

model::api_error explain(const charge_list& charges, const kv::verdict& said, epoch_ms now) {
  for (std::size_t i = 0; i < charges.size(); ++i) {
    const auto of = charges.label_of(i);
    if (of.what == counter::tokens_per_minute && charges[i].amount > charges[i].limit)
      return too_large(of.whose, charges[i]);
  }
  const auto index = said.refused_by;
  const auto of = charges.label_of(index);
  const auto& refused = charges[index];
  if (refused.kind == kv::window_kind::budget) return out_of_budget(of, refused, said.levels[index]);
  const auto wait = wait_ms(charges, said, now);
  const auto code =
      of.what == counter::parallel_requests ? api_errc::concurrency_limit_exceeded : api_errc::rate_limit_exceeded;
  auto error = make_error(code, sentence(of, refused, said.levels[index], (wait + 999) / 1000));
  error.retry_after = std::chrono::milliseconds(wait);
  error.retry_useless = wait > longest_useful_wait_ms;
  return error;
}

model::api_error too_dear(level whose, money per_request, const demand& what) {
  const bool elastic = what.least < what.worst;
  auto error = make_error(api_errc::budget_exceeded,
                          "Budget exceeded: " + std::string(name_of(whose)) + " may spend " +
                              dollars(per_request.nano_usd) + " on one request, and this one may cost " +
                              (elastic ? "at least " + dollars(what.least.nano_usd) : dollars(what.worst.nano_usd)) +
                              ". Shorten the prompt, lower max_tokens, or choose a cheaper model. The limit holds for "
                              "each request by itself and does not reset.");
  error.retry_useless = true;
  return error;
}

model::api_error limits_unknown() {
  auto error = make_error(api_errc::store_unavailable,
                          "The limits of this API key cannot be checked right now. Try again shortly.");
  error.retry_after = store_retry;
  return error;
}

model::api_error budgets_unknown() {
  auto error = make_error(api_errc::store_unavailable,
                          "What was spent of the budgets of this API key cannot be told right now. Try again shortly.");
  error.retry_after = store_retry;
  return error;
}

rate_state state_after(const charge_list& charges, const kv::verdict& said) {
  rate_state state;
  for (std::size_t i = 0; i < std::min(charges.size(), said.levels.size()); ++i) {
    const auto what = charges.label_of(i).what;
    const auto& at = said.levels[i];
    const auto limit = charges[i].limit;
    const auto remaining = std::max<std::int64_t>(0, limit - at.used);
    if (what == counter::requests_per_minute || what == counter::requests_per_day) {
      if (state.limit_requests != 0 && remaining >= state.remaining_requests) continue;
      state.limit_requests = limit;
      state.remaining_requests = remaining;
      state.requests_reset_at = at.resets_at;
    }
    if (what == counter::tokens_per_minute) {
      if (state.limit_tokens != 0 && remaining >= state.remaining_tokens) continue;
      state.limit_tokens = limit;
      state.remaining_tokens = remaining;
      state.tokens_reset_at = at.resets_at;
    }
  }
  return state;
}

}  // namespace spidergate::limits
