#include "stripes.hpp"

#include <spidergate/kv/memory_counters.hpp>

#include <boost/system/errc.hpp>

#include <algorithm>
#include <atomic>
#include <tuple>

namespace spidergate::kv {

namespace {

constexpr std::size_t buckets_swept = 1;
constexpr std::size_t buckets_swept_when_full = 64;

template <class Keyed>
stripe_mask stripes_of(std::span<const Keyed> all) noexcept {
  stripe_mask mask = 0;
  for (const auto& one : all) mask |= stripe_mask{1} << stripe_of(one.key);
  return mask;
}

stripe_mask stripe_of_key(std::string_view key) noexcept {
  return stripe_mask{1} << stripe_of(key);
}

charge_cell make_cell(const charge& c) {
  switch (c.kind) {
    case window_kind::sliding:
      return sliding_window{c.period_ms};
    case window_kind::fixed:
      return fixed_window{c.period_ms};
    case window_kind::lease:
    case window_kind::budget:
      break;
  }
  return lease_set{};
}

/// How full a charge's window is, and when the charge fits if it does not now.
struct standing {
  std::int64_t used = 0;
  epoch_ms fits_at = 0;
  epoch_ms ends_at = 0;
  [[nodiscard]] bool fits(const charge& c) const noexcept { return used + c.amount <= c.limit; }
};

standing stand(charge_cell& in, const charge& c, epoch_ms now) {
  if (auto* sliding = std::get_if<sliding_window>(&in)) {
    sliding->advance(now);
    return {sliding->used(), sliding->fits_at(c.amount, c.limit, now), sliding->ends_at(now)};
  }
  if (auto* fixed = std::get_if<fixed_window>(&in)) {
    fixed->advance(now);
    return {fixed->used(), fixed->ends_at(), fixed->ends_at()};
  }
  auto& leases = std::get<lease_set>(in);
  leases.advance(now);
  return {leases.used(), leases.first_expiry(now), leases.first_expiry(now)};
}

void add(charge_cell& to, std::string_view holder, const charge& c, epoch_ms now) {
  if (auto* sliding = std::get_if<sliding_window>(&to)) {
    sliding->add(c.amount, now);
  } else if (auto* fixed = std::get_if<fixed_window>(&to)) {
    fixed->add(c.amount);
  } else {
    std::get<lease_set>(to).add(holder, c.amount, now + c.period_ms);
  }
}

void adjust_cell(charge_cell& cell, std::int64_t difference, epoch_ms charged_at, epoch_ms now) noexcept {
  if (auto* sliding = std::get_if<sliding_window>(&cell)) sliding->adjust(difference, charged_at, now);
  if (auto* fixed = std::get_if<fixed_window>(&cell)) fixed->adjust(difference, charged_at);
}

using cells_of_charges = boost::container::small_vector<charge_cell*, 16>;

verdict judge(const cells_of_charges& cells, std::span<const charge> charges, epoch_ms now) {
  verdict said;
  for (std::size_t i = 0; i < charges.size(); ++i) {
    const auto& c = charges[i];
    const auto where = stand(*cells[i], c, now);
    said.levels.push_back({where.used, where.fits(c) ? where.ends_at : where.fits_at});
    if (where.fits(c)) continue;
    if (said.admitted) said.refused_by = i;
    said.admitted = false;
    if (c.amount > c.limit) said.retry_after_ms = verdict::never;
    if (said.retry_after_ms != verdict::never) {
      said.retry_after_ms = std::max(said.retry_after_ms, where.fits_at - now);
    }
  }
  return said;
}

void charge_all(const cells_of_charges& cells, std::string_view holder, std::span<const charge> charges, epoch_ms now,
                verdict& said) {
  for (std::size_t i = 0; i < charges.size(); ++i) {
    add(*cells[i], holder, charges[i], now);
    const auto where = stand(*cells[i], charges[i], now);
    said.levels[i] = {where.used, where.fits(charges[i]) ? where.ends_at : where.fits_at};
  }
}

}  // namespace

struct memory_counters::impl {
  explicit impl(std::size_t max_cells) : max_cells_of_stripe(std::max<std::size_t>(1, max_cells / stripe_count)) {}

  void sweep(locked_stripes& locked, epoch_ms now) {
    std::size_t dropped = 0;
    locked.for_each([&](stripe& s) {
      const auto full = s.charges.size() >= max_cells_of_stripe;
      dropped += s.charges.sweep(now, full ? buckets_swept_when_full : buckets_swept);
      dropped += s.picks.sweep(now, buckets_swept);
    });
    if (dropped != 0) swept.fetch_add(dropped, std::memory_order_relaxed);
  }

