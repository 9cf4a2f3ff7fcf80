#include "declaration.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/core/money.hpp>
#include <spidergate/core/time.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <array>

namespace spidergate::config {
namespace {

bool is_address(const std::string& host, int family) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(family, host.c_str(), bytes.data()) == 1;
}

bool is_cidr(std::string_view text) {
  const auto slash = text.find('/');
  const std::string host(text.substr(0, slash));
  const bool v4 = is_address(host, AF_INET);
  if (!v4 && !is_address(host, AF_INET6)) return false;
  if (slash == std::string_view::npos) return true;
  const auto bits = parse_integer<int>(text.substr(slash + 1));
  return bits && *bits >= 0 && *bits <= (v4 ? 32 : 128);
}

bool is_header_name(std::string_view text) {
  const auto fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), fine);
}

bool is_key(std::string_view text) {
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  return text.size() == 64 && std::all_of(text.begin(), text.end(), hex);
}

bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// scheme://[user[:password]@]host[:port][/…], with a host.
bool is_url(std::string_view text, std::span<const std::string_view> schemes) {
  const auto end = text.find("://");
  if (end == std::string_view::npos || !is_printable(text)) return false;
  if (std::find(schemes.begin(), schemes.end(), text.substr(0, end)) == schemes.end()) return false;
  const auto rest = text.substr(end + 3);
  const auto authority = rest.substr(0, rest.find_first_of("/?"));
  const auto at = authority.rfind('@');
  const auto host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  return !host.empty() && host.front() != ':' && host.find(' ') == std::string_view::npos;
}

constexpr std::array redis_schemes{std::string_view{"redis"}, std::string_view{"rediss"}};
constexpr std::array postgres_schemes{std::string_view{"postgresql"}, std::string_view{"postgres"}};

std::optional<bool> parse_flag(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "1"})
    if (iequals(text, yes)) return true;
  for (const std::string_view no : {"false", "no", "off", "0"})
    if (iequals(text, no)) return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  std::int64_t unit = 1;
  for (const auto& [suffix, bytes] :
       {std::pair{std::string_view{"KiB"}, 1LL << 10}, {"MiB", 1LL << 20}, {"GiB", 1LL << 30}}) {
    if (!text.ends_with(suffix)) continue;
    unit = bytes;
    text = trim(text.substr(0, text.size() - suffix.size()));
    break;
  }
  const auto number = parse_integer<std::int64_t>(text);
  if (!number || *number < 0 || *number > INT64_MAX / unit) return std::nullopt;
  return *number * unit;
}

using maybe = std::optional<read_value>;

bool within(const declaration& what, std::int64_t number) {
  return number >= what.least && number <= what.most;
}

maybe read_number(const declaration& what, std::optional<std::int64_t> number) {
  if (!number || !within(what, *number)) return std::nullopt;
  return read_value{*number, std::to_string(*number)};
}

maybe read_duration(const declaration& what, const std::string& text) {
  const auto duration = parse_duration(text);
  if (!duration || !within(what, duration->count())) return std::nullopt;
  return read_value{*duration, to_duration_text(*duration)};
}

maybe read_ratio(const declaration& what, const std::string& text) {
  // Exact arithmetic decides about the bounds, so that 0.99 is not a hair above 0.99.
  const auto exact = money::from_usd(text);
  constexpr std::int64_t hundredth = 10'000'000;
  if (!exact || exact->nano_usd < what.least * hundredth || exact->nano_usd > what.most * hundredth)
    return std::nullopt;
  return read_value{static_cast<double>(exact->nano_usd) / 1e9, exact->to_usd()};
}

maybe read_choice(const declaration& what, const std::string& text) {
  const auto choices = split(what.choices, '|');
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found == choices.end()) return std::nullopt;
  return read_value{static_cast<std::int64_t>(found - choices.begin()), text};
}

maybe read_text_if(bool fine, const std::string& text) {
  if (!fine) return std::nullopt;
  return read_value{text, text};
}

maybe read_scalar(const declaration& what, const std::string& text) {
  switch (what.type) {
    case kind::flag:
      if (const auto flag = parse_flag(text)) return read_value{*flag, *flag ? "true" : "false"};
      return std::nullopt;
    case kind::count:
      return read_number(what, parse_integer<std::int64_t>(text));
    case kind::size:
      return read_number(what, parse_size(text));
    case kind::duration:
      return read_duration(what, text);
    case kind::ratio:
      return read_ratio(what, text);
    case kind::choice:
      return read_choice(what, text);
    case kind::text:
    case kind::path:
      return read_text_if(is_printable(text), text);
    case kind::address:
      if (auto address = parse_listen_address(text)) return read_value{*address, address->text()};
      return std::nullopt;
    case kind::database_url:
      return read_text_if(
          is_url(text, postgres_schemes) || (text.starts_with("sqlite://") && text.size() > 9 && is_printable(text)),
          text);
    case kind::redis_url:
      return read_text_if(text.empty() || is_url(text, redis_schemes), text);
    case kind::key:
      return read_text_if(text.empty() || is_key(text), text);
    case kind::cidrs:
    case kind::header_names:
    case kind::keys:
      break;
  }
  return std::nullopt;
}

