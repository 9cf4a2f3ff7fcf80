#include "stripes.hpp"

#include "text_hash.hpp"

#include <algorithm>
#include <cstring>

namespace spidergate::kv {

namespace {

struct over_question {
  epoch_ms now;
  bool operator()(sliding_window& w) const {
    w.advance(now);
    return w.ends_at(now) <= now;
  }
  bool operator()(fixed_window& w) const {
    w.advance(now);
    return w.used() == 0;
  }
  bool operator()(lease_set& l) const {
    l.advance(now);
    return l.used() == 0;
  }
  bool operator()(const std::unique_ptr<budget_window>& b) const { return b->ends_at() + late_ms <= now; }

  /// A request may settle in the window that it began in when that is over.
  static constexpr std::int64_t late_ms = 20 * 60'000;
};

}  // namespace

bool is_over(charge_cell& cell, epoch_ms now) {
  return std::visit(over_question{now}, cell);
}

bool is_over(pick_cell& cell, epoch_ms now) {
  cell.advance(now);
  // The last use orders keys of equal count, so it is kept for a day.
  return cell.day.used() == 0 && cell.minute.used() == 0 && cell.last_picked_at + day_ms <= now;
}

cell_name cell_namer::name(std::string_view key, epoch_ms window_start) noexcept {
  const auto colon = key.find(':');
  const auto behind_what = colon == std::string_view::npos ? 0 : colon + 1;
  const auto owner = key.substr(behind_what);
  if (owner_.data() == nullptr || owner != owner_) {
    owner_ = owner;
    hash_of_owner_ = hash_of(owner);
  }
  // What an owner's cells differ in is short: a word, and a time.
  std::uint64_t what = 0;
  std::memcpy(&what, key.data(), std::min(behind_what, sizeof what));
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15U;
  const auto rest = (what ^ static_cast<std::uint64_t>(window_start)) * odd;
  return {key, window_start, hash_of_owner_ % stripe_count, hash_of_owner_ ^ rest ^ rest >> 32U};
}

}  // namespace spidergate::kv
