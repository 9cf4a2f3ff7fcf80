#include "charge_list.hpp"
#include "refusal.hpp"
#include "seeding.hpp"

#include <spidergate/limits/limiter.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace spidergate::limits {

/// What a request may cost, at most and at least.
struct bounds {
  money worst, least;
};

namespace {

bounds bounds_of(const demand& what) noexcept {
  return {.worst = std::max(money{}, what.worst), .least = std::max(money{}, what.least)};
}

request_charge charge_of(const demand& what, const bounds& may_cost) noexcept {
  return {.requests = 1,
          .tokens = std::max<std::int64_t>(0, what.tokens),
          .amount = may_cost.worst,
          .at_least = may_cost.least < may_cost.worst ? may_cost.least : money{}};
}

/// Budgets that are not known by then are not known: the client is better off asking again.
constexpr std::chrono::seconds longest_seeding{3};
/// Between two questions of a request whose budgets are forgotten again and again.
constexpr std::chrono::milliseconds seeding_pause{20};

/// What may be reserved under the limits for one request, the first level whose limit is in the way otherwise.
std::optional<level> too_dear_for(const auth::principal& who, bounds& what) {
  for (const auto whose : all_levels) {
    const auto most = limits_of(who, whose).per_request;
    if (most <= money{} || what.worst <= most) continue;
    if (what.least > most) return whose;
    what.worst = most;
  }
  return std::nullopt;
}

/// Has every budget that `said` does not know told to the store. False when that cannot be done in time.
awaitable<bool> make_known(seeding& by, runtime::worker& home, const auth::principal& who, const charge_list& charges,
                           const kv::verdict& said, steady_time asked_at, steady_time give_up) {
  const auto not_before = asked_at + std::chrono::milliseconds(said.seed_after_ms);
  for (const auto index : said.unseeded) {
    const auto whose = charges.label_of(index).whose;
    const bool known = co_await by.make_known(home, {.budget = charges[index],
                                                     .whose = whose,
                                                     .owner = owner_of(who, whose),
                                                     .not_before = not_before,
                                                     .deadline = give_up});
    if (!known) co_return false;
  }
  co_return true;
}

}  // namespace

namespace {

/// What reservations were made of, for the next ones of the thread. Bounded: a burst of requests leaves no more behind.
template <class Piece>
class spare_pieces {
 public:
  static constexpr std::size_t most = 16;

  [[nodiscard]] std::unique_ptr<Piece> take() {
    if (count_ == 0) return std::make_unique<Piece>();
    return std::move(spares_[--count_]);
  }
  void give_back(std::unique_ptr<Piece> used) noexcept {
    if (count_ < most) spares_[count_++] = std::move(used);
  }

  static spare_pieces& of_this_thread() {
    thread_local spare_pieces mine;
    return mine;
  }

 private:
  std::array<std::unique_ptr<Piece>, most> spares_;
  std::size_t count_ = 0;
};

struct list_recycling {
  void operator()(charge_list* used) const noexcept {
    spare_pieces<charge_list>::of_this_thread().give_back(std::unique_ptr<charge_list>(used));
  }
};

}  // namespace

/// The charges of one request. Once it is let in, only those are kept that its end corrects, in memory of their size:
/// a stream may last, and the list has room for 21.
struct reservation::impl {
  void begin(kv::counter_store& store, const runtime::clock& clock, std::string_view id) {
    counters = &store;
    time = &clock;
    holder = id;
    state = {};
    granted = {};
    clamped = open = on_budgets = false;
    kept.clear();
    list.reset(spare_pieces<charge_list>::of_this_thread().take().release());
  }

  void plan(const auth::principal& who, const request_charge& with) {
    charged_at = time->epoch_now();
    fill(*list, who, with, charged_at);
  }

  [[nodiscard]] const charge_list& charges() const noexcept { return *list; }

  /// Takes in what the counters said: it holds the charges from now on, or is to be given up.
  [[nodiscard]] bool accept(const kv::verdict& said) {
    state = state_after(*list, said);
    open = said.admitted;
    if (!open) return false;
    keep_charges();
    if (on_budgets) granted = money{said.granted};
    return true;
  }

  /// Ends what the reservation holds, with what was really used.
  void finish(std::int64_t tokens, money cost) noexcept {
    if (!std::exchange(open, false)) return;
    std::array<kv::settlement, charge_list::capacity> settlements;
    std::size_t count = 0;
    for (const auto& charged : kept) {
      if (charged.kind == kv::window_kind::budget) {
        settlements[count++] = {.of = charged, .used = cost.nano_usd};
      } else if (charged.kind == kv::window_kind::lease) {
        settlements[count++] = {.of = charged, .used = 0};
      } else if (charged.amount != tokens) {
        settlements[count++] = {.of = charged, .used = tokens};
      }
    }
    if (count > 0) counters->settle(holder, {settlements.data(), count}, charged_at, time->epoch_now());
  }

  kv::counter_store* counters = nullptr;
  const runtime::clock* time = nullptr;
  std::string holder;
  epoch_ms charged_at = 0;
  std::unique_ptr<charge_list, list_recycling> list;  ///< until the request is let in
  std::vector<kv::charge> kept;                       ///< of tokens, places and budgets
  std::string names;                                  ///< that their keys point into
  rate_state state;
  money granted;
  bool clamped = false;
  bool open = false;  // something is charged that settle() or the destructor must correct
  bool on_budgets = false;

