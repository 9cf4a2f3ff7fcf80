#include "builtin.hpp"

#include "csv.hpp"
#include "embedded.hpp"

#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <unordered_map>

namespace spidergate::catalogue {
namespace {

[[noreturn]] void malformed(std::string_view what, std::string_view text) {
  throw std::logic_error("catalogue: " + std::string(what) + " '" + std::string(text) + "' makes no sense");
}

template <class T>
T required(std::optional<T> value, std::string_view what, std::string_view text) {
  if (!value) malformed(what, text);
  return *std::move(value);
}

std::vector<std::string> words(std::string_view text, char separator) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  for (const auto part : split(text, separator)) parts.emplace_back(part);
  return parts;
}

std::vector<std::pair<std::string, std::string>> read_renames(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> renames;
  for (const auto& word : words(text, ' ')) {
    const auto arrow = word.find("->");
    if (arrow == std::string::npos) malformed("rename", word);
    renames.emplace_back(word.substr(0, arrow), word.substr(arrow + 2));
  }
  return renames;
}

std::vector<std::pair<std::string, std::string>> read_traits(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> traits;
  for (const auto& word : words(text, ' ')) {
    const auto sign = word.find('=');
    if (sign == std::string::npos) malformed("trait", word);
    traits.emplace_back(word.substr(0, sign), word.substr(sign + 1));
  }
  return traits;
}

std::vector<provider> read_providers() {
  csv_table table(embedded::providers());
  const auto id = table.column("id"), name = table.column("name"), dialect = table.column("dialect");
  const auto base_url = table.column("base_url"), auth = table.column("auth"), key_env = table.column("key_env");
  const auto token_url = table.column("token_url");
  const auto key_env_aliases = table.column("key_env_aliases"), endpoints = table.column("endpoints");
  const auto renames = table.column("renames"), drops = table.column("drops"), traits = table.column("traits");
  const auto priority = table.column("priority");
  const auto free_tier = table.column("free_tier"), docs_url = table.column("docs_url"),
             quirks = table.column("quirks");

  std::vector<provider> providers;
  while (table.next()) {
    auto& made = providers.emplace_back();
    made.id = table[id], made.name = table[name], made.dialect = table[dialect];
    made.base_url = table[base_url], made.token_url = table[token_url];
    std::tie(made.auth, made.auth_name) = required(parse_auth(table[auth]), "auth", table[auth]);
    made.key_env = table[key_env], made.key_env_aliases = words(table[key_env_aliases], ' ');
    made.endpoints = words(table[endpoints], ',');
    made.renames = read_renames(table[renames]), made.traits = read_traits(table[traits]);
    made.drops = words(table[drops], ' ');
    made.priority = required(parse_integer<int>(table[priority]), "priority", table[priority]);
    made.free_tier = table[free_tier], made.docs_url = table[docs_url], made.quirks = table[quirks];
  }
  return providers;
}

/// Hangs each row of variants.csv below its provider: `providers` is in the order of their ids.
void read_variants(std::vector<provider>& providers) {
  csv_table table(embedded::variants());
  const auto id = table.column("provider"), dialect = table.column("dialect");
  const auto base_url = table.column("base_url"), auth = table.column("auth");
  while (table.next()) {
    const auto owner =
        std::find_if(providers.begin(), providers.end(), [&](const provider& p) { return p.id == table[id]; });
    if (owner == providers.end()) malformed("variant of", table[id]);
    auto made = *owner;
    made.variants.clear();
    made.dialect = table[dialect], made.base_url = table[base_url];
    std::tie(made.auth, made.auth_name) = required(parse_auth(table[auth]), "auth", table[auth]);
    owner->variants.push_back(std::move(made));
  }
}

std::optional<unit_price> read_price(std::string_view usd) {
  if (usd.empty()) return std::nullopt;
  return required(unit_price::from_usd_per_million(usd), "price", usd);
}

model::price::tier& tier_above(model::price& price, std::int64_t tokens) {
  for (auto& tier : price.tiers)
    if (tier.above_tokens == tokens) return tier;
  price.tiers.push_back({.above_tokens = tokens, .input = {}, .output = {}, .cache_read = {}, .cache_write = {}});
  return price.tiers.back();
}

/// "cache_read_above_200k" = usd: a price of a part of the request, from so many tokens on.
void read_tier(model::price& price, std::string_view part, std::string_view above, std::string_view usd) {
  if (!above.ends_with('k')) malformed("tier", above);
  const auto thousands = required(parse_integer<std::int64_t>(above.substr(0, above.size() - 1)), "tier", above);
  auto& tier = tier_above(price, thousands * 1000);
  if (part == "in")
    tier.input = read_price(usd);
  else if (part == "out")
    tier.output = read_price(usd);
  else if (part == "cache_read")
    tier.cache_read = read_price(usd);
  else if (part == "cache_write")
    tier.cache_write = read_price(usd);
  else
    malformed("tier", part);
}

/// No price, or one that repeats what is charged in tokens: README.md in config/catalogue says why of each.
bool left_out(std::string_view key) {
  static constexpr std::array names{std::string_view{"per_image_in"}, std::string_view{"per_second_audio_in"},
                                    std::string_view{"dims"}, std::string_view{"deprecates"}};
  return std::find(names.begin(), names.end(), key) != names.end();
}

std::optional<unit_price> read_unit(std::string_view usd) {
  return required(unit_price::from_usd_per_unit(usd), "price", usd);
}
std::optional<money> read_money(std::string_view usd) {
  return required(money::from_usd(usd), "price", usd);
}
std::optional<pixel_price> read_pixel(std::string_view usd) {
  return required(pixel_price::from_usd(usd), "price", usd);
}

template <class T>
struct named_price {
  std::string_view key;
  std::optional<T> model::price::* field;
  std::optional<T> (*read)(std::string_view);
  bool take(model::price& of, std::string_view name, std::string_view usd) const {
    if (name != key) return false;
    of.*field = read(usd);
    return true;
  }
};
using price = model::price;
constexpr std::array unit_prices{
    named_price<unit_price>{"out_reasoning_per_mtok", &price::reasoning, read_price},
    named_price<unit_price>{"in_audio_per_mtok", &price::audio_input, read_price},
    named_price<unit_price>{"out_audio_per_mtok", &price::audio_output, read_price},
    named_price<unit_price>{"in_image_per_mtok", &price::image_input, read_price},
    named_price<unit_price>{"out_image_per_mtok", &price::image_output, read_price},
    named_price<unit_price>{"cache_write_1h_per_mtok", &price::cache_write_1h, read_price},
    named_price<unit_price>{"per_second_in", &price::per_second_in, read_unit},
    named_price<unit_price>{"per_second_out", &price::per_second_out, read_unit},
    named_price<unit_price>{"per_char_in", &price::per_character_in, read_unit},
    named_price<unit_price>{"per_char_out", &price::per_character_out, read_unit},
};
constexpr std::array whole_prices{
    named_price<money>{"per_image", &price::per_image, read_money},
    named_price<money>{"per_request", &price::per_request, read_money},
    named_price<money>{"per_query", &price::per_search, read_money},
    named_price<money>{"per_web_search", &price::per_web_search, read_money},
};
// Lists call the pixels of a made image "in" or "out" without telling them apart.
constexpr std::array pixel_prices{
    named_price<pixel_price>{"per_pixel_in", &price::per_pixel, read_pixel},
    named_price<pixel_price>{"per_pixel_out", &price::per_pixel, read_pixel},
};

price::image_rate& rate_of_images(price& of, std::string_view variant) {
  for (auto& rate : of.image_rates)
    if (rate.variant == variant) return rate;
  of.image_rates.emplace_back().variant = variant;
  return of.image_rates.back();
}

/// False when the key is none of a price.
bool read_named(price& of, std::string_view key, std::string_view usd) {
  constexpr std::string_view by_image = "per_image_", by_pixel = "per_pixel_";
  const auto takes = [&](const auto& one) { return one.take(of, key, usd); };
  if (std::any_of(unit_prices.begin(), unit_prices.end(), takes) ||
      std::any_of(whole_prices.begin(), whole_prices.end(), takes) ||
      std::any_of(pixel_prices.begin(), pixel_prices.end(), takes))
    return true;
  if (key.starts_with(by_image) && key != "per_image_in")
    rate_of_images(of, key.substr(by_image.size())).per_image = read_money(usd);
  else if (key.starts_with(by_pixel))
    rate_of_images(of, key.substr(by_pixel.size())).per_pixel = read_pixel(usd);
  else
    return false;
  return true;
}

/// Lists give some prices twice: a transcription by the seconds of its sound "in" and again "out", an embedding by the
/// character beside the token.
void forget_repetitions(model::price& price, mode of) {
  if (of == mode::audio_transcription) {
    if (!price.per_second_in) price.per_second_in = price.per_second_out;
    price.per_second_out.reset();
  }
  if (price.input) price.per_character_in.reset();
}

std::optional<own_endpoint> read_endpoint(std::string_view text) {
  if (text == "responses") return own_endpoint::responses;
  if (text == "image_edit") return own_endpoint::image_edit;
  return std::nullopt;
}

/// What is no price of the column `other_price` goes into `made`, the rest into `price` unless that is null.
void read_other(model_entry& made, model::price* price, std::string_view others) {
  while (!others.empty()) {
    const auto end = std::min(others.find(';'), others.size());
    const auto clause = others.substr(0, end);
    others.remove_prefix(std::min(end + 1, others.size()));
    const auto equals = clause.find('=');
    if (equals == std::string_view::npos) malformed("other_price", clause);
    const auto key = clause.substr(0, equals), value = clause.substr(equals + 1);
    if (key == "api")
      made.api = required(read_endpoint(value), "api", value);
    else if (key == "dialect")
      made.dialect = value;
    else if (key == "no_temperature")
      made.no_temperature = value == "1";
    else if (price == nullptr)
      continue;
    else if (const auto above = key.find("_above_"); above != std::string_view::npos)
      read_tier(*price, key.substr(0, above), key.substr(above + 7), value);
    else if (!read_named(*price, key, value) && !left_out(key))
      malformed("other_price", key);
  }
}

/// The prices of models.csv: rows that say the same share one, and it is read once.
class price_column {
 public:
  explicit price_column(const csv_table& of)
      : table_(of),
        input_(of.column("input_per_mtok_usd")),
        output_(of.column("output_per_mtok_usd")),
        cache_read_(of.column("cache_read_per_mtok_usd")),
        cache_write_(of.column("cache_write_per_mtok_usd")),
        other_(of.column("other_price")) {}

