#include "key_health.hpp"

#include <algorithm>

namespace spidergate::vault {

namespace {

constexpr std::string_view cannot_decrypt = "cannot_decrypt";
constexpr std::string_view too_many_failures = "consecutive_failures";
constexpr std::int64_t shortest_rest_ms = 1000;

/// At most `limit` bytes, not cut within a UTF-8 character.
std::string shortened(std::string_view text, std::size_t limit) {
  if (text.size() > limit) {
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0U) == 0x80U) --limit;
    text = text.substr(0, limit);
  }
  return std::string(text);
}

}  // namespace

key_health::permission key_health::may_be_used(epoch_ms now) const noexcept {
  if (unreadable_ || resting_until_ > now) return permission::no;
  if (grade_ != grade::unhealthy) return permission::yes;
  return retry_at_ <= now ? permission::probe : permission::no;
}

void key_health::claim_probe(epoch_ms now) noexcept {
  retry_before_claim_ = retry_at_;
  retry_at_ = now + retry_wait_ms_;  // also when the probe is never heard of again
  probing_ = true;
}

void key_health::return_probe() noexcept {
  if (!probing_) return;
  probing_ = false;
  retry_at_ = retry_before_claim_;
}

void key_health::apply(key_outcome what, std::string_view message, std::optional<std::chrono::milliseconds> retry_after,
                       epoch_ms now) {
  if (!message.empty() && what != key_outcome::success) last_error_ = shortened(message, longest_error);
  switch (what) {
    case key_outcome::success:
      grade_ = grade::healthy;
      consecutive_failures_ = 0;
      reason_.clear();
      last_error_.clear();
      retry_wait_ms_ = first_retry_ms;
      break;
    case key_outcome::failure:
      fail(too_many_failures, false, now);
      break;
    case key_outcome::invalid_credentials:
      fail("invalid_credentials", true, now);
      break;
    case key_outcome::rate_limited: {
      const auto rest =
          retry_after ? std::clamp<std::int64_t>(retry_after->count(), shortest_rest_ms, day_ms) : default_rest_ms;
      resting_until_ = std::max(resting_until_, now + rest);
      break;
    }
    case key_outcome::neutral:
      break;
  }
  probing_ = false;
}

void key_health::fail(std::string_view reason, bool at_once, epoch_ms now) {
  ++consecutive_failures_;
  if (grade_ == grade::unhealthy) {
    // Only the probe makes the next wait longer; requests that were under way when the key fell say nothing new.
    if (probing_) {
      retry_wait_ms_ = std::min(2 * retry_wait_ms_, longest_retry_ms);
      retry_at_ = now + retry_wait_ms_;
    }
    if (at_once) reason_ = reason;
    return;
  }
  if (!at_once && consecutive_failures_ < failures_to_unhealthy) {
    grade_ = grade::degraded;
    return;
  }
  grade_ = grade::unhealthy;
  reason_ = reason;
  retry_wait_ms_ = first_retry_ms;
  retry_at_ = now + retry_wait_ms_;
}

bool key_health::mark_unreadable() {
  return !std::exchange(unreadable_, true);
}

void key_health::restore(const store::integration_state_record& saved, epoch_ms now) {
  last_used_at_ = std::max(last_used_at_, saved.last_used_at);
  resting_until_ = std::max(resting_until_, saved.resting_until);
  if (saved.reason == cannot_decrypt) return;  // found out anew
  consecutive_failures_ = saved.consecutive_failures;
  last_error_ = saved.last_error;
  reason_ = saved.reason;
  grade_ = saved.health == "unhealthy"  ? grade::unhealthy
           : saved.health == "degraded" ? grade::degraded
                                        : grade::healthy;
  // How long it has been waiting is not stored: one request may try at once.
  retry_at_ = now;
}

key_status key_health::status() const {
  key_status said;
  said.health = grade_ == grade::unhealthy || unreadable_ ? "unhealthy"
                : grade_ == grade::degraded               ? "degraded"
                                                          : "healthy";
  said.reason = unreadable_ ? cannot_decrypt : std::string_view(reason_);
  said.consecutive_failures = consecutive_failures_;
  said.last_error = last_error_;
  said.last_used_at = last_used_at_;
  said.resting_until = resting_until_;
  return said;
}

}  // namespace spidergate::vault