maybe read_list(const declaration& what, std::vector<std::string> items) {
  std::string text;
  for (auto& item : items) {
    const bool fine = what.type == kind::cidrs  ? is_cidr(item)
                      : what.type == kind::keys ? is_key(item)
                                                : is_header_name(item);
    if (!fine) return std::nullopt;
    if (what.type == kind::header_names) item = to_lower(item);
    text.append(text.empty() ? "" : ", ").append(item);
  }
  return read_value{std::move(items), '[' + text + ']'};
}

std::string number_in_words(const declaration& what, std::int64_t number) {
  if (what.type == kind::duration) return number == 0 ? "0s" : to_duration_text(milliseconds(number));
  if (what.type == kind::ratio) return money{number * 10'000'000}.to_usd();
  return std::to_string(number);
}

}  // namespace

std::string listen_address::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

std::optional<listen_address> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_integer<std::uint16_t>(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  std::string address(host == "localhost" ? "127.0.0.1" : host);
  if (!port || !is_address(address, bracketed ? AF_INET6 : AF_INET)) return std::nullopt;
  return listen_address{std::move(address), *port};
}

std::optional<read_value> read(const declaration& what, const raw_value& raw) {
  if (!what.is_list()) {
    const auto* text = std::get_if<std::string>(&raw);
    return text == nullptr ? std::nullopt : read_scalar(what, *text);
  }
  if (const auto* items = std::get_if<std::vector<std::string>>(&raw)) return read_list(what, *items);
  std::vector<std::string> items;
  const auto text = trim(std::get<std::string>(raw));
  if (!text.empty())
    for (const auto item : split(text, ',')) items.emplace_back(trim(item));
  return read_list(what, std::move(items));
}

std::string allowed_in_words(const declaration& what) {
  const auto bounds = " from " + number_in_words(what, what.least) + " to " + number_in_words(what, what.most);
  switch (what.type) {
    case kind::flag:
      return "true or false";
    case kind::count:
      return "an integer" + bounds;
    case kind::size:
      return "a number of bytes" + bounds + ", KiB, MiB and GiB understood";
    case kind::duration:
      return "a duration like 250ms, 10s, 5m, 24h or 90d," + bounds;
    case kind::ratio:
      return "a decimal" + bounds;
    case kind::choice: {
      std::string words = "one of ";
      for (const auto choice : split(what.choices, '|')) words.append(words.size() == 7 ? "" : ", ").append(choice);
      return words;
    }
    case kind::text:
      return "a text";
    case kind::path:
      return "a path";
    case kind::address:
      return "address:port, like 127.0.0.1:4080 or [::1]:4080";
    case kind::cidrs:
      return "a list of networks like 10.0.0.0/8";
    case kind::header_names:
      return "a list of header names";
    case kind::database_url:
      return "sqlite://PATH or postgresql://USER:PASSWORD@HOST/DATABASE";
    case kind::redis_url:
      return "redis://HOST:PORT or rediss://HOST:PORT";
    case kind::key:
      return "64 hex digits (32 bytes)";
    case kind::keys:
      return "a list of keys of 64 hex digits";
  }
  return {};
}

std::string without_password(std::string_view url) {
  std::string shown(url);
  const auto scheme = shown.find("://");
  if (scheme == std::string::npos) return shown;
  if (const auto parameter = shown.find("password="); parameter != std::string::npos) {
    const auto begin = parameter + 9;
    shown.replace(begin, std::min(shown.find('&', begin), shown.size()) - begin, "****");
  }
  // A password may hold a slash that nobody escaped: better to mask too much.
  const auto begin = scheme + 3, at = shown.rfind('@');
  if (at == std::string::npos || at < begin) return shown;
  const auto colon = shown.find(':', begin);
  if (colon < at) shown.replace(colon + 1, at - colon - 1, "****");
  return shown;
}

std::string masked(const declaration& what, std::string_view text) {
  if (what.type == kind::key) return text.empty() ? "" : "****";
  if (what.type == kind::keys) return text == "[]" ? "[]" : "[****]";
  if (what.may_be_file()) return without_password(text);
  return std::string(text);
}

}  // namespace spidergate::config