 private:
  void keep_charges() {
    const auto is_corrected = [this](std::size_t i) {
      const auto kind = (*list)[i].kind;
      return kind == kv::window_kind::budget || kind == kv::window_kind::lease ||
             list->label_of(i).what == counter::tokens_per_minute;
    };
    std::size_t count = 0;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!is_corrected(i)) continue;
      ++count;
      bytes += (*list)[i].key.size();
    }
    kept.reserve(count);
    names.clear();
    names.reserve(bytes);  // so that it never moves while it grows
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!is_corrected(i)) continue;
      auto& charged = kept.emplace_back((*list)[i]);
      const auto at = names.size();
      names.append(charged.key);
      charged.key = std::string_view(names).substr(at);
      on_budgets = on_budgets || charged.kind == kv::window_kind::budget;
    }
  }
};

void reservation::recycling::operator()(impl* used) const noexcept {
  used->list.reset();
  spare_pieces<impl>::of_this_thread().give_back(std::unique_ptr<impl>(used));
}

reservation::reservation() noexcept = default;
reservation::reservation(reservation&& other) noexcept = default;

reservation& reservation::operator=(reservation&& other) noexcept {
  if (this != &other) {
    if (impl_) impl_->finish(0, {});
    impl_ = std::move(other.impl_);
  }
  return *this;
}

reservation::~reservation() {
  if (impl_) impl_->finish(0, {});
}

const rate_state& reservation::state() const noexcept {
  static constexpr rate_state unlimited;
  return impl_ ? impl_->state : unlimited;
}

money reservation::granted() const noexcept {
  return impl_ ? impl_->granted : money{};
}

bool reservation::clamped() const noexcept {
  return impl_ && impl_->clamped;
}

bool reservation::draws_on_budgets() const noexcept {
  return impl_ && impl_->on_budgets;
}

void reservation::settle(std::int64_t tokens, money cost) noexcept {
  if (impl_) impl_->finish(std::max<std::int64_t>(0, tokens), std::max(money{}, cost));
}

limiter::limiter(kv::counter_store& counters, spending_record& ledger, const runtime::clock& time)
    : counters_(counters), time_(time), seeding_(std::make_unique<seeding>(counters, ledger, time)) {}

limiter::~limiter() = default;

std::optional<limiter::admission> limiter::reserve_now(const auth::principal& who, std::string_view holder,
                                                       const demand& what) {
  if (!counters_.admits_at_once()) return std::nullopt;
  auto may_cost = bounds_of(what);
  if (too_dear_for(who, may_cost)) return std::nullopt;
  auto held = begin(holder, may_cost);
  auto& made = *held.impl_;
  made.plan(who, charge_of(what, may_cost));
  if (!made.charges().empty()) {
    const auto said = counters_.admit_now(made.holder, made.charges().all(), made.charged_at);
    if (!said || (*said && !(*said)->unseeded.empty())) return std::nullopt;
    if (!*said) return admission{limits_unknown(), {}};
    if (!made.accept(**said)) return admission{explain(made.charges(), **said, made.charged_at), made.state};
  }
  made.clamped = made.granted < what.worst;
  made.list.reset();
  const auto state = made.state;
  return admission{std::move(held), state};
}

awaitable<limiter::admission> limiter::reserve(runtime::worker& home, std::shared_ptr<const auth::principal> who,
                                               std::string holder, demand what) {
  auto may_cost = bounds_of(what);
  if (const auto whose = too_dear_for(*who, may_cost)) {
    const auto state = co_await look(who);
    co_return admission{too_dear(*whose, limits_of(*who, *whose).per_request, what), state};
  }
  const auto charge = charge_of(what, may_cost);
  auto held = begin(holder, may_cost);
  auto& made = *held.impl_;
  made.plan(*who, charge);
  if (!made.charges().empty()) {
    const auto give_up = time_.steady_now() + longest_seeding;
    auto said = co_await counters_.admit(made.holder, made.charges().all(), made.charged_at);
    while (said && !said->unseeded.empty()) {
      const auto asked_at = time_.steady_now();
      if (asked_at >= give_up || !co_await make_known(*seeding_, home, *who, made.charges(), *said, asked_at, give_up))
        co_return admission{budgets_unknown(), co_await look(who)};
      made.plan(*who, charge);
      said = co_await counters_.admit(made.holder, made.charges().all(), made.charged_at);
      if (said && !said->unseeded.empty()) (void)co_await home.sleep_until(time_.steady_now() + seeding_pause);
    }
    if (!said) co_return admission{limits_unknown(), {}};
    if (!made.accept(*said)) co_return admission{explain(made.charges(), *said, made.charged_at), made.state};
  }
  made.clamped = made.granted < what.worst;
  made.list.reset();
  const auto state = made.state;
  co_return admission{std::move(held), state};
}

reservation limiter::begin(std::string_view holder, const bounds& may_cost) {
  reservation held;
  held.impl_.reset(spare_pieces<reservation::impl>::of_this_thread().take().release());
  held.impl_->begin(counters_, time_, holder);
  held.impl_->granted = may_cost.worst;
  return held;
}

awaitable<rate_state> limiter::look(std::shared_ptr<const auth::principal> who) {
  reservation::impl seen;
  seen.begin(counters_, time_, {});
  seen.plan(*who, {});
  if (seen.charges().empty()) co_return rate_state{};
  const auto said = co_await counters_.admit(seen.holder, seen.charges().all(), seen.charged_at);
  co_return said ? state_after(seen.charges(), *said) : rate_state{};
}

}  // namespace spidergate::limits