  /// The cell of a charge, made where it is new; null when its stripe is full.
  charge_cell* find_or_make(const charge& c) {
    auto& home = stripes[stripe_of(c.key)].charges;
    if (auto* found = home.find(c.key)) return found;
    return home.size() < max_cells_of_stripe ? &home.make(c.key, make_cell(c)) : nullptr;
  }

  pick_cell& find_or_make(std::string_view key) {
    auto& home = stripes[stripe_of(key)].picks;
    auto* found = home.find(key);
    return found != nullptr ? *found : home.make(key, pick_cell{});
  }

  result<verdict> admit(std::string_view holder, std::span<const charge> charges, epoch_ms now) {
    locked_stripes locked(stripes, stripes_of(charges));
    sweep(locked, now);
    cells_of_charges cells;
    for (const auto& c : charges) {
      cells.push_back(find_or_make(c));
      if (cells.back() != nullptr) continue;
      refused_full.fetch_add(1, std::memory_order_relaxed);
      return boost::system::errc::make_error_code(boost::system::errc::no_buffer_space);
    }
    auto said = judge(cells, charges, now);
    if (said.admitted) charge_all(cells, holder, charges, now, said);
    return said;
  }

  picked pick(std::span<const pick_option> options, epoch_ms now) {
    locked_stripes locked(stripes, stripes_of(options));
    sweep(locked, now);
    const auto order = [](const pick_option& o, const pick_cell& c) {
      return std::tuple(-o.rank, c.day.used(), c.last_picked_at);
    };
    picked best;
    pick_cell* chosen = nullptr;
    for (std::size_t i = 0; i < options.size(); ++i) {
      const auto& option = options[i];
      auto& cell = find_or_make(option.key);
      cell.advance(now);
      if (option.daily_limit > 0 && cell.day.used() >= option.daily_limit) continue;
      if (option.minute_limit > 0 && cell.minute.used() >= option.minute_limit) continue;
      if (chosen != nullptr && order(option, cell) >= order(options[best.index], *chosen)) continue;
      best.index = i;
      chosen = &cell;
    }
    if (chosen == nullptr) return best;
    chosen->day.add(1);
    chosen->minute.add(1, now);
    chosen->last_picked_at = now;
    return {true, best.index, chosen->day.used(), chosen->minute.used()};
  }

  stripe_array stripes;
  const std::size_t max_cells_of_stripe;
  std::atomic<std::uint64_t> swept{0};
  std::atomic<std::uint64_t> refused_full{0};
};

memory_counters::memory_counters(std::size_t max_cells) : impl_(std::make_unique<impl>(max_cells)) {}
memory_counters::~memory_counters() = default;

awaitable<result<verdict>> memory_counters::admit(std::string_view holder, std::span<const charge> charges,
                                                  epoch_ms now) {
  co_return impl_->admit(holder, charges, now);
}

void memory_counters::settle(std::string_view holder, std::span<const settlement> of, epoch_ms charged_at,
                             epoch_ms now) noexcept {
  for (const auto& one : of) {
    locked_stripes locked(impl_->stripes, stripe_of_key(one.of.key));
    locked.for_each([&](stripe& s) {
      auto* found = s.charges.find(one.of.key);
      if (found == nullptr) return;
      if (auto* holds = std::get_if<lease_set>(found)) holds->release(holder);
      adjust_cell(*found, one.used - one.of.amount, charged_at, now);
    });
  }
}

awaitable<result<void>> memory_counters::seed(const charge& /*budget*/, std::int64_t /*spent*/, epoch_ms /*now*/) {
  co_return result<void>();
}

awaitable<result<picked>> memory_counters::pick(std::span<const pick_option> options, epoch_ms now) {
  co_return impl_->pick(options, now);
}

counter_store::pick_counts memory_counters::counts(std::string_view key, epoch_ms now) const {
  pick_counts counted;
  locked_stripes locked(impl_->stripes, stripe_of_key(key));
  locked.for_each([&](stripe& s) {
    auto* found = s.picks.find(key);
    if (found == nullptr) return;
    found->advance(now);
    counted = {found->day.used(), found->minute.used(), found->last_picked_at};
  });
  return counted;
}

void memory_counters::restore(std::string_view key, std::int64_t daily_count, epoch_ms last_picked_at, epoch_ms now) {
  locked_stripes locked(impl_->stripes, stripe_of_key(key));
  auto& cell = impl_->find_or_make(key);
  cell.advance(now);
  cell.day.raise_to(daily_count);
  cell.last_picked_at = std::max(cell.last_picked_at, last_picked_at);
}

memory_counters::statistics memory_counters::stats() const {
  statistics said{0, impl_->swept.load(std::memory_order_relaxed), impl_->refused_full.load(std::memory_order_relaxed)};
  for (auto& one : impl_->stripes) {
    const std::lock_guard lock(one.mutex);
    said.cells += one.charges.size() + one.picks.size();
  }
  return said;
}

}  // namespace spidergate::kv
