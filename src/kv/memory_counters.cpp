#include "stripes.hpp"
#include "text_hash.hpp"

#include <spidergate/kv/memory_counters.hpp>

#include <boost/system/errc.hpp>

#include <algorithm>
#include <atomic>
#include <limits>
#include <tuple>
#include <utility>

namespace spidergate::kv {

namespace {

constexpr std::size_t buckets_swept = 1;
constexpr std::size_t buckets_swept_when_full = 64;

template <class Named>
stripe_mask stripes_of(const Named& names) noexcept {
  stripe_mask mask = 0;
  for (const auto& one : names) mask |= stripe_mask{1} << one.stripe;
  return mask;
}

stripe_mask stripe_of(const cell_name& name) noexcept {
  return stripe_mask{1} << name.stripe;
}

cell_name name_of(const charge& c, cell_namer& names) noexcept {
  return names.name(c.key, c.kind == window_kind::budget ? c.window_start : 0);
}

cell_name name_of(const charge& c) noexcept {
  cell_namer names;
  return name_of(c, names);
}

/// Of a pick's cell: a whole key, each of another owner.
cell_name name_of(std::string_view key) noexcept {
  const auto hash = hash_of(key);
  return {key, 0, hash % stripe_count, hash};
}

charge_cell make_cell(const charge& c) {
  switch (c.kind) {
    case window_kind::sliding:
      return sliding_window{c.period_ms};
    case window_kind::fixed:
      return fixed_window{c.period_ms};
    case window_kind::lease:
      return lease_set{};
    case window_kind::budget:
      break;
  }
  return std::make_unique<budget_window>(c.window_start + c.period_ms);
}

/// How full a charge's window is, and when `amount` fits if it does not now.
struct standing {
  std::int64_t used = 0;
  epoch_ms fits_at = 0;
  epoch_ms ends_at = 0;
};

/// `cell` may be null: a budget that nobody has told about.
standing stand(charge_cell* cell, const charge& c, std::int64_t amount, epoch_ms now) {
  const auto end = c.window_start + c.period_ms;
  if (cell == nullptr) return {0, end, end};
  if (auto* sliding = std::get_if<sliding_window>(cell)) {
    sliding->advance(now);
    return {sliding->used(), sliding->fits_at(amount, c.limit, now), sliding->ends_at(now)};
  }
  if (auto* fixed = std::get_if<fixed_window>(cell)) {
    fixed->advance(now);
    return {fixed->used(), fixed->ends_at(), fixed->ends_at()};
  }
  if (auto* budget = std::get_if<std::unique_ptr<budget_window>>(cell)) return {(*budget)->used(), end, end};
  auto& leases = std::get<lease_set>(*cell);
  leases.advance(now);
  return {leases.used(), leases.first_expiry(now), leases.first_expiry(now)};
}

void hold_in(charge_cell& in, std::string_view holder, const charge& c, std::int64_t amount, epoch_ms now) {
  if (auto* budget = std::get_if<std::unique_ptr<budget_window>>(&in)) {
    (*budget)->reserve(holder, amount);
  } else if (auto* leases = std::get_if<lease_set>(&in)) {
    leases->add(holder, amount, now + c.period_ms);
  }
}

void add(charge_cell& to, std::string_view holder, const charge& c, std::int64_t amount, epoch_ms now) {
  if (auto* sliding = std::get_if<sliding_window>(&to)) {
    sliding->add(amount, now);
  } else if (auto* fixed = std::get_if<fixed_window>(&to)) {
    fixed->add(amount);
  } else {
    hold_in(to, holder, c, amount, now);
  }
}

void settle_cell(charge_cell& cell, std::string_view holder, const settlement& one, epoch_ms charged_at, epoch_ms now) {
  const auto difference = one.used - one.of.amount;
  if (auto* sliding = std::get_if<sliding_window>(&cell)) sliding->adjust(difference, charged_at, now);
  if (auto* fixed = std::get_if<fixed_window>(&cell)) fixed->adjust(difference, charged_at);
  if (auto* leases = std::get_if<lease_set>(&cell)) leases->release(holder);
  if (auto* budget = std::get_if<std::unique_ptr<budget_window>>(&cell)) (*budget)->settle(holder, one.used, now);
}

using names_of_charges = boost::container::small_vector<cell_name, 8>;
using cells_of_charges = boost::container::small_vector<charge_cell*, 8>;

const budget_window* known_budget(const charge_cell* cell) noexcept {
  if (cell == nullptr) return nullptr;
  const auto& budget = std::get<std::unique_ptr<budget_window>>(*cell);
  return budget->seeded() ? budget.get() : nullptr;
}

/// Says which budgets are unseeded, and what the tightest of the others grants.
void judge_budgets(const cells_of_charges& cells, std::span<const charge> charges, verdict& said) {
  const charge* first = nullptr;
  auto left = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < charges.size(); ++i) {
    if (charges[i].kind != window_kind::budget) continue;
    if (first == nullptr) first = &charges[i];
    if (const auto* known = known_budget(cells[i])) {
      left = std::min(left, charges[i].limit - known->used());
    } else {
      said.unseeded.push_back(i);
    }
  }
  if (first != nullptr) said.granted = grant_of(first->amount, first->least, left);
}

std::int64_t amount_of(const charge& c, const verdict& said) noexcept {
  return c.kind == window_kind::budget ? said.granted : c.amount;
}

void judge(const cells_of_charges& cells, std::span<const charge> charges, epoch_ms now, verdict& said) {
  judge_budgets(cells, charges, said);
  for (std::size_t i = 0; i < charges.size(); ++i) {
    const auto& c = charges[i];
    const auto amount = amount_of(c, said);
    const auto where = stand(cells[i], c, amount, now);
    const bool fits = where.used + amount <= c.limit;
    said.levels.push_back({where.used, fits ? where.ends_at : where.fits_at});
    if (fits) continue;
    if (said.admitted) said.refused_by = i;
    said.admitted = false;
    if (amount > c.limit) said.retry_after_ms = verdict::never;
    if (said.retry_after_ms != verdict::never) {
      said.retry_after_ms = std::max(said.retry_after_ms, where.fits_at - now);
    }
  }
  if (!said.unseeded.empty()) said.admitted = false;
  if (!said.admitted) said.granted = 0;
}

void charge_all(const cells_of_charges& cells, std::string_view holder, std::span<const charge> charges, epoch_ms now,
                verdict& said) {
  for (std::size_t i = 0; i < charges.size(); ++i) {
    const auto& c = charges[i];
    const auto amount = amount_of(c, said);
    add(*cells[i], holder, c, amount, now);
    const auto where = stand(cells[i], c, amount, now);
    said.levels[i] = {where.used, where.used + amount <= c.limit ? where.ends_at : where.fits_at};
  }
}

}  // namespace

