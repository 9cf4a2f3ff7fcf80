#include "windows.hpp"

#include "text_hash.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace spidergate::kv {

namespace {
constexpr std::int64_t entries_per_period = 60;
constexpr std::int64_t share_of_what_is_left = 8;
}  // namespace

void sliding_window::advance(epoch_ms now) {
  if (head_ < entries_.size() && entries_.back().last > now + period_ms_) {  // the clock was set back
    entries_.clear();
    head_ = 0;
    used_ = 0;
  }
  while (head_ < entries_.size() && entries_[head_].last + period_ms_ <= now) used_ -= entries_[head_++].amount;
  if (head_ == entries_.size()) {
    entries_.clear();
    head_ = 0;
  } else if (head_ > entries_per_period / 2) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

void sliding_window::add(std::int64_t amount, epoch_ms now) {
  used_ += amount;  // an amount of 0 makes an entry too: adjust() may raise it later
  if (!entries_.empty()) {
    auto& newest = entries_.back();
    now = std::max(now, newest.last);
    if (now - newest_first_ < period_ms_ / entries_per_period) {
      newest.last = now;
      newest.amount += amount;
      return;
    }
  }
  newest_first_ = now;
  entries_.push_back({now, amount});
}

void sliding_window::adjust(std::int64_t difference, epoch_ms charged_at, epoch_ms now) noexcept {
  if (charged_at + period_ms_ <= now)
    return;  // else its entry is still there, and is the first that ends at or after it
  const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(head_);
  const auto found = std::find_if(first, entries_.end(), [&](const entry& e) { return e.last >= charged_at; });
  if (found == entries_.end()) return;
  const auto corrected = std::max<std::int64_t>(0, found->amount + difference);
  used_ += corrected - found->amount;
  found->amount = corrected;
}

epoch_ms sliding_window::fits_at(std::int64_t amount, std::int64_t limit, epoch_ms now) const noexcept {
  auto left = used_;
  auto time = now;
  for (auto i = head_; left + amount > limit && i < entries_.size(); ++i) {
    left -= entries_[i].amount;
    time = entries_[i].last + period_ms_;
  }
  return time;
}

epoch_ms sliding_window::ends_at(epoch_ms now) const noexcept {
  return entries_.empty() ? now : entries_.back().last + period_ms_;
}

void fixed_window::advance(epoch_ms now) noexcept {
  const auto current = now - now % period_ms_;
  // A window that begins after `now` is a race between threads at its edge, unless it lies far ahead: then the clock
  // was set back.
  if (current > start_ || start_ > now + period_ms_) {
    start_ = current;
    used_ = 0;
  }
}

void fixed_window::adjust(std::int64_t difference, epoch_ms charged_at) noexcept {
  if (charged_at < start_ || charged_at >= ends_at()) return;
  used_ = std::max<std::int64_t>(0, used_ + difference);
}

void lease_set::advance(epoch_ms now) {
  for (std::size_t i = 0; i < holds_.size();) {
    if (holds_[i].expires_at <= now) {
      drop(i);
    } else {
      ++i;
    }
  }
}

void lease_set::add(std::string_view holder, std::int64_t amount, epoch_ms expires_at) {
  holds_.push_back({hash_of(holder), amount, expires_at});
  used_ += amount;
}

void lease_set::release(std::string_view holder) noexcept {
  const auto wanted = hash_of(holder);
  for (std::size_t i = 0; i < holds_.size();) {
    if (holds_[i].holder == wanted) {
      drop(i);
    } else {
      ++i;
    }
  }
}

epoch_ms lease_set::first_expiry(epoch_ms now) const noexcept {
  if (holds_.empty()) return now;
  return std::min_element(holds_.begin(), holds_.end(),
                          [](const hold& a, const hold& b) { return a.expires_at < b.expires_at; })
      ->expires_at;
}

void lease_set::drop(std::size_t index) noexcept {
  used_ -= holds_[index].amount;
  holds_[index] = holds_.back();
  holds_.pop_back();
}

void budget_window::reserve(std::string_view holder, std::int64_t amount) {
  const auto id = hash_of(holder);
  std::ignore = drop_hold(id);
  holds_.push_back({id, amount, ends_at_});
  reserved_ += amount;
}

void budget_window::settle(std::string_view holder, std::int64_t spent, epoch_ms now) {
  const auto id = hash_of(holder);
  if (!drop_hold(id) && std::find(settled_.begin(), settled_.end(), id) != settled_.end()) return;
  remember(id);
  spent_ += std::max<std::int64_t>(0, spent);
  if (!seeded_) settled_unseeded_at_ = now;
}

void budget_window::seed(std::int64_t spent, epoch_ms now) noexcept {
  if (std::exchange(seeded_, true)) return;
  if (settled_unseeded_at_ + pending_ms <= now) spent_ = 0;
  spent_ += spent;
}

void budget_window::enter(std::uint64_t epoch) noexcept {
  if (std::exchange(epoch_, epoch) == epoch) return;
  if (std::exchange(seeded_, false)) spent_ = 0;
}

bool budget_window::drop_hold(std::size_t holder) noexcept {
  const auto found = std::find_if(holds_.begin(), holds_.end(), [&](const hold& h) { return h.holder == holder; });
  if (found == holds_.end()) return false;
  reserved_ -= found->amount;
  *found = holds_.back();
  holds_.pop_back();
  return true;
}

void budget_window::remember(std::size_t holder) {
  if (settled_.size() < most_remembered) {
    settled_.push_back(holder);
    return;
  }
  settled_[next_settled_] = holder;
  next_settled_ = (next_settled_ + 1) % most_remembered;
}

std::int64_t grant_of(std::int64_t amount, std::int64_t least, std::int64_t left) noexcept {
  if (least <= 0 || least >= amount) return amount;
  return std::clamp(left / share_of_what_is_left, least, amount);
}

}  // namespace spidergate::kv
