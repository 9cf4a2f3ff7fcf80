#include "body_reader.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/core/json_text.hpp>

#include <algorithm>

namespace spidergate::api {

namespace {

/// What simdjson may read behind a text.
constexpr std::size_t spare_bytes = 64;
constexpr std::size_t longest_shown = 100;

std::string padded(std::string_view text) {
  std::string copy;
  copy.reserve(text.size() + spare_bytes);
  copy = text;
  return copy;
}

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_one_line(std::string_view text, std::size_t longest) noexcept {
  return !text.empty() && text.size() <= longest && trim(text) == text && !has_control(text);
}

bool is_name(std::string_view text) noexcept {
  return is_one_line(text, 300) && text.find(' ') == std::string_view::npos;
}

}  // namespace

body_reader::body_reader(std::string_view body) : text_(padded(body.empty() ? "{}" : body)) {
  if (!reader_.read(text_)) {
    const auto& why = reader_.failure();
    fault_ = model::make_error(model::api_errc::invalid_json, "The body is not valid JSON: " + why.message + " at " +
                                                                  json::place_of(text_, why.offset) + ".");
    return;
  }
  root_ = reader_.root();
  if (!root_.is(json::kind::object))
    fault_ = model::make_error(model::api_errc::invalid_json, "The body must be a JSON object.");
  find_duplicates();
}

void body_reader::find_duplicates() {
  std::vector<std::string_view> seen;
  for (const auto& member : root_.members()) {
    if (std::find(seen.begin(), seen.end(), member.name) != seen.end())
      refuse(model::make_error(model::api_errc::invalid_json,
                               "'" + std::string(member.name.substr(0, longest_shown)) + "' is there twice.",
                               std::string(member.name.substr(0, longest_shown))));
    if (seen.size() < spare_bytes) seen.push_back(member.name);
  }
}

void body_reader::refuse(model::api_error fault) {
  if (!fault_) fault_ = std::move(fault);
}

void body_reader::refuse(std::string_view name, std::string_view allowed) {
  refuse(model::make_error(model::api_errc::invalid_value,
                           "'" + std::string(name) + "' must be " + std::string(allowed) + ".", std::string(name)));
}

json::value body_reader::take(std::string_view name) {
  asked_.push_back(name);
  return fault_ ? json::value() : root_.find(name);
}

body_reader& body_reader::line(std::string_view name, std::optional<std::string>& into, std::size_t longest) {
  const auto value = take(name);
  if (!value.exists()) return *this;
  auto said = value.text();
  if (!value.is(json::kind::string) || !is_one_line(said, longest)) {
    refuse(name, "a text of 1 to " + std::to_string(longest) + " bytes on one line, without blanks around it");
  } else {
    into = std::move(said);
  }
  return *this;
}

body_reader& body_reader::text(std::string_view name, std::optional<std::string>& into) {
  const auto value = take(name);
  if (!value.exists()) return *this;
  if (value.is(json::kind::string)) {
    into = value.text();
  } else {
    refuse(name, "a string");
  }
  return *this;
}

body_reader& body_reader::word(std::string_view name, std::optional<std::string>& into,
                               const std::vector<std::string_view>& allowed) {
  const auto value = take(name);
  if (!value.exists()) return *this;
  auto said = value.text();
  if (value.is(json::kind::string) && std::find(allowed.begin(), allowed.end(), said) != allowed.end()) {
    into = std::move(said);
    return *this;
  }
  std::string choice;
  for (const auto one : allowed) choice.append(choice.empty() ? "one of \"" : "\", \"").append(one);
  refuse(name, choice + "\"");
  return *this;
}

body_reader& body_reader::flag(std::string_view name, std::optional<bool>& into) {
  const auto value = take(name);
  if (!value.exists()) return *this;
  into = value.boolean();
  if (!into) refuse(name, "true or false");
  return *this;
}

body_reader& body_reader::whole(std::string_view name, std::optional<std::int64_t>& into, std::int64_t least) {
  const auto value = take(name);
  if (!value.exists()) return *this;
  const auto number = value.is_null() ? std::optional<std::int64_t>(0) : value.whole_number();
  if (!number || *number < least) {
    refuse(name, "a whole number, " + std::to_string(least) + " or more");
  } else {
    into = number;
  }
  return *this;
}

body_reader& body_reader::usd(std::string_view name, std::optional<money>& into) {
  const auto value = take(name);
  if (!value.exists()) return *this;
  const bool is_number = value.is(json::kind::number);
  const auto amount = value.is_null()                ? std::optional(money{})
                      : is_number                    ? money::from_usd(value.raw())
                      : value.is(json::kind::string) ? money::from_usd(value.text())
                                                     : std::nullopt;
  if (!amount || *amount < money{}) {
    refuse(name, "US dollars as a decimal such as 12.50, 0 or more, no finer than a nano-dollar");
  } else {
    into = amount;
  }
  return *this;
}

body_reader& body_reader::names(std::string_view name, std::optional<std::vector<std::string>>& into,
                                std::size_t most) {
  const auto value = take(name);
  if (!value.exists()) return *this;
  std::vector<std::string> found;
  bool sound = value.is(json::kind::array) || value.is_null();
  for (const auto& element : value.elements()) {
    found.push_back(element.text());
    sound = sound && element.is(json::kind::string) && is_name(found.back()) && found.size() <= most;
    if (!sound) break;
  }
  if (!sound) {
    refuse(name, "a list of at most " + std::to_string(most) + " texts without blanks in them");
  } else {
    into = std::move(found);
  }
  return *this;
}

body_reader& body_reader::moment(std::string_view name, std::optional<epoch_ms>& into) {
  constexpr std::int64_t largest_seconds = 100'000'000'000;
  const auto value = take(name);
  if (!value.exists()) return *this;
  std::optional<epoch_ms> time;
  if (value.is_null()) time = 0;
  if (value.is(json::kind::string)) time = parse_iso8601(value.text());
  if (const auto number = value.whole_number(); number && *number >= 0)
    time = *number < largest_seconds ? *number * 1000 : *number;
  if (!time) {
    refuse(name, "a time such as \"2027-01-31T12:00:00Z\", or seconds since 1970");
  } else {
    into = time;
  }
  return *this;
}

body_reader& body_reader::duration(std::string_view name, std::optional<std::chrono::milliseconds>& into) {
  const auto value = take(name);
  if (!value.exists()) return *this;
  into = value.is(json::kind::number) ? parse_duration(value.raw()) : parse_duration(value.text());
  if (!into) refuse(name, "a time such as \"24h\" or \"90d\"");
  return *this;
}

std::optional<model::api_error> body_reader::finish(std::string_view what) {
  if (fault_) return std::move(fault_);
  for (const auto& member : root_.members()) {
    if (std::find(asked_.begin(), asked_.end(), member.name) != asked_.end()) continue;
    const auto shown = std::string(member.name.substr(0, longest_shown));
    return model::make_error(model::api_errc::invalid_value,
                             "There is no field '" + shown + "' in " + std::string(what) + ".", shown);
  }
  return std::nullopt;
}

namespace {

/// Days since 1970-01-01 of a day of the Gregorian calendar (Howard Hinnant's days_from_civil, as <chrono> has it).
std::optional<std::int64_t> days_of(std::string_view date) noexcept {
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return std::nullopt;
  const auto year = parse_integer<int>(date.substr(0, 4));
  const auto month = parse_integer<unsigned>(date.substr(5, 2));
  const auto day = parse_integer<unsigned>(date.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day whole{std::chrono::year(*year), std::chrono::month(*month), std::chrono::day(*day)};
  if (!whole.ok()) return std::nullopt;
  return std::chrono::sys_days(whole).time_since_epoch().count();
}

std::optional<std::int64_t> two_digits(std::string_view text, std::int64_t most) noexcept {
  const auto number = text.size() == 2 ? parse_integer<std::int64_t>(text) : std::nullopt;
  return number && *number >= 0 && *number <= most ? number : std::nullopt;
}

/// "Z", "+01:00", "-0530" in minutes east.
std::optional<std::int64_t> minutes_east(std::string_view zone) noexcept {
  if (zone == "Z" || zone == "z") return 0;
  if (zone.size() < 5 || (zone[0] != '+' && zone[0] != '-')) return std::nullopt;
  const auto hours = two_digits(zone.substr(1, 2), 14);
  const auto minutes = two_digits(zone.substr(zone.size() - 2), 59);
  const bool sound = zone.size() == 5 || (zone.size() == 6 && zone[3] == ':');
  if (!hours || !minutes || !sound) return std::nullopt;
  return (zone[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes);
}

std::int64_t thousandths(std::string_view digits) noexcept {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < 3; ++i) value = value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return value;
}

}  // namespace

std::optional<epoch_ms> parse_iso8601(std::string_view text) noexcept {
  const auto days = days_of(text.substr(0, 10));
  if (!days || *days < 0) return std::nullopt;
  if (text.size() == 10) return *days * day_ms;
  if (text.size() < 20 || (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) return std::nullopt;
  if (text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto hour = two_digits(text.substr(11, 2), 23), minute = two_digits(text.substr(14, 2), 59),
             second = two_digits(text.substr(17, 2), 59);
  if (!hour || !minute || !second) return std::nullopt;
  auto rest = text.substr(19);
  std::int64_t ms = 0;
  if (rest.starts_with('.')) {
    const auto end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (end < 2 || end > 10) return std::nullopt;
    ms = thousandths(rest.substr(1, end - 1));
    rest.remove_prefix(end);
  }
  const auto east = minutes_east(rest);
  if (!east) return std::nullopt;
  const auto time = *days * day_ms + ((*hour * 60 + *minute - *east) * 60 + *second) * 1000 + ms;
  return time >= 0 ? std::optional(time) : std::nullopt;
}

namespace {

void write_merged(json_writer& out, json::value base, json::value patch);

/// A patch's own value: what it says null of is left out at every depth.
void write_patch_value(json_writer& out, json::value base, json::value patch) {
  if (patch.is(json::kind::object)) {
    write_merged(out, base.is(json::kind::object) ? base : json::value(), patch);
  } else {
    out.raw(patch.raw());
  }
}

void write_merged(json_writer& out, json::value base, json::value patch) {
  out.begin_object();
  const auto key = [&out](std::string_view literal) {
    std::string name;
    json::append_unescaped(name, literal);
    out.key(name);
  };
  for (const auto& member : base.members()) {
    const auto change = patch.find(member.name);
    if (change.is_null()) continue;
    key(member.name);
    change.exists() ? write_patch_value(out, member.value, change) : static_cast<void>(out.raw(member.value.raw()));
  }
  for (const auto& member : patch.members()) {
    if (member.value.is_null() || base.find(member.name).exists()) continue;
    key(member.name);
    write_patch_value(out, {}, member.value);
  }
  out.end_object();
}

}  // namespace

std::string merge_patch(std::string_view base, json::value patch) {
  const auto text = padded(base.empty() ? "{}" : base);
  json::reader reader;
  const auto root = reader.read(text) ? reader.root() : json::value();
  std::string merged;
  json_writer out(merged);
  write_patch_value(out, root, patch);
  return merged;
}

}  // namespace spidergate::api
