#include "cost_bound.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/core/glob.hpp>

#include <algorithm>
#include <array>

namespace spidergate::flow {

namespace {

__extension__ typedef __int128 wide;

/// Of a model whose longest answer is not known.
constexpr std::int64_t assumed_max_output = 16'384;
/// An answer shorter than this is of no use.
constexpr std::int64_t useful_output = 500;
/// Of a model whose window is not known: what a prompt with media of unknown size may hold.
constexpr std::int64_t assumed_context = 200'000;
constexpr std::int64_t pico_per_nano = 1000;

/// The most tokens that a picture counts. gpt-4o-mini counts 2,833 and 5,667 for each of up to eight tiles; others stay
/// far below what vision models are usually served with at most.
std::int64_t most_image_tokens(std::string_view model) noexcept {
  constexpr std::int64_t of_mini = 2'833 + 8 * 5'667;
  constexpr std::int64_t of_others = 16'384;
  return glob_match("*gpt-4o-mini*", model) ? of_mini : of_others;
}

bool makes_text(const model::inference_request& asked) noexcept {
  return asked.kind == model::endpoint::chat || asked.kind == model::endpoint::completions;
}

/// What the client allows: the larger where it gave both names, since which one counts is the provider's choice.
std::optional<std::int64_t> longest_asked_for(const model::inference_request& asked) {
  std::optional<std::int64_t> longest;
  for (const std::string_view name : {"max_tokens", "max_completion_tokens"}) {
    const auto* member = asked.find(name);
    if (member == nullptr) continue;
    if (const auto said = parse_integer<std::int64_t>(member->value)) longest = std::max(longest.value_or(0), *said);
  }
  if (asked.max_tokens) longest = std::max(longest.value_or(0), *asked.max_tokens);
  return longest;
}

unit_price dearest(std::initializer_list<std::optional<unit_price>> of) {
  unit_price most{};
  for (const auto& one : of) most = std::max(most, one.value_or(unit_price{}));
  return most;
}

/// The most that one candidate can charge, at one of its prices.
class tariff {
 public:
  tariff(const model::inference_request& asked, const router::candidate& who, const model::price& rates)
      : answers_(makes_text(asked) ? asked.answers : 0) {
    const auto prompt = prompt_tokens(asked, who);
    auto input = dearest({rates.input, rates.cache_read, rates.cache_write});
    if (asked.needs.audio) input = std::max(input, dearest({rates.audio_input}));
    output_ = dearest({rates.output, rates.reasoning});
    if (asked.needs.audio) output_ = std::max(output_, dearest({rates.audio_output}));
    for (const auto& tier : rates.tiers) {
      if (prompt <= tier.above_tokens) continue;
      input = std::max(input, dearest({tier.input, tier.cache_read, tier.cache_write}));
      output_ = std::max(output_, dearest({tier.output}));
    }
    fixed_.add(prompt, input);
    fixed_.add(rates.per_request.value_or(money{}));
    if (rates.per_image) fixed_.add(answers_, unit_price{rates.per_image->nano_usd * pico_per_nano});
    bound_length(asked, who);
  }

  [[nodiscard]] money worst() const noexcept { return with_output(longest_); }
  [[nodiscard]] money least() const noexcept { return with_output(std::min(longest_, useful_output)); }

  /// Tokens of each answer that `granted` pays for; nothing when that is as long as it can get.
  [[nodiscard]] std::optional<std::int64_t> affordable(money granted) const noexcept {
    if (worst() <= granted) return assumed_ && output_.pico_usd > 0 ? std::optional(fitting(longest_)) : std::nullopt;
    // Half a nano-dollar may have been rounded off on either side.
    const wide left = (wide{granted.nano_usd} - fixed_.total().nano_usd - 1) * pico_per_nano;
    const wide each = wide{output_.pico_usd} * answers_;
    if (each <= 0) return std::nullopt;
    return fitting(static_cast<std::int64_t>(std::clamp<wide>(left / each, 1, std::max<wide>(1, longest_))));
  }

 private:
  void bound_length(const model::inference_request& asked, const router::candidate& who) {
    const auto context = who.entry != nullptr ? who.entry->context : 0;
    if (context > asked.estimated_prompt_tokens) room_ = context - asked.estimated_prompt_tokens;
    if (const auto said = longest_asked_for(asked)) {
      longest_ = *said;
    } else if (who.entry != nullptr && who.entry->max_output > 0) {
      longest_ = who.entry->max_output;
    } else {
      assumed_ = context == 0 || context > assumed_max_output;
      longest_ = assumed_ ? assumed_max_output : context;
    }
  }

  /// Many providers refuse a max_tokens that does not fit into the window beside the prompt.
  [[nodiscard]] std::int64_t fitting(std::int64_t tokens) const noexcept {
    return room_ > 0 ? std::min(tokens, room_) : tokens;
  }

  static std::int64_t prompt_tokens(const model::inference_request& asked, const router::candidate& who) noexcept {
    auto most = asked.most_prompt_tokens + asked.images * most_image_tokens(who.model);
    if (asked.unsized_media)
      most += who.entry != nullptr && who.entry->context > 0 ? who.entry->context : assumed_context;
    return most;
  }

  [[nodiscard]] money with_output(std::int64_t tokens) const noexcept {
    auto sum = fixed_;
    sum.add(tokens * answers_, output_);
    return sum.total();
  }

  std::int64_t answers_;
  cost_sum fixed_;  ///< prompt, request and pictures
  unit_price output_;
  std::int64_t longest_ = 0;
  std::int64_t room_ = 0;  ///< of the window beside the prompt, about; 0: not known
  bool assumed_ = false;   ///< nobody has said how long an answer can get: it must be told to the provider
};

template <class Visit>
void for_each_tariff(const routing_snapshot& routing, const std::string& brand_id,
                     const std::vector<router::ranked_candidate>& order, const model::inference_request& asked,
                     Visit visit) {
  for (const auto& candidate : order) {
    for (const auto& rates : routing.prices_of(candidate.what, brand_id)) visit(tariff(asked, candidate.what, rates));
  }
}

}  // namespace

cost_bound bound_cost(const routing_snapshot& routing, const std::string& brand_id,
                      const std::vector<router::ranked_candidate>& order, const model::inference_request& asked) {
  cost_bound bound;
  for_each_tariff(routing, brand_id, order, asked, [&bound](const tariff& one) {
    bound.worst = std::max(bound.worst, one.worst());
    bound.least = std::max(bound.least, one.least());
  });
  if (!makes_text(asked) || longest_asked_for(asked)) bound.least = bound.worst;
  return bound;
}

std::optional<std::int64_t> affordable_tokens(const routing_snapshot& routing, const std::string& brand_id,
                                              const std::vector<router::ranked_candidate>& order,
                                              const model::inference_request& asked, money granted) {
  std::optional<std::int64_t> fewest;
  for_each_tariff(routing, brand_id, order, asked, [&](const tariff& one) {
    if (const auto most = one.affordable(granted)) fewest = std::min(fewest.value_or(*most), *most);
  });
  return fewest;
}

bool has_budgets(const auth::principal& who) noexcept {
  const std::array levels{&who.token_limits, &who.client_limits, &who.brand_limits};
  return std::any_of(levels.begin(), levels.end(), [](const store::limit_set* own) {
    return std::max({own->per_request, own->daily, own->weekly, own->monthly}) > money{};
  });
}

}  // namespace spidergate::flow
