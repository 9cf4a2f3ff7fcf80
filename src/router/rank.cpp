#include "abilities.hpp"

#include <spidergate/router/router.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace spidergate::router {
namespace {

using model::api_errc;
using verdict = ability::verdict;

/// Less than this between two success rates is noise: order must not flap with every answer.
constexpr double clearly_healthier = 0.10 + 1e-9;
constexpr std::uint32_t enough_samples = 5;

/// A candidate that stays in the race.
struct runner {
  const candidate* what;
  std::size_t position;  ///< in the chain, from 0
  candidate_health health;
  standing where;
  ability can;
};

bool needs_no_key(const candidate& what) {
  return what.provider->auth == catalogue::auth_style::none;
}

standing standing_of(const candidate_health& health, bool keyless) {
  if (health.state == candidate_health::breaker::open) return standing::down;
  const bool without_key = keyless ? health.has_any_key && !health.has_usable_key : !health.has_usable_key;
  if (without_key) return standing::down;
  return health.state == candidate_health::breaker::half_open ? standing::probing : standing::usable;
}

std::string in_words(double rate) {
  return std::to_string(std::lround(rate * 100)) + " %";
}

std::string place(std::size_t position) {
  return position == 0 ? std::string{"first of the chain"} : "number " + std::to_string(position + 1) + " of the chain";
}

/// Of two that are usable.
bool healthier(const candidate_health& one, const candidate_health& other) {
  return one.samples >= enough_samples && other.samples >= enough_samples &&
         one.success_rate - other.success_rate > clearly_healthier;
}

bool healthier(const runner& one, const runner& other) {
  return one.where == standing::usable && other.where == standing::usable && healthier(one.health, other.health);
}

/// Why `other` stands behind `one`, which comes later in the chain or is still waiting; empty when it does not.
std::string overtaken(const runner& one, const runner& other) {
  if (one.where != other.where) return {};
  // What is asked for comes before health: a healthy model that cannot do it is of no use.
  if (one.can.answer != other.can.answer) return one.can.answer == verdict::yes ? other.can.because : std::string{};
  if (healthier(one, other))
    return "success rate " + in_words(other.health.success_rate) + " against " + in_words(one.health.success_rate) +
           " of " + one.what->name();
  return {};
}

std::string standing_reason(const runner& who) {
  if (who.health.state == candidate_health::breaker::open) return "its breaker is open after repeated failures";
  if (who.where == standing::down) return "every key is exhausted or resting";
  if (who.where == standing::probing) return "its breaker is half-open, one request may try";
  return place(who.position);
}

/// The first of the waiting ones that nobody waiting overtakes. There is always one: overtaking means a higher rate or
/// a better verdict.
std::size_t next_of(const std::vector<runner>& waiting, std::vector<std::string>& reasons) {
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    std::string why;
    for (std::size_t k = 0; k < waiting.size() && why.empty(); ++k)
      if (k != i) why = overtaken(waiting[k], waiting[i]);
    if (why.empty()) return i;
    reasons[waiting[i].position] = std::move(why);
  }
  return 0;
}

std::vector<ranked_candidate> in_order(std::vector<runner> waiting, std::size_t chain_size) {
  std::sort(waiting.begin(), waiting.end(), [](const runner& a, const runner& b) {
    return std::pair{a.where, a.position} < std::pair{b.where, b.position};
  });
  std::vector<std::string> reasons(chain_size);
  std::vector<ranked_candidate> ranked;
  ranked.reserve(waiting.size());
  while (!waiting.empty()) {
    const auto at = waiting.begin() + static_cast<std::ptrdiff_t>(next_of(waiting, reasons));
    auto& overtaken_because = reasons[at->position];
    const bool says_more = at->where != standing::usable || overtaken_because.empty();
    ranked.push_back({*at->what, at->where, says_more ? standing_reason(*at) : std::move(overtaken_because)});
    waiting.erase(at);
  }
  return ranked;
}

std::string unsupported_message(const resolution& resolved, const std::string& first_reason) {
  const auto others = resolved.chain.size() - 1;
  std::string message = "No candidate can serve this request: '" + resolved.chain.front().name() + "' " + first_reason;
  if (others == 1) message += ", and neither can the other one";
  if (others > 1) message += ", and none of the " + std::to_string(others) + " others can";
  return message + '.';
}

std::string no_key_message(const std::vector<runner>& keyless) {
  std::vector<std::string_view> providers;
  for (const auto& who : keyless) {
    const std::string_view id = who.what->provider->id;
    if (std::find(providers.begin(), providers.end(), id) == providers.end()) providers.push_back(id);
  }
  std::string message = "There is no provider key for ";
  for (std::size_t i = 0; i < providers.size() && i < 5; ++i) message.append(i == 0 ? "" : ", ").append(providers[i]);
  if (providers.size() > 5) message += " and others";
  return message + ": add one with POST /api/v1/integrations or `spidergate provider add " + std::string(providers[0]) +
         "`.";
}

}  // namespace

std::string_view standing_name(standing s) noexcept {
  switch (s) {
    case standing::usable:
      return "usable";
    case standing::probing:
      return "probing";
    case standing::down:
      return "down";
  }
  return "down";
}

model::outcome<std::vector<ranked_candidate>> rank(const resolution& resolved, std::span<const candidate_health> health,
                                                   const model::inference_request& asked, served_by served) {
  std::vector<runner> able, keyless;
  std::string first_reason;
  for (std::size_t i = 0; i < resolved.chain.size(); ++i) {
    const auto& what = resolved.chain[i];
    auto can = judge(what, asked, served);
    if (can.answer == verdict::no) {
      if (first_reason.empty()) first_reason = std::move(can.because);
      continue;
    }
    const auto how = i < health.size() ? health[i] : candidate_health{};
    runner who{&what, i, how, standing_of(how, needs_no_key(what)), std::move(can)};
    (how.has_any_key || needs_no_key(what) ? able : keyless).push_back(std::move(who));
  }
  if (able.empty() && keyless.empty())
    return model::make_error(api_errc::unsupported_by_model, unsupported_message(resolved, first_reason), "model");
  if (able.empty()) return model::make_error(api_errc::no_available_key, no_key_message(keyless));
  return in_order(std::move(able), resolved.chain.size());
}

std::vector<ranked_candidate> order_of(const resolution& resolved) {
  std::vector<ranked_candidate> order;
  order.reserve(resolved.chain.size());
  for (const auto& what : resolved.chain) order.push_back({what, standing::usable, place(order.size())});
  return order;
}

bool stays_in_order(const resolution& resolved, std::span<const candidate_health> health,
                    const model::inference_request& asked, served_by served) {
  const auto& chain = resolved.chain;
  if (health.size() < chain.size()) return false;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const bool keyless = needs_no_key(chain[i]);
    const bool well = standing_of(health[i], keyless) == standing::usable && (health[i].has_any_key || keyless) &&
                      judge(chain[i], asked, served).answer == verdict::yes;
    if (!well) return false;
    for (std::size_t later = i + 1; later < chain.size(); ++later)
      if (healthier(health[later], health[i])) return false;
  }
  return true;
}

}  // namespace spidergate::router
