#include "rows.hpp"

#include <spidergate/store/errc.hpp>

namespace spidergate::store {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

}  // namespace

void append(std::vector<sql::value>& to, const limit_set& limits) {
  for (const auto n : {limits.rpm, limits.rpd, limits.tpm, limits.max_parallel, limits.per_request.nano_usd,
                       limits.daily.nano_usd, limits.weekly.nano_usd, limits.monthly.nano_usd})
    to.push_back(number(n));
}

sql::value hex(std::string_view b) {
  std::string digits;
  digits.reserve(2 * b.size());
  for (const char c : b) {
    const auto byte = static_cast<unsigned char>(c);
    digits += hex_digits[byte >> 4U];
    digits += hex_digits[byte & 15U];
  }
  return digits;
}

void row_reader::operator()(limit_set& to) {
  for (auto* n : {&to.rpm, &to.rpd, &to.tpm, &to.max_parallel}) (*this)(*n);
  for (auto* amount : {&to.per_request, &to.daily, &to.weekly, &to.monthly}) (*this)(*amount);
}

void row_reader::hex(std::string& to) {
  const auto& digits = from_.text(at_++);
  to.clear();
  corrupt_ = corrupt_ || digits.size() % 2 != 0;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    const auto high = hex_digits.find(digits[i]);
    const auto low = hex_digits.find(digits[i + 1]);
    corrupt_ = corrupt_ || high == std::string_view::npos || low == std::string_view::npos;
    if (corrupt_) return;
    to += static_cast<char>(high << 4U | low);
  }
}

void row_reader::operator()(std::vector<std::string>& to) {
  auto read = from_json_list(from_.text(at_++));
  if (read) {
    to = std::move(*read);
  } else {
    corrupt_ = true;
  }
}

result<sql::rows> change(sql::connection& on, std::string_view statement, std::span<const sql::value> parameters,
                         bool only_if_rows) {
  auto scope = sql::transaction::begin(on);
  if (!scope) return scope.error();
  if (const auto raised = meta::raise_config_version(on); !raised) return raised.error();
  auto done = on.exec(statement, parameters);
  if (!done) return done;
  if (only_if_rows && done->empty()) return done;  // not committed: the version stays
  if (const auto committed = scope->commit(); !committed) return committed.error();
  return done;
}

result<bool> change_if(sql::connection& on, std::string_view statement, std::span<const sql::value> parameters) {
  const auto done = change(on, statement, parameters, true);
  // Named, because an error_code converts to bool.
  if (!done) return {boost::system::in_place_error, done.error()};
  return !done->empty();
}

result<bool> change_if(sql::connection& on, std::string_view statement, std::initializer_list<sql::value> parameters) {
  return change_if(on, statement, std::span<const sql::value>(parameters.begin(), parameters.size()));
}

result<void> change_always(sql::connection& on, std::string_view statement, std::span<const sql::value> parameters) {
  const auto done = change(on, statement, parameters);
  if (!done) return done.error();
  return {};
}

result<void> change_always(sql::connection& on, std::string_view statement,
                           std::initializer_list<sql::value> parameters) {
  return change_always(on, statement, std::span<const sql::value>(parameters.begin(), parameters.size()));
}

}  // namespace spidergate::store
