#pragma once
#include <boost/system/error_code.hpp>

#include <type_traits>

namespace spidergate::store {

enum class errc {
  already_exists = 1,  ///< a UNIQUE constraint refused the row
  constraint,          ///< another constraint refused it
  busy,                ///< locked by another process for longer than the busy timeout
  disk_full,
  corrupt,
  unavailable,  ///< cannot be opened or reached
  queue_full,   ///< too many jobs wait
  bad_cursor,
  failed,     ///< anything else; last_message() says what
  read_only,  ///< the file, its file system or the server takes no writes
};

[[nodiscard]] const boost::system::error_category& category() noexcept;
[[nodiscard]] inline boost::system::error_code make_error_code(errc e) noexcept {
  return {static_cast<int>(e), category()};
}

}  // namespace spidergate::store

template <>
struct boost::system::is_error_code_enum<spidergate::store::errc> : std::true_type {};
