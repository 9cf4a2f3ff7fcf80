#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/store/sql.hpp>

#include <span>
#include <string>
#include <string_view>

namespace spidergate::store {

struct migration {
  int version = 0;
  std::string_view name;  ///< "0001_init"
  std::string_view script;
};

/// What one kind of database runs of a script: all but the sections for another kind, which are the lines between
/// "-- BEGIN sqlite" or "-- BEGIN postgresql" and the "-- END" of the same.
[[nodiscard]] std::string script_for(sql::backend kind, std::string_view script);

/// migrations/*.sql by rising version.
[[nodiscard]] std::span<const migration> embedded_migrations();

/// What migrate() and missing_migrations() do, for any list.
[[nodiscard]] boost::system::result<int, std::string> apply(sql::connection& on, std::span<const migration> known,
                                                            epoch_ms now);
[[nodiscard]] boost::system::result<int, std::string> count_missing(sql::connection& on,
                                                                    std::span<const migration> known);

}  // namespace spidergate::store
