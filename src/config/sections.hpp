#pragma once
#include "declaration.hpp"

#include <concepts>
#include <type_traits>

// What the tables of declarations are written with. Only sections_*.cpp include this.
namespace spidergate::config {

[[nodiscard]] std::vector<declaration> server_settings();
[[nodiscard]] std::vector<declaration> store_settings();
[[nodiscard]] std::vector<declaration> request_settings();

inline void assign(bool& to, const value& from) {
  to = std::get<bool>(from);
}
inline void assign(double& to, const value& from) {
  to = std::get<double>(from);
}
inline void assign(milliseconds& to, const value& from) {
  to = std::get<milliseconds>(from);
}
inline void assign(std::string& to, const value& from) {
  to = std::get<std::string>(from);
}
inline void assign(std::vector<std::string>& to, const value& from) {
  to = std::get<std::vector<std::string>>(from);
}
inline void assign(listen_address& to, const value& from) {
  to = std::get<listen_address>(from);
}
inline void assign(secret_string& to, const value& from) {
  to = secret_string(std::get<std::string>(from));
}
inline void assign(std::vector<secret_string>& to, const value& from) {
  to.clear();
  for (const auto& text : std::get<std::vector<std::string>>(from)) to.emplace_back(text);
}
template <class T>
  requires(std::integral<T> || std::is_enum_v<T>)
inline void assign(T& to, const value& from) {
  to = static_cast<T>(std::get<std::int64_t>(from));
}

/// Makes the `store` of a declaration from a function that names the field.
template <class Field>
constexpr auto into(Field) {
  return +[](settings& s, const value& v) { assign(Field{}(s), v); };
}
#define SG_FIELD(path) into([](settings& s) -> auto& { return s.path; })

inline constexpr std::int64_t kib = 1024, mib = 1024 * kib, gib = 1024 * mib;
inline constexpr std::int64_t ms = 1, second = 1000 * ms, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

}  // namespace spidergate::config
