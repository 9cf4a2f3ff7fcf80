#include "refusal.hpp"

#include <algorithm>

namespace spidergate::limits {

using model::api_errc;
using model::make_error;

namespace {

constexpr std::int64_t longest_useful_wait_ms = 60'000;
/// A place may become free any moment; asking again sooner would only add load.
constexpr std::int64_t concurrency_retry_ms = 1000;

bool fits(const kv::charge& c, const kv::level& l) noexcept {
  return l.used + c.amount <= c.limit;
}

/// The wait after which all windows have room. Places of parallel requests come back by themselves and are not waited
/// for.
std::int64_t wait_ms(const charge_list& charges, const kv::verdict& said, epoch_ms now) {
  auto wait = concurrency_retry_ms;
  const auto all = charges.all();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (fits(all[i], said.levels[i]) || all[i].kind == kv::window_kind::lease) continue;
    wait = std::max(wait, said.levels[i].resets_at - now);
  }
  return wait;
}

model::api_error too_large(const kv::charge& tokens) {
  auto error = make_error(api_errc::rate_limit_exceeded,
                          "This request needs about " + std::to_string(tokens.amount) +
                              " tokens, but this API key may use " + std::to_string(tokens.limit) +
                              " tokens per minute: it can never fit. Shorten the prompt, lower max_tokens, or have the "
                              "key's tokens per minute raised.");
  error.retry_useless = true;
  return error;
}

std::string sentence(std::string_view what, const kv::charge& refused, const kv::level& level, std::int64_t seconds) {
  const auto limit = std::to_string(refused.limit);
  const auto again = " Try again in " + std::to_string(seconds) + " s.";
  if (what == requests_per_minute) {
    return "Rate limit reached: this API key may make " + limit + " requests per minute." + again;
  }
  if (what == requests_per_day) {
    return "Daily limit reached: this API key may make " + limit +
           " requests per day, and the day ends at midnight UTC." + again;
  }
  if (what == tokens_per_minute) {
    return "Rate limit reached: this API key may use " + limit + " tokens per minute; " + std::to_string(level.used) +
           " are used and this request needs about " + std::to_string(refused.amount) + "." + again;
  }
  return "Concurrency limit reached: this API key may run " + limit +
         " requests at once, and all of them are running. Try again when one has finished.";
}

}  // namespace

model::api_error explain(const charge_list& charges, const kv::verdict& said, epoch_ms now) {
  if (const auto* tokens = charges.find(tokens_per_minute); tokens != nullptr && tokens->amount > tokens->limit) {
    return too_large(*tokens);
  }
  const auto index = said.refused_by;
  const auto what = charges.what(index);
  const auto wait = wait_ms(charges, said, now);
  auto error =
      make_error(what == parallel_requests ? api_errc::concurrency_limit_exceeded : api_errc::rate_limit_exceeded,
                 sentence(what, charges.all()[index], said.levels[index], (wait + 999) / 1000));
  error.retry_after = std::chrono::milliseconds(wait);
  error.retry_useless = wait > longest_useful_wait_ms;
  return error;
}

rate_state state_after(const charge_list& charges, const kv::verdict& said) {
  rate_state state;
  const auto all = charges.all();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto what = charges.what(i);
    const auto remaining = std::max<std::int64_t>(0, all[i].limit - said.levels[i].used);
    const auto tighter = state.limit_requests == 0 || remaining < state.remaining_requests;
    if ((what == requests_per_minute || what == requests_per_day) && tighter) {
      state.limit_requests = all[i].limit;
      state.remaining_requests = remaining;
      state.requests_reset_at = said.levels[i].resets_at;
    }
    if (what == tokens_per_minute) {
      state.limit_tokens = all[i].limit;
      state.remaining_tokens = remaining;
      state.tokens_reset_at = said.levels[i].resets_at;
    }
  }
  return state;
}

}  // namespace spidergate::limits
