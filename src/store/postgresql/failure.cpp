#include "failure.hpp"

namespace spidergate::store::postgresql {

// See PostgreSQL's "Error Codes"; the first two characters are a class.
errc meaning_of(std::string_view state) {
  const auto of_class = [&](std::string_view number) { return state.substr(0, 2) == number; };
  if (state == "23505") return errc::already_exists;
  // Classes 22 and 54: a value that no column or no index can hold, such as text that is not UTF-8.
  if (of_class("23") || of_class("22") || of_class("54")) return errc::constraint;
  if (state == "55P03" || of_class("40")) return errc::busy;
  if (state == "53100") return errc::disk_full;
  if (state == "25006") return errc::read_only;
  if (state == "XX001" || state == "XX002") return errc::corrupt;
  // Running out of something, cancelled (also by statement_timeout), shut down, crashed.
  if (of_class("53") || of_class("57") || of_class("58")) return errc::unavailable;
  return errc::failed;
}

std::string first_line(std::string_view message) {
  for (const std::string_view severity : {"ERROR:", "FATAL:", "PANIC:"}) {
    if (message.starts_with(severity)) message.remove_prefix(severity.size());
  }
  const auto begin = message.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return std::string(message.substr(begin, message.find('\n', begin) - begin));
}

}  // namespace spidergate::store::postgresql
