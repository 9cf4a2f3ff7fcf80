#include "rows.hpp"

#include <spidergate/store/errc.hpp>

namespace spidergate::store {

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
  auto done = on.exec(statement, parameters);
  if (!done) return done;
  if (only_if_rows && done->empty()) return done;
  if (const auto raised = meta::raise_config_version(on); !raised) return raised.error();
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

result<void> change_always(sql::connection& on, std::string_view statement,
                           std::initializer_list<sql::value> parameters) {
  const auto done = change(on, statement, {parameters.begin(), parameters.size()});
  if (!done) return done.error();
  return {};
}

}  // namespace spidergate::store
