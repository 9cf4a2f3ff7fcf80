#include <spidergate/core/glob.hpp>
#include <spidergate/json/reader.hpp>
#include <spidergate/router/preferences.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace spidergate::router {

namespace {

constexpr std::size_t most_entries = 1000;
constexpr std::size_t longest_entry = 512;
constexpr std::array<std::string_view, 4> priorities{"cost", "latency", "quality", "balanced"};

std::string fault(std::string_view member, std::string_view what) {
  return "'" + std::string(member) + "' must be " + std::string(what) + ".";
}

/// Fills preferences member by member; an empty message is no fault.
class preference_reader {
 public:
  std::string member(const json::member& m) {
    using list = std::vector<std::string> preferences::*;
    static constexpr std::array<std::pair<std::string_view, list>, 5> lists{{
        {"allowed_providers", &preferences::allowed_providers},
        {"blocked_providers", &preferences::blocked_providers},
        {"allowed_models", &preferences::allowed_models},
        {"blocked_models", &preferences::blocked_models},
        {"fallback_chain", &preferences::fallback_chain},
    }};
    if (m.value.is_null()) return {};
    for (const auto& [name, into] : lists)
      if (m.name == name) return strings(m, read_.*into);
    if (m.name == "fallback_enabled") return flag(m);
    if (m.name == "default_priority") return priority(m);
    if (m.name == "quality_threshold") return threshold(m);
    if (m.name == "max_latency_ms") return latency(m);
    return "'" + std::string(m.name.substr(0, longest_entry)) +
           "' is not a preference: they are default_priority, quality_threshold, max_latency_ms, allowed_providers, "
           "blocked_providers, allowed_models, blocked_models, fallback_enabled and fallback_chain.";
  }

  [[nodiscard]] preferences taken() { return std::move(read_); }

 private:
  static std::string strings(const json::member& m, std::vector<std::string>& into) {
    constexpr std::string_view wanted = "a list of up to 1000 texts of 1 to 512 bytes";
    if (!m.value.is(json::kind::array)) return fault(m.name, wanted);
    into.clear();
    for (const auto element : m.value.elements()) {
      auto text = element.text();
      const bool fits = element.is(json::kind::string) && !text.empty() && text.size() <= longest_entry;
      if (!fits || into.size() == most_entries) return fault(m.name, wanted);
      into.push_back(std::move(text));
    }
    return {};
  }

  std::string flag(const json::member& m) {
    const auto said = m.value.boolean();
    if (!said) return fault(m.name, "true or false");
    read_.fallback_enabled = *said;
    return {};
  }

  std::string priority(const json::member& m) {
    auto text = m.value.text();
    if (std::find(priorities.begin(), priorities.end(), text) == priorities.end())
      return fault(m.name, "cost, latency, quality or balanced");
    read_.default_priority = std::move(text);
    return {};
  }

  std::string threshold(const json::member& m) {
    const auto raw = m.value.raw();
    double number = 0;
    const auto [end, failure] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
    const bool whole = failure == std::errc{} && end == raw.data() + raw.size();
    if (!m.value.is(json::kind::number) || !whole || !std::isfinite(number) || number < 0)
      return fault(m.name, "a number, not negative");
    read_.quality_threshold = number;
    return {};
  }

  std::string latency(const json::member& m) {
    constexpr std::int64_t longest_ms = 86'400'000;
    const auto number = m.value.whole_number();
    if (!number || *number < 1 || *number > longest_ms)
      return fault(m.name, "a whole number of milliseconds from 1 to 86400000");
    read_.max_latency_ms = number;
    return {};
  }

  preferences read_;
};

bool any_matches(const std::vector<std::string>& globs, std::string_view text) noexcept {
  return std::any_of(globs.begin(), globs.end(), [text](const auto& glob) { return glob_match(glob, text); });
}

}  // namespace

bool preferences::allow(const candidate& who) const {
  const auto matches = [&who, full = who.name()](const std::vector<std::string>& globs) {
    return any_matches(globs, full) || any_matches(globs, who.model);
  };
  const auto provider = who.provider == nullptr ? std::string_view{} : std::string_view(who.provider->id);
  if (any_matches(blocked_providers, provider) || matches(blocked_models)) return false;
  if (!allowed_providers.empty() && !any_matches(allowed_providers, provider)) return false;
  return allowed_models.empty() || matches(allowed_models);
}

boost::system::result<preferences, std::string> read_preferences(std::string_view json) {
  using outcome = boost::system::result<preferences, std::string>;
  const auto refused = [](std::string why) { return outcome(boost::system::in_place_error, std::move(why)); };
  if (json.empty()) return outcome(boost::system::in_place_value, preferences{});
  json::reader reader;
  if (!reader.read(json)) {
    return refused("The preferences are not valid JSON: " + reader.failure().message + " at " +
                   json::place_of(json, reader.failure().offset) + ".");
  }
  if (!reader.root().is(json::kind::object)) return refused("The preferences must be a JSON object.");
  preference_reader members;
  for (const auto& m : reader.root().members())
    if (auto why = members.member(m); !why.empty()) return refused(std::move(why));
  return outcome(boost::system::in_place_value, members.taken());
}

void apply_preferences(resolution& to, const preferences& wanted, const catalogue::catalogue& data,
                       const brand_overrides& brand) {
  const bool by_client = to.strategy == "fallback_chain";
  for (std::size_t i = 0; !by_client && i < wanted.fallback_chain.size(); ++i) {
    auto more = resolve(data, brand, wanted.fallback_chain[i], {});
    if (!more) continue;
    for (auto& next : more->chain) {
      const auto same = [&next](const candidate& c) { return c.provider == next.provider && c.model == next.model; };
      if (std::none_of(to.chain.begin(), to.chain.end(), same)) to.chain.push_back(std::move(next));
    }
  }
  std::erase_if(to.chain, [&wanted](const candidate& c) { return !wanted.allow(c); });
}

}  // namespace spidergate::router
