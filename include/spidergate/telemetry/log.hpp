#pragma once
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <source_location>
#include <string>
#include <string_view>
#include <variant>

/// The process's log: one line per event on stderr, for a person or as JSON. The only global of the program.
/// Thread-safe; a line is written synchronously and whole, so it stays off the request path. What may appear there are
/// warnings and errors: those are limited per call site, so a flood costs an atomic increment and the next line that
/// passes says how many were left out. A secret_string does not convert to a field; nobody else keeps secrets out of
/// here.
namespace spidergate::telemetry::log {

enum class level : std::uint8_t {
  debug,    ///< what a developer wants to see
  info,     ///< what an operator wants to see: starts, stops, changes
  warning,  ///< served, but something needs attention
  error,    ///< something was not done
};

enum class format : std::uint8_t {
  human,  ///< 2026-11-21T02:39:00.123Z WARN  message key=value
  json,   ///< {"time":"…","level":"warning","message":"…","key":"value"}
};

struct settings {
  level least = level::info;  ///< what is below is not written
  format shape = format::human;
  /// Where lines go, without their newline; empty: stderr. Called under a lock.
  std::function<void(std::string_view line)> sink;
};

/// Takes effect for every later line. Until the first call: info, human, stderr.
void configure(settings how);
[[nodiscard]] bool enabled(level at) noexcept;

/// A key with its value, valid for the call that it is passed to.
struct field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, bool> value;

  field(std::string_view k, std::string_view v) : key(k), value(v) {}
  field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  field(std::string_view k, bool v) : key(k), value(v) {}
  template <std::integral T>
  field(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
};
using fields = std::initializer_list<field>;

void debug(std::string_view message, fields more = {});
void info(std::string_view message, fields more = {});
/// At most 10 lines in 10 seconds from one call site.
void warning(std::string_view message, fields more = {}, std::source_location site = std::source_location::current());
void error(std::string_view message, fields more = {}, std::source_location site = std::source_location::current());

}  // namespace spidergate::telemetry::log