struct memory_counters::impl {
  explicit impl(std::size_t max_cells) : max_cells_of_stripe(std::max<std::size_t>(1, max_cells / stripe_count)) {}

  void sweep(locked_stripes& locked, epoch_ms now) {
    std::size_t dropped = 0;
    locked.for_each([&](stripe& s) {
      const auto at_bound = s.charges.size() >= max_cells_of_stripe;
      dropped += s.charges.sweep(now, at_bound ? buckets_swept_when_full : buckets_swept);
      dropped += s.picks.sweep(now, buckets_swept);
    });
    if (dropped != 0) swept.fetch_add(dropped, std::memory_order_relaxed);
  }

  charge_cell* find(const cell_name& name) { return refreshed(stripes[name.stripe].charges.find(name)); }

  /// The cell of a charge, made where it is new; null when its stripe is full.
  charge_cell* find_or_make(const cell_name& name, const charge& c) {
    auto& home = stripes[name.stripe].charges;
    if (auto* found = home.find(name)) return refreshed(found);
    if (home.size() < max_cells_of_stripe) return refreshed(&home.make(name, make_cell(c)));
    refused_full.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }

  /// A budget that was seeded before the last unseed_budgets() is not.
  charge_cell* refreshed(charge_cell* cell) {
    if (cell == nullptr) return cell;
    if (auto* budget = std::get_if<std::unique_ptr<budget_window>>(cell)) {
      (*budget)->enter(budget_epoch.load(std::memory_order_acquire));
    }
    return cell;
  }

  pick_cell& find_or_make(const cell_name& name) {
    auto& home = stripes[name.stripe].picks;
    auto* found = home.find(name);
    return found != nullptr ? *found : home.make(name, pick_cell{});
  }

  error_code admit(std::string_view holder, std::span<const charge> charges, epoch_ms now, verdict& said) {
    cell_namer namer;
    names_of_charges names;
    for (const auto& c : charges) names.push_back(name_of(c, namer));
    locked_stripes locked(stripes, stripes_of(names));
    sweep(locked, now);
    cells_of_charges cells;
    for (std::size_t i = 0; i < charges.size(); ++i) {
      // A budget is made by seeding it, so until then it takes no room.
      const bool is_budget = charges[i].kind == window_kind::budget;
      cells.push_back(is_budget ? find(names[i]) : find_or_make(names[i], charges[i]));
      if (cells.back() == nullptr && !is_budget) return no_room;
    }
    judge(cells, charges, now, said);
    if (said.admitted) charge_all(cells, holder, charges, now, said);
    return {};
  }