  /// Reads the current row into `made`, whose mode is set.
  void read(model_entry& made) {
    auto& known = known_[said(made.mode)];
    if (known) {
      read_other(made, nullptr, table_[other_]);
      made.price = *known;
      return;
    }
    model::price price;
    price.input = read_price(table_[input_]), price.output = read_price(table_[output_]);
    price.cache_read = read_price(table_[cache_read_]), price.cache_write = read_price(table_[cache_write_]);
    read_other(made, &price, table_[other_]);
    std::sort(price.tiers.begin(), price.tiers.end(),
              [](const auto& a, const auto& b) { return a.above_tokens < b.above_tokens; });
    forget_repetitions(price, made.mode);
    made.price = known.emplace(std::move(price));
  }

 private:
  /// What the row says about prices.
  [[nodiscard]] std::string said(mode of) const {
    std::string all(name_of(of));
    for (const auto column : {input_, output_, cache_read_, cache_write_, other_}) (all += '|') += table_[column];
    return all;
  }

  const csv_table& table_;
  std::size_t input_, output_, cache_read_, cache_write_, other_;
  std::unordered_map<std::string, std::optional<shared_price>> known_;
};

std::int64_t read_count(std::string_view text) {
  return text.empty() ? 0 : required(parse_integer<std::int64_t>(text), "count", text);
}

void read_modalities(model_entry& made, std::string_view list) {
  const auto has = [list](std::string_view name) { return list.find(name) != std::string_view::npos; };
  made.text_in = has("text"), made.image_in = has("image"), made.audio_in = has("audio");
  made.video_in = has("video"), made.pdf_in = has("pdf");
}

std::vector<model_entry> read_models() {
  csv_table table(embedded::models());
  const auto provider = table.column("provider"), id = table.column("model"), kind = table.column("mode");
  price_column prices(table);
  const auto context = table.column("context");
  const auto max_output = table.column("max_output"), modalities = table.column("modalities_in");
  const auto tools = table.column("tools"), json_schema = table.column("json_schema"), vision = table.column("vision");
  const auto reasoning = table.column("reasoning"), deprecated = table.column("deprecated"),
             source = table.column("source");

  std::vector<model_entry> models;
  models.reserve(static_cast<std::size_t>(std::count(embedded::models().begin(), embedded::models().end(), '\n')));
  while (table.next()) {
    auto& made = models.emplace_back();
    made.provider = table[provider], made.id = table[id];
    made.mode = required(parse_mode(table[kind]), "mode", table[kind]);
    prices.read(made);
    made.context = read_count(table[context]), made.max_output = read_count(table[max_output]);
    read_modalities(made, table[modalities]);
    made.tools = table[tools] == "1", made.json_schema = table[json_schema] == "1", made.vision = table[vision] == "1";
    made.reasoning = table[reasoning] == "1", made.deprecated = table[deprecated] == "1";
    made.capabilities_stated = table[source] != "litellm";
  }
  return models;
}

std::vector<alias_entry> read_aliases() {
  csv_table table(embedded::aliases());
  const auto alias = table.column("alias"), provider = table.column("provider"), id = table.column("model");
  std::vector<alias_entry> aliases;
  // Rows are grouped by alias, in the order of their rank.
  while (table.next()) {
    if (aliases.empty() || aliases.back().name != table[alias]) aliases.emplace_back().name = table[alias];
    aliases.back().chain.push_back(std::string(table[provider]) + '/' + std::string(table[id]));
  }
  return aliases;
}

std::vector<synonym> read_synonyms() {
  csv_table table(embedded::synonyms());
  const auto name = table.column("name"), provider = table.column("provider"), id = table.column("model");
  std::vector<synonym> synonyms;
  while (table.next())
    synonyms.push_back({std::string(table[name]), std::string(table[provider]) + '/' + std::string(table[id])});
  return synonyms;
}

std::vector<rule> read_patterns() {
  csv_table table(embedded::patterns());
  const auto match = table.column("match"), provider = table.column("provider");
  std::vector<rule> patterns;
  while (table.next()) patterns.push_back({std::string(table[match]), std::string(table[provider])});
  return patterns;
}

/// Both ways.
constexpr std::array mode_names{
    std::pair{std::string_view{"chat"}, mode::chat},
    std::pair{std::string_view{"embedding"}, mode::embedding},
    std::pair{std::string_view{"image"}, mode::image},
    std::pair{std::string_view{"audio_speech"}, mode::audio_speech},
    std::pair{std::string_view{"audio_transcription"}, mode::audio_transcription},
    std::pair{std::string_view{"rerank"}, mode::rerank},
    std::pair{std::string_view{"moderation"}, mode::moderation},
};

}  // namespace

std::vector<limitation> known_limitations() {
  csv_table table(embedded::unsupported());
  const auto subject = table.column("subject"), what = table.column("what"), reason = table.column("reason");
  std::vector<limitation> all;
  while (table.next())
    all.push_back({std::string(table[subject]), std::string(table[what]), std::string(table[reason])});
  return all;
}

std::optional<mode> parse_mode(std::string_view name) {
  for (const auto& [known, value] : mode_names)
    if (known == name) return value;
  return std::nullopt;
}

std::string_view name_of(mode what) noexcept {
  for (const auto& [known, value] : mode_names)
    if (value == what) return known;
  return {};
}

tables read_builtin() {
  auto providers = read_providers();
  read_variants(providers);
  return {std::move(providers), read_models(), read_aliases(), read_synonyms(), read_patterns(), {}};
}

}  // namespace spidergate::catalogue
