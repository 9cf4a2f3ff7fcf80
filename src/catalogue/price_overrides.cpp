#include "price_parts.hpp"

#include <spidergate/catalogue/price_overrides.hpp>
#include <spidergate/core/ascii.hpp>
#include <spidergate/core/glob.hpp>
#include <spidergate/core/nearest.hpp>
#include <spidergate/json/reader.hpp>

#include <algorithm>

namespace spidergate::catalogue {
namespace {

using fault = std::optional<std::string>;

constexpr std::size_t most_bytes = 64 * 1024;
constexpr std::size_t most_entries = 1000;
constexpr std::size_t longest_glob = 256;
constexpr int decimals_per_million = 6;  ///< of a price per million tokens: a pico-dollar a token
constexpr int decimals_each = 12;        ///< of a price of one

std::string unescaped(std::string_view literal) {
  std::string text;
  json::append_unescaped(text, literal);
  return text;
}

/// A JSON number without its exponent: many programs write 0.00001 as 1e-05. Nothing when that would be absurdly long.
std::optional<std::string> without_exponent(std::string_view number) {
  constexpr int farthest = 40;
  const auto e = number.find_first_of("eE");
  if (e == std::string_view::npos) return std::string(number);
  auto power = number.substr(e + 1);
  if (power.starts_with('+')) power.remove_prefix(1);
  const auto shift = parse_integer<int>(power);
  if (!shift || *shift < -farthest || *shift > farthest) return std::nullopt;
  std::string digits(number.substr(0, e));
  const std::string sign = digits.starts_with('-') ? "-" : "";
  digits.erase(0, sign.size());
  const auto point = std::min(digits.find('.'), digits.size());
  if (point < digits.size()) digits.erase(point, 1);
  auto place = static_cast<int>(point) + *shift;
  if (place <= 0) {
    digits.insert(0, static_cast<std::size_t>(1 - place), '0');
    place = 1;
  }
  const auto whole = static_cast<std::size_t>(place);
  if (digits.size() <= whole) return sign + digits.append(whole - digits.size(), '0');
  return sign + digits.insert(whole, ".");
}

/// How many digits behind the point say something.
std::size_t decimals_of(std::string_view decimal) {
  const auto point = decimal.find('.');
  const auto last = decimal.find_last_not_of('0');
  return point == std::string_view::npos || last == std::string_view::npos || last < point ? 0 : last - point;
}

fault read_part(json::value value, const price_part& part, model::price& parts) {
  if (value.is_null()) return std::nullopt;
  std::optional<std::string> text;
  if (value.is(json::kind::string)) text = value.text();
  if (value.is(json::kind::number)) text = without_exponent(value.raw());
  if (!text) return "must be a decimal string or a number, not " + std::string(json::kind_name(value.kind()));
  if (auto wrong = set_part(parts, part, *text)) return wrong;
  if (part.per_unit != nullptr && decimals_of(*text) > decimals_per_million)
    return "is finer than a pico-dollar a token: at most 6 decimals are exact";
  if (part.each != nullptr && decimals_of(*text) > decimals_each)
    return "is finer than a pico-dollar: at most 12 decimals are exact";
  return std::nullopt;
}

fault unknown_part(std::string_view name) {
  std::vector<std::string_view> names;
  std::string allowed;
  for (const auto& part : price_parts) {
    names.push_back(part.name);
    allowed.append(allowed.empty() ? "" : ", ").append(part.name);
  }
  const auto nearest = nearest_names(name.substr(0, longest_glob), names, 1);
  return nearest.empty() ? "unknown; allowed are " + allowed : "unknown; did you mean '" + nearest.front() + "'?";
}

/// The parts of one entry. The fault begins with the part's name.
fault read_change(json::value object, model::price& parts) {
  if (!object.is(json::kind::object)) return ": must be an object of prices";
  std::vector<std::string> seen;
  for (const auto& m : object.members()) {
    const auto name = unescaped(m.name);
    const auto say = [&name](const std::string& what) { return '.' + name.substr(0, longest_glob) + ": " + what; };
    const auto part =
        std::find_if(price_parts.begin(), price_parts.end(), [&](const auto& p) { return p.name == name; });
    if (part == price_parts.end()) return say(*unknown_part(name));
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) return say("is given twice");
    if (const auto wrong = read_part(m.value, *part, parts)) return say(*wrong);
    seen.push_back(name);
  }
  return std::nullopt;
}

bool same_glob(const std::pair<std::string, price_change>& entry, std::string_view glob) {
  return entry.first == glob;
}

void forget(std::optional<unit_price>& tier, const std::optional<unit_price>& replaced) {
  if (replaced) tier.reset();
}

}  // namespace

model::price price_change::over(const model::price& list) const {
  auto made = list;
  for (const auto& part : price_parts) {
    if (part.per_unit != nullptr && parts.*part.per_unit) made.*part.per_unit = parts.*part.per_unit;
    if (part.whole != nullptr && parts.*part.whole) made.*part.whole = parts.*part.whole;
    if (part.each != nullptr && parts.*part.each) made.*part.each = parts.*part.each;
    if (part.pixel != nullptr && parts.*part.pixel) made.*part.pixel = parts.*part.pixel;
  }
  // An agreed price of an image is that of every image.
  if (parts.per_image || parts.per_pixel) {
    made.image_rates.clear();
    made.image_output = parts.image_output;
    if (!parts.per_image) made.per_image.reset();
  }
  for (auto& tier : made.tiers) {
    forget(tier.input, parts.input), forget(tier.output, parts.output);
    forget(tier.cache_read, parts.cache_read), forget(tier.cache_write, parts.cache_write);
  }
  return made;
}

boost::system::result<price_overrides, std::string> price_overrides::read(std::string_view json) {
  price_overrides made;
  if (json.find_first_not_of(" \t\r\n") == std::string_view::npos) return made;
  if (json.size() > most_bytes) return "price overrides are larger than 64 KiB";
  json::reader reader;
  if (!reader.read(json))
    return "price overrides are not valid JSON: " + reader.failure().message + " at " +
           json::place_of(json, reader.failure().offset);
  if (!reader.root().is(json::kind::object))
    return "price overrides must be an object of {\"provider/model\": {prices}}, not " +
           std::string(json::kind_name(reader.root().kind()));
  for (const auto& m : reader.root().members()) {
    auto glob = unescaped(m.name);
    if (glob.empty() || glob.size() > longest_glob)
      return "price overrides: a pattern over provider/model has 1 to 256 bytes";
    if (made.changes_.size() == most_entries) return "price overrides have more than 1000 entries";
    if (std::any_of(made.changes_.begin(), made.changes_.end(), [&](const auto& e) { return same_glob(e, glob); }))
      return '\'' + glob + "': is given twice";
    price_change change;
    if (const auto wrong = read_change(m.value, change.parts)) return '\'' + glob + '\'' + *wrong;
    made.changes_.emplace_back(std::move(glob), std::move(change));
  }
  return made;
}

const price_change* price_overrides::find(std::string_view provider, std::string_view model) const {
  if (changes_.empty()) return nullptr;
  const auto whole = std::string(provider).append("/").append(model);
  for (const auto& [glob, change] : changes_)
    if (glob_match(glob, whole) || glob_match(glob, model)) return &change;
  return nullptr;
}

}  // namespace spidergate::catalogue