  picked pick(std::span<const pick_option> options, epoch_ms now) {
    boost::container::small_vector<cell_name, 8> names;
    for (const auto& option : options) names.push_back(name_of(option.key));
    locked_stripes locked(stripes, stripes_of(names));
    sweep(locked, now);
    const auto order = [](const pick_option& o, const pick_cell& c) {
      return std::tuple(-o.rank, c.day.used(), c.last_picked_at);
    };
    picked best;
    pick_cell* chosen = nullptr;
    for (std::size_t i = 0; i < options.size(); ++i) {
      const auto& option = options[i];
      auto& cell = find_or_make(names[i]);
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

  void settle_one(std::string_view holder, const settlement& one, epoch_ms charged_at, epoch_ms now) {
    const auto name = name_of(one.of);
    locked_stripes locked(stripes, stripe_of(name));
    // What is settled before a budget is known waits in it. When there is no room, the ledger has it alone.
    auto* cell = one.of.kind == window_kind::budget ? find_or_make(name, one.of) : find(name);
    if (cell != nullptr) settle_cell(*cell, holder, one, charged_at, now);
  }

  const error_code no_room = boost::system::errc::make_error_code(boost::system::errc::no_buffer_space);
  stripe_array stripes;
  const std::size_t max_cells_of_stripe;
  std::atomic<std::uint64_t> budget_epoch{0};
  std::atomic<std::uint64_t> swept{0};
  std::atomic<std::uint64_t> refused_full{0};
};

memory_counters::memory_counters(std::size_t max_cells) : impl_(std::make_unique<impl>(max_cells)) {}
memory_counters::~memory_counters() = default;

awaitable<result<verdict>> memory_counters::admit(std::string_view holder, std::span<const charge> charges,
                                                  epoch_ms now) {
  co_return *admit_now(holder, charges, now);
}

std::optional<result<verdict>> memory_counters::admit_now(std::string_view holder, std::span<const charge> charges,
                                                          epoch_ms now) {
  std::optional<result<verdict>> said(std::in_place);
  if (const auto failure = impl_->admit(holder, charges, now, **said)) *said = failure;
  return said;
}

std::optional<result<picked>> memory_counters::pick_now(std::span<const pick_option> options, epoch_ms now) {
  return impl_->pick(options, now);
}

void memory_counters::settle(std::string_view holder, std::span<const settlement> of, epoch_ms charged_at,
                             epoch_ms now) noexcept {
  for (const auto& one : of) impl_->settle_one(holder, one, charged_at, now);
}

awaitable<result<void>> memory_counters::seed(const charge& budget, std::int64_t spent, epoch_ms now) {
  const auto name = name_of(budget);
  locked_stripes locked(impl_->stripes, stripe_of(name));
  auto* cell = impl_->find_or_make(name, budget);
  if (cell == nullptr) co_return impl_->no_room;
  std::get<std::unique_ptr<budget_window>>(*cell)->seed(spent, now);
  co_return result<void>();
}

void memory_counters::hold(std::string_view holder, const charge& of, epoch_ms now) {
  const auto name = name_of(of);
  locked_stripes locked(impl_->stripes, stripe_of(name));
  if (auto* cell = impl_->find_or_make(name, of)) hold_in(*cell, holder, of, of.amount, now);
}

void memory_counters::unseed_budgets() noexcept {
  impl_->budget_epoch.fetch_add(1, std::memory_order_acq_rel);
}

awaitable<result<picked>> memory_counters::pick(std::span<const pick_option> options, epoch_ms now) {
  co_return impl_->pick(options, now);
}

counter_store::pick_counts memory_counters::counts(std::string_view key, epoch_ms now) const {
  pick_counts counted;
  const auto name = name_of(key);
  locked_stripes locked(impl_->stripes, stripe_of(name));
  auto* found = impl_->stripes[name.stripe].picks.find(name);
  if (found == nullptr) return counted;
  found->advance(now);
  counted = {found->day.used(), found->minute.used(), found->last_picked_at};
  return counted;
}

void memory_counters::restore(std::string_view key, std::int64_t daily_count, epoch_ms last_picked_at, epoch_ms now) {
  const auto name = name_of(key);
  locked_stripes locked(impl_->stripes, stripe_of(name));
  auto& cell = impl_->find_or_make(name);
  cell.advance(now);
  cell.day.raise_to(daily_count);
  cell.last_picked_at = std::max(cell.last_picked_at, last_picked_at);
}

void memory_counters::follow(std::string_view key, const pick_counts& seen, epoch_ms now) {
  const auto name = name_of(key);
  locked_stripes locked(impl_->stripes, stripe_of(name));
  auto& cell = impl_->find_or_make(name);
  cell.advance(now);
  cell.day.raise_to(seen.daily_count);
  if (seen.minute_count > cell.minute.used()) cell.minute.add(seen.minute_count - cell.minute.used(), now);
  cell.last_picked_at = std::max(cell.last_picked_at, seen.last_picked_at);
}

std::vector<memory_counters::counted_key> memory_counters::counted_keys(epoch_ms now) const {
  std::vector<counted_key> all;
  for (auto& one : impl_->stripes) {
    const std::lock_guard lock(one.mutex);
    one.picks.for_each([&](const std::string& key, pick_cell& cell) {
      cell.advance(now);
      all.push_back({key, {cell.day.used(), cell.minute.used(), cell.last_picked_at}});
    });
  }
  return all;
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
