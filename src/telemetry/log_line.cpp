#include "log_line.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>

namespace spidergate::telemetry::log {

namespace {

constexpr std::string_view left_out_key = "lines_left_out";

std::string_view short_name(level at) {
  switch (at) {
    case level::debug:
      return "DEBUG";
    case level::info:
      return "INFO ";
    case level::warning:
      return "WARN ";
    case level::error:
      return "ERROR";
  }
  return "?";
}

std::string_view long_name(level at) {
  switch (at) {
    case level::debug:
      return "debug";
    case level::info:
      return "info";
    case level::warning:
      return "warning";
    case level::error:
      return "error";
  }
  return "?";
}

bool needs_quotes(std::string_view text) {
  return text.empty() || std::any_of(text.begin(), text.end(), [](unsigned char c) {
           return c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f;
         });
}

/// Terminals obey control bytes, so a message that came from outside loses them.
void append_plain(std::string& out, std::string_view text) {
  for (const char c : text) out += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? ' ' : c;
}

struct human_value {
  std::string& out;
  void operator()(std::string_view text) const {
    needs_quotes(text) ? append_json_string(out, text) : void(out += text);
  }
  void operator()(std::int64_t number) const { append_json_number(out, number); }
  void operator()(bool claim) const { out += claim ? "true" : "false"; }
};

struct json_value {
  json_writer& json;
  void operator()(std::string_view text) const { json.string(text); }
  void operator()(std::int64_t number) const { json.number(number); }
  void operator()(bool claim) const { json.boolean(claim); }
};

std::string human_line(epoch_ms now, level at, std::string_view message, fields more, std::uint64_t left_out) {
  std::string out = to_iso8601(now);
  out += ' ';
  out += short_name(at);
  out += ' ';
  append_plain(out, message);
  const auto add = [&](const field& f) {
    out += ' ';
    append_plain(out, f.key);
    out += '=';
    std::visit(human_value{out}, f.value);
  };
  for (const auto& f : more) add(f);
  if (left_out > 0) add({left_out_key, left_out});
  return out;
}

std::string json_line(epoch_ms now, level at, std::string_view message, fields more, std::uint64_t left_out) {
  std::string out;
  json_writer json(out);
  json.begin_object();
  json.key("time").string(to_iso8601(now));
  json.key("level").string(long_name(at));
  json.key("message").string(message);
  for (const auto& f : more) {
    json.key(f.key);
    std::visit(json_value{json}, f.value);
  }
  if (left_out > 0) json.key(left_out_key).number(static_cast<std::int64_t>(left_out));
  json.end_object();
  return out;
}

}  // namespace

std::string make_line(format shape, epoch_ms now, level at, std::string_view message, fields more,
                      std::uint64_t left_out) {
  return shape == format::json ? json_line(now, at, message, more, left_out)
                               : human_line(now, at, message, more, left_out);
}

}  // namespace spidergate::telemetry::log
