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
/// Of an image made: gpt-image-1 counts 6,240 for its largest at high quality, others stay below.
constexpr std::int64_t most_tokens_of_made_image = 16'384;
/// Of an image made whose size nobody names: 2048 x 2048.
constexpr std::int64_t most_pixels = 4'194'304;
/// Slow speech says two letters a second; models of speech count at most some 30 tokens for a second.
constexpr std::int64_t fewest_characters_a_second = 2;
constexpr std::int64_t most_tokens_a_second = 50;
/// Speech is not recorded at less than 6 kbit/s.
constexpr std::int64_t fewest_bytes_a_second = 750;
/// Cohere charges by 100 documents, and counts a document again for each 500 tokens of it.
constexpr std::int64_t documents_of_search = 100, tokens_of_document = 500;
/// Searches that a provider runs for one answer.
constexpr std::int64_t most_web_searches = 10;
constexpr std::int64_t ms_per_second = 1000;

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
  for (const auto& member : asked.members) {
    if (member.name != "max_tokens" && member.name != "max_completion_tokens") continue;
    if (const auto said = parse_integer<std::int64_t>(member.value)) longest = std::max(longest.value_or(0), *said);
  }
  if (asked.max_tokens) longest = std::max(longest.value_or(0), *asked.max_tokens);
  return longest;
}

bool may_search_the_web(const model::inference_request& asked) {
  const auto* tools = asked.find("tools");
  const bool by_tool = tools != nullptr && tools->value.find("search") != std::string_view::npos;
  return by_tool || asked.find("web_search_options") != nullptr || asked.find("plugins") != nullptr;
}

/// Of one image, whatever its size and quality. Several images are charged by the sum of their pixels, so what rounding
/// takes from one must not be missing of many.
money dearest_image(const model::price& rates) {
  constexpr money rounded_off{1};
  money most = rates.per_image.value_or(money{});
  bool by_pixel = rates.per_pixel.has_value();
  if (rates.per_pixel) {
    cost_sum sum;
    sum.add_pixels(most_pixels, *rates.per_pixel);
    most = std::max(most, sum.total());
  }
  for (const auto& rate : rates.image_rates) {
    most = std::max(most, model::image_price(rates, rate.variant).value_or(money{}));
    by_pixel = by_pixel || rate.per_pixel.has_value();
  }
  return by_pixel ? most + rounded_off : most;
}

unit_price dearest(std::initializer_list<std::optional<unit_price>> of) {
  unit_price most{};
  for (const auto& one : of) most = std::max(most, one.value_or(unit_price{}));
  return most;
}

/// The most that one candidate can charge, at one of its prices.
class tariff {
 public:
  /// `asked_for` is longest_asked_for(asked).
  tariff(const model::inference_request& asked, std::optional<std::int64_t> asked_for, const router::candidate& who,
         const model::price& rates)
      : answers_(makes_text(asked) ? asked.answers : 0) {
    const auto prompt = prompt_tokens(asked, who);
    auto input = dearest({rates.input, rates.cache_read, rates.cache_write, rates.cache_write_1h});
    if (asked.images > 0) input = std::max(input, dearest({rates.image_input}));
    if (asked.needs.audio) input = std::max(input, dearest({rates.audio_input}));
    output_ = dearest({rates.output, rates.reasoning, rates.image_output});
    if (asked.needs.audio) output_ = std::max(output_, dearest({rates.audio_output}));
    for (const auto& tier : rates.tiers) {
      if (prompt <= tier.above_tokens) continue;
      input = std::max(input, dearest({tier.input, tier.cache_read, tier.cache_write}));
      output_ = std::max(output_, dearest({tier.output}));
    }
    fixed_.add(prompt, input);
    fixed_.add(rates.per_request.value_or(money{}));
    if (rates.per_image) add(answers_, *rates.per_image);
    if (rates.per_web_search && may_search_the_web(asked)) add(most_web_searches, *rates.per_web_search);
    add_what_is_not_text(asked, who, rates);
    bound_length(asked, asked_for, who);
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
  void add(std::int64_t pieces, money each) { fixed_.add(pieces, unit_price{each.nano_usd * pico_per_nano}); }

  void add_what_is_not_text(const model::inference_request& asked, const router::candidate& who,
                            const model::price& rates) {
    using model::endpoint;
    if (asked.kind == endpoint::images) add_images(asked, rates);
    if (asked.kind == endpoint::speech) {
      fixed_.add(asked.characters, dearest({rates.per_character_in}));
      add_sound(asked.characters / fewest_characters_a_second + 1, rates.per_second_out,
                dearest({rates.audio_output, rates.output}));
    }
    if (asked.kind == endpoint::transcriptions || asked.kind == endpoint::translations) {
      add_sound(asked.sound_bytes / fewest_bytes_a_second + 1, rates.per_second_in,
                dearest({rates.audio_input, rates.input}));
      const auto longest =
          who.entry != nullptr && who.entry->max_output > 0 ? who.entry->max_output : assumed_max_output;
      fixed_.add(longest, output_);
    }
    if (asked.kind == endpoint::rerank && rates.per_search) {
      const auto documents = asked.documents + asked.most_prompt_tokens / tokens_of_document;
      add(documents / documents_of_search + 1, *rates.per_search);
    }
  }

  void add_images(const model::inference_request& asked, const model::price& rates) {
    cost_sum by_token;
    by_token.add(most_tokens_of_made_image, dearest({rates.image_output, rates.output}));
    add(asked.answers, std::max(by_token.total(), dearest_image(rates)));
  }

  void add_sound(std::int64_t seconds, const std::optional<unit_price>& a_second, unit_price a_token) {
    fixed_.add_milliseconds(seconds * ms_per_second, a_second.value_or(unit_price{}));
    fixed_.add(seconds * most_tokens_a_second, a_token);
  }

  void bound_length(const model::inference_request& asked, std::optional<std::int64_t> asked_for,
                    const router::candidate& who) {
    const auto context = who.entry != nullptr ? who.entry->context : 0;
    if (context > asked.estimated_prompt_tokens) room_ = context - asked.estimated_prompt_tokens;
    if (asked_for) {
      longest_ = *asked_for;
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
    auto most = asked.most_prompt_tokens;
    if (asked.images > 0) most += asked.images * most_image_tokens(who.model);
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
                     std::optional<std::int64_t> asked_for, Visit visit) {
  for (const auto& candidate : order) {
    routing.for_each_price(candidate.what, brand_id,
                           [&](const model::price& rates) { visit(tariff(asked, asked_for, candidate.what, rates)); });
  }
}

}  // namespace

cost_bound bound_cost(const routing_snapshot& routing, const std::string& brand_id,
                      const std::vector<router::ranked_candidate>& order, const model::inference_request& asked) {
  cost_bound bound;
  const auto asked_for = longest_asked_for(asked);
  for_each_tariff(routing, brand_id, order, asked, asked_for, [&bound](const tariff& one) {
    bound.worst = std::max(bound.worst, one.worst());
    bound.least = std::max(bound.least, one.least());
  });
  if (!makes_text(asked) || asked_for) bound.least = bound.worst;
  return bound;
}

std::optional<std::int64_t> affordable_tokens(const routing_snapshot& routing, const std::string& brand_id,
                                              const std::vector<router::ranked_candidate>& order,
                                              const model::inference_request& asked, money granted) {
  std::optional<std::int64_t> fewest;
  for_each_tariff(routing, brand_id, order, asked, longest_asked_for(asked), [&](const tariff& one) {
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
