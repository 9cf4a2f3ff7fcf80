#include "exposition.hpp"

#include <algorithm>

namespace spidergate::telemetry::exposition {

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void append_label(std::string& out, std::string_view name, std::string_view value, bool first) {
  out += first ? '{' : ',';
  out += name;
  out += "=\"";
  append_escaped(out, value, true);
  out += '"';
}

/// `le` is the bound of a bucket; empty: not a bucket.
void append_name(std::string& out, std::string_view name, std::string_view suffix, const labels& of,
                 std::string_view le) {
  out += name;
  out += suffix;
  bool first = true;
  for (const auto& [label, value] : of) {
    append_label(out, label, value, first);
    first = false;
  }
  if (!le.empty()) {
    append_label(out, "le", le, first);
    first = false;
  }
  if (!first) out += '}';
  out += ' ';
}

}  // namespace

bool is_metric_name(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == ':'; });
}

bool is_label_name(std::string_view name) {
  return is_metric_name(name) && name.find(':') == std::string_view::npos && !name.starts_with("__") && name != "le";
}

void append_head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += "# HELP ";
  out += name;
  out += ' ';
  append_escaped(out, help, false);
  out += "\n# TYPE ";
  out += name;
  out += ' ';
  out += type;
  out += '\n';
}

void append_series(std::string& out, std::string_view name, const labels& of, std::int64_t value) {
  append_name(out, name, "", of, "");
  out += std::to_string(value);
  out += '\n';
}

void append_series(std::string& out, std::string_view name, const labels& of, const histogram& value) {
  const auto now = value.read();
  const auto& scale = value.scale();
  for (std::size_t i = 0; i < now.cumulative.size(); ++i) {
    const auto bound =
        i < scale.upper_bounds.size() ? scaled(scale.upper_bounds[i], scale.units_per_shown) : std::string("+Inf");
    append_name(out, name, "_bucket", of, bound);
    out += std::to_string(now.cumulative[i]);
    out += '\n';
  }
  append_name(out, name, "_sum", of, "");
  out += scaled(now.sum, scale.units_per_shown);
  out += '\n';
  append_name(out, name, "_count", of, "");
  out += std::to_string(now.cumulative.back());
  out += '\n';
}

std::string scaled(std::int64_t value, std::int64_t units) {
  std::string text = value < 0 ? "-" : "";
  const auto size = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  const auto divisor = static_cast<std::uint64_t>(units);
  text += std::to_string(size / divisor);
  auto rest = size % divisor;
  if (rest == 0) return text;
  text += '.';
  for (auto place = divisor; rest != 0 && place > 1;) {
    place /= 10;
    text += static_cast<char>('0' + rest / place);
    rest %= place;
  }
  return text;
}

}  // namespace spidergate::telemetry::exposition
